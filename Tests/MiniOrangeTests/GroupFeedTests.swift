import Foundation
import LDAPClient
import MiniOrange
import SyncModel
import Testing

/// What the feeds tell of groups, against a real slapd.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct GroupFeedTests {
    static func name(_ cn: String) -> String { "cn=\(cn),\(TestSlapd.groups)" }

    static func member(_ uid: String) -> Octets { Octets("uid=\(uid),\(TestSlapd.people)") }

    static func members(_ range: Range<Int>) -> [Octets] { range.map { member("m\($0)") } }

    static func group(
        _ cn: String,
        _ members: [Octets],
        attribute: String = "member",
        objectClass: Octets = "groupOfNames"
    ) -> LDAPOperation {
        var attributes = [
            LDAPAttribute("objectClass", [objectClass]), LDAPAttribute("cn", [Octets(cn)]),
            LDAPAttribute("description", ["d"]),
        ]
        if !members.isEmpty { attributes.append(LDAPAttribute(attribute, members)) }
        if objectClass == "posixGroup" { attributes.append(LDAPAttribute("gidNumber", ["1000"])) }
        return .add(dn: name(cn), attributes: attributes)
    }

    static func modify(_ cn: String, _ modifications: Modification...) -> LDAPOperation {
        .modify(dn: name(cn), modifications: modifications)
    }

    @Test(arguments: FeedTests.kinds)
    func `members are told whole at first and then as they come and go`(kind: FeedTests.Kind) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 2)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<3)))
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        let first = try #require(mirror.known.entry(Self.name("a")))
        #expect(first.tellsMembers)
        #expect(first.attributes["member"] == Self.members(0..<3).sorted())
        let person = try #require(mirror.known.entry(FeedTests.name("u1")))
        #expect(person.tellsMembers)
        #expect(person.attributes["member"].isEmpty)

        func holds(_ values: [Octets], _ attribute: String = "member", of cn: String = "a") async throws {
            try await mirror.until("\(cn) holds \(values.count) of \(attribute)") {
                $0.entry(Self.name(cn))?.attributes[attribute] == values.sorted()
            }
        }
        _ = try await ldap.perform(
            Self.modify(
                "a",
                Modification(.add, "member", Self.members(3..<5)),
                Modification(.delete, "member", Self.members(0..<1))
            )
        )
        try await holds(Self.members(1..<5))
        _ = try await ldap.perform(Self.modify("a", Modification(.replace, "member", Self.members(7..<9))))
        try await holds(Self.members(7..<9))
        // All go and one comes: groupOfNames needs one.
        _ = try await ldap.perform(
            Self.modify("a", Modification(.delete, "member"), Modification(.add, "member", Self.members(1..<2)))
        )
        try await holds(Self.members(1..<2))

        let extended: [Octets] = ["uid=u0,\(TestSlapd.people)#'0101'B".octets, Self.member("u1")]
        _ = try await ldap.perform(
            Self.group("unique", extended, attribute: "uniqueMember", objectClass: "groupOfUniqueNames")
        )
        try await holds(extended, "uniquemember", of: "unique")
        _ = try await ldap.perform(Self.modify("unique", Modification(.delete, "uniqueMember", [extended[1]])))
        try await holds([extended[0]], "uniquemember", of: "unique")

        _ = try await ldap.perform(
            Self.group("posix", ["u0", "u1"], attribute: "memberUid", objectClass: "posixGroup")
        )
        try await holds(["u0", "u1"], "memberuid", of: "posix")
        _ = try await ldap.perform(Self.modify("posix", Modification(.delete, "memberUid")))
        try await holds([], "memberuid", of: "posix")
        if kind.feed == .accesslog {
            let posix = try #require(mirror.known.entry(Self.name("posix")))
            #expect(
                mirror.known.edits[posix.anchor] == [AttributeEdit(kind: .replace, name: "memberuid", values: [])]
            )
            #expect(
                mirror.known.edits[first.anchor] == [
                    AttributeEdit(kind: .add, name: "member", values: Self.members(3..<5)),
                    AttributeEdit(kind: .delete, name: "member", values: Self.members(0..<1)),
                    AttributeEdit(kind: .replace, name: "member", values: Self.members(7..<9)),
                    AttributeEdit(kind: .replace, name: "member", values: []),
                    AttributeEdit(kind: .add, name: "member", values: Self.members(1..<2)),
                ]
            )
        }
        await mirror.stop()
    }

    @Test(arguments: FeedTests.kinds)
    func `thousands of members in one write are told`(kind: FeedTests.Kind) async throws {
        let slapd = try TestSlapd(kind.overlays)
        let ldap = try await slapd.connect()
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<5000)))
        try await mirror.until("5,000 in an add") { $0.entry(Self.name("a"))?.attributes["member"].count == 5000 }
        _ = try await ldap.perform(Self.modify("a", Modification(.add, "member", Self.members(5000..<9000))))
        try await mirror.until("4,000 in a modify") { $0.entry(Self.name("a"))?.attributes["member"].count == 9000 }
        _ = try await ldap.perform(Self.modify("a", Modification(.delete, "member", Self.members(500..<3500))))
        try await mirror.until("3,000 gone") { $0.entry(Self.name("a"))?.attributes["member"].count == 6000 }
        await mirror.stop()
    }

    @Test(arguments: FeedTests.kinds)
    func `what happened to members meanwhile is told after a restart`(kind: FeedTests.Kind) async throws {
        let slapd = try TestSlapd(kind.overlays)
        let ldap = try await slapd.connect()
        for cn in ["a", "b"] { _ = try await ldap.perform(Self.group(cn, Self.members(0..<4))) }
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        await mirror.stop()
        _ = try await ldap.perform(Self.modify("a", Modification(.delete, "member", Self.members(1..<3))))
        _ = try await ldap.perform(Self.group("c", Self.members(5..<6)))
        slapd.stop()
        try slapd.start()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        try await mirror.until("told") {
            $0.entry(Self.name("a"))?.attributes["member"] == [Self.member("m0"), Self.member("m3")]
                && $0.entry(Self.name("c"))?.attributes["member"] == [Self.member("m5")]
        }
        #expect(mirror.known.entry(Self.name("b"))?.attributes["member"].count == 4)
        await mirror.stop()
    }

    @Test func `the log tells a change of a large group without its members`() async throws {
        let slapd = try TestSlapd(.accesslog)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<3000)))
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        #expect(mirror.known.membersTold == 3000)
        let whole = mirror.known.wholeEntries
        let anchor = try #require(mirror.known.entry(Self.name("a"))?.anchor)

        _ = try await ldap.perform(Self.modify("a", Modification(.replace, "description", ["new"])))
        try await mirror.until("modified") { $0.entries[anchor]?.attributes["description"] == ["new"] }
        _ = try await ldap.perform(.rename(dn: Self.name("a"), newRDN: "cn=b"))
        try await mirror.until("renamed") { $0.entry(Self.name("b")) != nil }
        _ = try await ldap.perform(
            .rename(dn: Self.name("b"), newRDN: "cn=b", newSuperior: "ou=away,\(TestSlapd.suffix)")
        )
        try await mirror.until("moved out") { $0.entry("cn=b,ou=away,\(TestSlapd.suffix)") != nil }
        #expect(mirror.known.membersTold == 3000)
        #expect(mirror.known.wholeEntries == whole)
        #expect(mirror.known.entries[anchor]?.attributes["member"].count == 3000)

        // What happens outside is not told: who comes back must be read as a whole.
        _ = try await ldap.perform(
            .modify(
                dn: "cn=b,ou=away,\(TestSlapd.suffix)",
                modifications: [Modification(.delete, "member", Self.members(0..<1000))]
            )
        )
        _ = try await ldap.perform(
            .rename(dn: "cn=b,ou=away,\(TestSlapd.suffix)", newRDN: "cn=b", newSuperior: TestSlapd.groups)
        )
        try await mirror.until("moved in") { $0.entries[anchor]?.attributes["member"].count == 2000 }
        #expect(mirror.known.wholeEntries == whole + 1)
        await mirror.stop()
    }

    /// The server's own count of what it sent, on all connections.
    @Test(arguments: [10, 50_000])
    func `one member in a group of any size is one value on the wire`(size: Int) async throws {
        let slapd = try TestSlapd(.accesslog)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<min(size, 25_000))))
        if size > 25_000 {
            _ = try await ldap.perform(Self.modify("a", Modification(.add, "member", Self.members(25_000..<size))))
        }
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        let group = try #require(mirror.known.entry(Self.name("a")))
        #expect(group.attributes["member"].count == size)
        let writer = try GroupWriterTests.writer(slapd)
        // Connected before counting.
        _ = await WriterTests.perform(writer, .read(group.anchor))

        let told = mirror.known.membersTold
        let sent = try await slapd.octetsSent(ldap)
        let edits = ValueEdits(attribute: "member", add: [Self.member("new")], remove: [])
        let outcome = await WriterTests.perform(writer, .editValues(group.anchor, name: group.name, edits: edits))
        guard case .edited(let snapshot, let refused, _) = outcome else { throw TestFailure("not edited: \(outcome)") }
        #expect(refused.isEmpty)
        #expect(!snapshot.tellsMembers)
        #expect(snapshot.attributes["member"].isEmpty)
        try await mirror.until("told") { $0.entries[group.anchor]?.version == snapshot.version }
        #expect(mirror.known.entries[group.anchor]?.attributes["member"].count == size + 1)
        #expect(mirror.known.membersTold == told + 1)
        #expect(try await slapd.octetsSent(ldap) - sent < 2500)
        await writer.close()
        await mirror.stop()
    }

    @Test func `polling reads a large group once`() async throws {
        let slapd = try TestSlapd(.none)
        let ldap = try await slapd.connect()
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.polling), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<20_000)))
        try await mirror.until("told") { $0.entry(Self.name("a"))?.attributes["member"].count == 20_000 }
        let sent = try await slapd.octetsSent(ldap)
        let scans = mirror.known.completes.count
        // Ten polls lie between two scans.
        try await mirror.until("polled on") { $0.completes.count >= scans + 2 }
        #expect(try await slapd.octetsSent(ldap) - sent < 100_000)
        #expect(mirror.known.membersTold == 20_000)
        await mirror.stop()
    }

    @Test func `polling without entryCSN tells all changes of one second and then rests`() async throws {
        let slapd = try TestSlapd(.none, extra: "access to attrs=entryCSN by * none\naccess to * by * read")
        let ldap = try await slapd.connect()
        var settings = try slapd.settings(.polling)
        settings.credentials = nil
        let mirror = FeedMirror()
        mirror.start(settings, try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        _ = try await ldap.perform(Self.group("a", Self.members(0..<3000)))
        try await mirror.until("told") { $0.entry(Self.name("a"))?.attributes["member"].count == 3000 }
        #expect(mirror.known.entry(Self.name("a"))?.version == .unordered)
        for number in 0..<4 {
            _ = try await ldap.perform(
                Self.modify("a", Modification(.add, "member", Self.members(3000 + number..<3001 + number)))
            )
            try await mirror.until("told again") {
                $0.entry(Self.name("a"))?.attributes["member"].count == 3001 + number
            }
        }
        let told = mirror.known.membersTold
        // Two seconds of polls, after which the stamp is old enough to say that nothing more comes under it.
        let scans = mirror.known.completes.count
        try await mirror.until("rested") { $0.completes.count >= scans + 8 }
        let sent = try await slapd.octetsSent(ldap)
        try await mirror.until("polled on") { $0.completes.count >= scans + 10 }
        #expect(try await slapd.octetsSent(ldap) - sent < 50_000)
        #expect(mirror.known.membersTold == told)
        await mirror.stop()
    }
}
