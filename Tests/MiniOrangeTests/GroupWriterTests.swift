import Foundation
import LDAPClient
import Logging
import MiniOrange
import SyncModel
import Testing

/// Groups, memberships and containers, written to a real slapd.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct GroupWriterTests {
    static func writer(_ slapd: TestSlapd, limitedTo limit: WritePlan? = nil) throws -> MiniOrangeWriter {
        MiniOrangeWriter(
            settings: try slapd.settings(),
            view: try TestSlapd.viewOfGroups(),
            logger: Logger(label: "test"),
            limitedTo: limit
        )
    }

    static func bare() throws -> WritePlan {
        WritePlan(
            view: try TestSlapd.viewOfGroups(),
            schema: AttributeSchema(),
            supportsAssertion: false,
            supportsPostRead: false,
            supportsPermissiveModify: false,
            supportsMatchedValues: false
        )
    }

    static let placeholder: Octets = "cn=nobody,dc=syncline,dc=test"

    static func added(_ writer: MiniOrangeWriter, _ cn: String, _ members: [Octets]) async throws -> EntrySnapshot {
        let name = try DistinguishedName(parsing: GroupFeedTests.name(cn))
        let add = WriteOperation.add(
            name: name,
            objectClasses: ["groupOfNames"],
            attributes: ["member": members, "description": ["d"]]
        )
        let outcome = await WriterTests.perform(writer, add)
        guard case .done(let snapshot) = outcome else { throw TestFailure("not added: \(outcome)") }
        #expect(!snapshot.tellsMembers)
        #expect(snapshot.attributes["member"].isEmpty)
        return snapshot
    }

    static func edited(
        _ writer: MiniOrangeWriter,
        _ group: EntrySnapshot,
        add: [Octets] = [],
        remove: [Octets] = [],
        placeholder: Octets? = nil
    ) async throws -> (snapshot: EntrySnapshot, refused: [RefusedValue], absent: [Octets]) {
        let edits = ValueEdits(attribute: "member", add: add, remove: remove, placeholder: placeholder)
        let outcome = await WriterTests.perform(writer, .editValues(group.anchor, name: group.name, edits: edits))
        guard case .edited(let snapshot, let refused, let absent) = outcome else {
            throw TestFailure("not edited: \(outcome)")
        }
        #expect(!snapshot.tellsMembers)
        #expect(snapshot.attributes["member"].isEmpty)
        #expect(snapshot.attributes["description"] == ["d"])
        return (snapshot, refused, absent)
    }

    static func members(_ writer: MiniOrangeWriter, _ group: EntrySnapshot) async throws -> [Octets] {
        let outcome = await WriterTests.perform(writer, .readMembers(group.anchor))
        guard case .done(let snapshot) = outcome else { throw TestFailure("not read: \(outcome)") }
        #expect(snapshot.tellsMembers)
        return snapshot.attributes["member"]
    }

    @Test(arguments: [true, false])
    func `members come and go whatever is there already`(hasControls: Bool) async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd, limitedTo: hasControls ? nil : try Self.bare())
        let group = try await Self.added(writer, "a", GroupFeedTests.members(0..<4))
        let first = try await Self.edited(
            writer,
            group,
            add: GroupFeedTests.members(3..<6),
            remove: GroupFeedTests.members(0..<1) + GroupFeedTests.members(90..<92)
        )
        #expect(first.refused.isEmpty)
        #expect(Set(first.absent) == Set(GroupFeedTests.members(90..<92)))
        #expect(try await Self.members(writer, group) == GroupFeedTests.members(1..<6))
        let again = try await Self.edited(
            writer,
            group,
            add: GroupFeedTests.members(3..<6),
            remove: GroupFeedTests.members(0..<1)
        )
        #expect(again.refused.isEmpty)
        #expect(try await Self.members(writer, group) == GroupFeedTests.members(1..<6))
        // The snapshot is what the server has now.
        guard case .done(let now) = await WriterTests.perform(writer, .read(group.anchor)) else {
            throw TestFailure("not read")
        }
        #expect(again.snapshot == now)
        let nothing = try await Self.edited(writer, group, remove: GroupFeedTests.members(90..<91))
        #expect(nothing.snapshot == now)
        #expect(nothing.refused.isEmpty)
        #expect(nothing.absent == GroupFeedTests.members(90..<91))
        // What is to stand in another one's place does so only where that is there.
        for (removed, isStale) in [(90, true), (5, false)] {
            let edits = ValueEdits(
                attribute: "member",
                add: GroupFeedTests.members(7..<8),
                remove: GroupFeedTests.members(removed..<removed + 1),
                isGuarded: true
            )
            let outcome = await WriterTests.perform(writer, .editValues(group.anchor, name: group.name, edits: edits))
            if isStale { #expect(outcome == .stale(now)) }
        }
        #expect(
            try await Self.members(writer, group) == GroupFeedTests.members(1..<5) + GroupFeedTests.members(7..<8)
        )
        // A DN's spelling is one value to the server.
        let respelled = try await Self.edited(
            writer,
            group,
            add: ["uid=M1,\(TestSlapd.people)".octets],
            remove: [GroupFeedTests.member("m1"), GroupFeedTests.member("m90")]
        )
        #expect(respelled.refused.isEmpty)
        #expect(try await Self.members(writer, group).contains("uid=M1,\(TestSlapd.people)".octets))
        #expect(try await Self.members(writer, group).count == 5)
        await writer.close()
    }

    @Test(arguments: ["member", "uniqueMember", "memberUid"])
    func `many absent members cost a few requests`(attribute: String) async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let ldap = try await slapd.connect()
        func values(_ range: Range<Int>) -> [Octets] {
            attribute == "memberUid" ? range.map { "m\($0)".octets } : GroupFeedTests.members(range)
        }
        let classes: [String: Octets] = ["member": "groupOfNames", "uniqueMember": "groupOfUniqueNames"]
        _ = try await ldap.perform(
            GroupFeedTests.group(
                "a",
                values(0..<600),
                attribute: attribute,
                objectClass: classes[attribute] ?? "posixGroup"
            )
        )
        let name = try DistinguishedName(parsing: GroupFeedTests.name("a"))
        guard case .done(let group) = await WriterTests.perform(writer, .readName(name)) else {
            throw TestFailure("not there")
        }
        let sent = try await slapd.octetsSent(ldap)
        let edits = ValueEdits(attribute: attribute.lowercased(), add: values(1000..<1001), remove: values(580..<1000))
        let outcome = await WriterTests.perform(writer, .editValues(group.anchor, name: name, edits: edits))
        guard case .edited(let snapshot, let refused, _) = outcome else { throw TestFailure("not edited: \(outcome)") }
        #expect(refused.isEmpty)
        #expect(snapshot.version.supersedes(group.version))
        #expect(try await slapd.octetsSent(ldap) - sent < 3000)
        guard case .done(let whole) = await WriterTests.perform(writer, .readMembers(group.anchor)) else {
            throw TestFailure("not read")
        }
        #expect(whole.attributes[attribute.lowercased()] == (values(0..<580) + values(1000..<1001)).sorted())
        await writer.close()
    }

    @Test(arguments: [true, false])
    func `one refused member takes no other with it`(hasControls: Bool) async throws {
        let slapd = try TestSlapd(
            .syncprov,
            extra: """
                overlay constraint
                constraint_attribute member regex ^(uid=m[0-9]+|cn=nobody),
                """
        )
        let writer = try Self.writer(slapd, limitedTo: hasControls ? nil : try Self.bare())
        let group = try await Self.added(writer, "a", GroupFeedTests.members(0..<1))
        let result = try await Self.edited(
            writer,
            group,
            add: GroupFeedTests.members(1..<50) + ["no DN", GroupFeedTests.member("bad")]
                + GroupFeedTests.members(50..<100),
            remove: GroupFeedTests.members(0..<1)
        )
        #expect(result.refused.map(\.value).sorted() == ["no DN", GroupFeedTests.member("bad")])
        #expect(result.refused.map(\.refusal.code).sorted() == [19, 21])
        #expect(!result.refused.contains { $0.refusal.reason != .invalid })
        #expect(try await Self.members(writer, group) == GroupFeedTests.members(1..<100).sorted())
        guard case .done(let now) = await WriterTests.perform(writer, .read(group.anchor)) else {
            throw TestFailure("not read")
        }
        #expect(result.snapshot == now)
        await writer.close()
    }

    @Test func `a group that would be left empty gets its placeholder, and loses it again`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let group = try await Self.added(writer, "a", [Self.placeholder])
        #expect(try await Self.members(writer, group) == [Self.placeholder])
        var result = try await Self.edited(
            writer,
            group,
            add: GroupFeedTests.members(0..<2),
            remove: [Self.placeholder],
            placeholder: Self.placeholder
        )
        #expect(try await Self.members(writer, group) == GroupFeedTests.members(0..<2))
        result = try await Self.edited(
            writer,
            group,
            remove: GroupFeedTests.members(0..<3),
            placeholder: Self.placeholder
        )
        #expect(result.refused.isEmpty)
        #expect(try await Self.members(writer, group) == [Self.placeholder])
        // A placeholder that someone else took away already.
        _ = try await Self.edited(writer, group, add: GroupFeedTests.members(5..<6), remove: [Self.placeholder])
        result = try await Self.edited(
            writer,
            group,
            add: GroupFeedTests.members(6..<7),
            remove: [Self.placeholder],
            placeholder: Self.placeholder
        )
        #expect(result.refused.isEmpty)
        #expect(try await Self.members(writer, group) == GroupFeedTests.members(5..<7))
        // Without a placeholder the last one stays.
        result = try await Self.edited(writer, group, remove: GroupFeedTests.members(5..<7))
        #expect(result.refused.map(\.refusal.code) == [65])
        #expect(try await Self.members(writer, group).count == 1)
        await writer.close()
    }

    @Test(arguments: [true, false])
    func `memberships are edited at the entry of that anchor only`(hasControls: Bool) async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd, limitedTo: hasControls ? nil : try Self.bare())
        let group = try await Self.added(writer, "a", GroupFeedTests.members(0..<1))
        let edits = ValueEdits(attribute: "member", add: GroupFeedTests.members(1..<2), remove: [])
        let edit = WriteOperation.editValues(group.anchor, name: group.name, edits: edits)
        let newName = try DistinguishedName(parsing: GroupFeedTests.name("b"))
        let rename = WriteOperation.rename(group.anchor, name: group.name, version: group.version, newName: newName)
        guard case .done(let renamed) = await WriterTests.perform(writer, rename) else {
            throw TestFailure("not renamed")
        }
        #expect(await WriterTests.perform(writer, edit) == .stale(renamed))
        let other = try await Self.added(writer, "a", GroupFeedTests.members(5..<6))
        #expect(await WriterTests.perform(writer, edit) == .stale(renamed))
        #expect(
            await WriterTests.perform(writer, .delete(renamed.anchor, name: newName, version: renamed.version))
                == .deleted
        )
        #expect(await WriterTests.perform(writer, edit) == .gone)
        #expect(await WriterTests.perform(writer, .readMembers(group.anchor)) == .gone)
        #expect(try await Self.members(writer, other) == GroupFeedTests.members(5..<6))
        await writer.close()
    }

    @Test func `an edit whose answer is lost is unknown`() async throws {
        let slapd = try TestSlapd(.syncprov)
        let writer = try Self.writer(slapd)
        let group = try await Self.added(writer, "a", GroupFeedTests.members(0..<1))
        slapd.pause()
        let edits = ValueEdits(attribute: "member", add: GroupFeedTests.members(1..<2), remove: [])
        let lost = Task {
            await WriterTests.perform(writer, .editValues(group.anchor, name: group.name, edits: edits))
        }
        try await slapd.untilRequestIsPending()
        slapd.stop(SIGKILL)
        #expect(await lost.value == .unknown)
        await writer.close()
    }

    @Test func `what stands below a container is read with its members, in scope only`() async throws {
        let slapd = try TestSlapd(.syncprov, people: 3)
        let writer = try Self.writer(slapd)
        let ldap = try await slapd.connect()
        let inner = "ou=inner,\(TestSlapd.groups)"
        for name in [inner, "ou=deep,\(inner)"] {
            _ = try await ldap.perform(
                .add(dn: name, attributes: [LDAPAttribute("objectClass", ["organizationalUnit"])])
            )
        }
        _ = try await Self.added(writer, "outside", GroupFeedTests.members(0..<1))
        for (cn, place) in [("a", inner), ("b", "ou=deep,\(inner)")] {
            guard case .add(_, let attributes, _) = GroupFeedTests.group(cn, GroupFeedTests.members(0..<3)) else {
                continue
            }
            _ = try await ldap.perform(.add(dn: "cn=\(cn),\(place)", attributes: attributes))
        }
        // Not in scope: a person among the groups.
        guard case .add(_, let person, _) = FeedTests.person("x") else { throw TestFailure("no add") }
        _ = try await ldap.perform(.add(dn: "uid=x,\(inner)", attributes: person))

        func below(_ name: String) async throws -> [EntrySnapshot] {
            let parsed = try DistinguishedName(parsing: name)
            guard case .done(let entry) = await WriterTests.perform(writer, .readName(parsed)) else {
                throw TestFailure("not there")
            }
            let outcome = await WriterTests.perform(writer, .readBelow(entry.anchor))
            guard case .found(let entries) = outcome else { throw TestFailure("not found: \(outcome)") }
            #expect(!entries.contains { !$0.tellsMembers })
            return entries
        }
        let found = try await below(inner)
        #expect(
            Set(found.map(\.name.description)) == ["ou=deep,\(inner)", "cn=a,\(inner)", "cn=b,ou=deep,\(inner)"]
        )
        #expect(found.count { $0.attributes["member"].count == 3 } == 2)
        let deep = try await below("ou=deep,\(inner)")
        #expect(deep.count == 1)
        #expect(try await below("ou=away,\(TestSlapd.suffix)").isEmpty)
        // From above all scopes: both bases, three people, two containers, three groups.
        let all = try await below(TestSlapd.suffix)
        #expect(all.count == 10)
        #expect(await WriterTests.perform(writer, .readBelow(Anchor(high: 1, low: 2))) == .gone)
        await writer.close()
    }

    @Test func `the groups of a member are found by its name, in scope only`() async throws {
        let slapd = try TestSlapd(.syncprov, people: 2)
        let writer = try Self.writer(slapd)
        let ldap = try await slapd.connect()
        let person = try DistinguishedName(parsing: "uid=u0,\(TestSlapd.people)")
        let group = try await Self.added(writer, "a", [person.description.octets] + GroupFeedTests.members(0..<2))
        _ = try await Self.added(writer, "b", GroupFeedTests.members(0..<2))
        let unique = GroupFeedTests.group(
            "unique",
            ["uid=U0,\(TestSlapd.people)".octets],
            attribute: "uniqueMember",
            objectClass: "groupOfUniqueNames"
        )
        _ = try await ldap.perform(unique)
        guard case .add(_, let attributes, _) = unique else { return }
        _ = try await ldap.perform(.add(dn: "cn=unique,ou=away,\(TestSlapd.suffix)", attributes: attributes))
        guard case .done(let member) = await WriterTests.perform(writer, .readName(person)) else {
            throw TestFailure("not there")
        }
        guard case .found(let groups) = await WriterTests.perform(writer, .readGroups(member.anchor)) else {
            throw TestFailure("not found")
        }
        #expect(
            groups.map(\.name.description).sorted() == [GroupFeedTests.name("a"), GroupFeedTests.name("unique")]
        )
        #expect(groups.first { $0.anchor == group.anchor } == group)
        #expect(!groups.contains { $0.tellsMembers })
        #expect(await WriterTests.perform(writer, .readGroups(group.anchor)) == .found([]))
        #expect(await WriterTests.perform(writer, .readGroups(Anchor(high: 1, low: 2))) == .gone)
        await writer.close()
    }

    @Test func `a container of ten thousand is renamed at once, and never deleted while it is full`() async throws {
        let slapd = try TestSlapd(.accesslog)
        let people = try DistinguishedName(parsing: "ou=all,\(TestSlapd.people)")
        slapd.stop()
        try slapd.load(Self.container(people, 10_000), .accesslog)
        try slapd.start()
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        let told = mirror.known.wholeEntries
        #expect(told == 10_003)
        let writer = try Self.writer(slapd)
        let ldap = try await slapd.connect()
        guard case .done(let container) = await WriterTests.perform(writer, .readName(people)) else {
            throw TestFailure("not there")
        }
        let delete = WriteOperation.delete(container.anchor, name: people, version: container.version)
        guard case .refused(let full) = await WriterTests.perform(writer, delete) else {
            throw TestFailure("not refused")
        }
        #expect(full.reason == .notLeaf)
        let newName = try DistinguishedName(parsing: "ou=renamed,\(TestSlapd.groups)")
        let sent = try await slapd.octetsSent(ldap)
        let rename = WriteOperation.rename(
            container.anchor,
            name: people,
            version: container.version,
            newName: newName
        )
        let outcome = await WriterTests.perform(writer, rename)
        guard case .done(let renamed) = outcome else { throw TestFailure("not renamed: \(outcome)") }
        #expect(renamed.name == newName)
        try await mirror.until("renamed") { $0.entries[container.anchor]?.name == newName }
        // One record and one answer, whatever stands in it.
        #expect(try await slapd.octetsSent(ldap) - sent < 5000)
        #expect(mirror.known.wholeEntries == told)
        let back = WriteOperation.rename(container.anchor, name: newName, version: renamed.version, newName: people)
        guard case .done = await WriterTests.perform(writer, back) else { throw TestFailure("not renamed back") }
        guard case .found(let below) = await WriterTests.perform(writer, .readBelow(container.anchor)) else {
            throw TestFailure("not found")
        }
        #expect(below.count == 10_000)
        await writer.close()
        await mirror.stop()
    }

    private static func container(_ name: DistinguishedName, _ count: Int) -> String {
        var ldif = "dn: \(name)\nobjectClass: organizationalUnit\nou: all\n\n"
        for number in 0..<count {
            ldif += """
                dn: uid=n\(number),\(name)
                objectClass: inetOrgPerson
                uid: n\(number)
                cn: Person \(number)
                sn: Number


                """
        }
        return ldif
    }
}
