import Foundation
import LDAPClient
import MiniOrange
import SyncModel
import Testing

/// What the memberof and refint overlays do to groups when a member goes or is renamed, and that no feed tells it: whoever follows must conclude it.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct ReferentialIntegrityTests {
    private static let stays: Octets = Octets("uid=u0,\(TestSlapd.people)")
    private static let moves: Octets = Octets("uid=u1,\(TestSlapd.people)")
    private static let leaves: Octets = Octets("uid=u2,\(TestSlapd.people)")

    private struct Group {
        var entryCSN: Octets?
        var members: Set<Octets>
    }

    private static func group(_ ldap: LDAPConnection) async throws -> Group {
        let request = SearchRequest(
            base: GroupFeedTests.name("a"),
            scope: .base,
            attributes: ["member", "uniqueMember", "entryCSN"]
        )
        let entry = try #require(try await ldap.search(request).entries.first)
        return Group(entryCSN: entry.first("entryCSN"), members: Set(entry["member"] ?? entry["uniqueMember"] ?? []))
    }

    /// refint works after the answer.
    private static func untilMembers(_ ldap: LDAPConnection, _ members: Set<Octets>) async throws -> Group {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            let group = try await group(ldap)
            if group.members == members { return group }
            guard ContinuousClock.now < end else { throw TestFailure("the group never followed") }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private static func logged(_ ldap: LDAPConnection) async throws -> [LDAPEntry] {
        let request = SearchRequest(
            base: "cn=accesslog",
            scope: .subtree,
            filter: "(objectClass=auditWriteObject)",
            attributes: ["reqType", "reqDN", "reqNewDN", "reqEntryUUID", "reqMod", "entryCSN"]
        )
        return try await ldap.search(request).entries
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var kind: FeedTests.Kind
        var attribute: String
        var testDescription: String { "\(kind.feed.rawValue), \(attribute)" }
    }

    static let cases = FeedTests.kinds.flatMap { kind in
        ["member", "uniqueMember"].map { Case(kind: kind, attribute: $0) }
    }

    @Test(arguments: cases)
    func `a member's rename and delete change its group, and no feed tells it`(row: Case) async throws {
        let slapd = try TestSlapd(row.kind.overlays, followsReferences: true, people: 3)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(
            GroupFeedTests.group(
                "a",
                [Self.stays, Self.moves, Self.leaves],
                attribute: row.attribute,
                objectClass: row.attribute == "member" ? "groupOfNames" : "groupOfUniqueNames"
            )
        )
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(row.kind.feed), try TestSlapd.viewOfGroups())
        try await mirror.untilLive()
        let attribute = row.attribute.lowercased()
        let known = try #require(mirror.known.entry(GroupFeedTests.name("a")))
        #expect(known.attributes[attribute].count == 3)
        let before = try await Self.group(ldap)
        let member = try #require(mirror.known.entry(FeedTests.name("u1"))).anchor
        let gone = try #require(mirror.known.entry(FeedTests.name("u2"))).anchor
        let records = row.kind.feed == .accesslog ? try await Self.logged(ldap).count : 0

        _ = try await ldap.perform(.rename(dn: FeedTests.name("u1"), newRDN: "uid=renamed"))
        let renamed = Octets("uid=renamed,\(TestSlapd.people)")
        var after = try await Self.untilMembers(ldap, [Self.stays, renamed, Self.leaves])
        #expect(after.entryCSN == before.entryCSN)
        _ = try await ldap.perform(.delete(dn: FeedTests.name("u2")))
        after = try await Self.untilMembers(ldap, [Self.stays, renamed])
        #expect(after.entryCSN == before.entryCSN)

        // A later change of another entry shows that all before it was told.
        _ = try await ldap.perform(FeedTests.person("later"))
        try await mirror.until("later") { known in
            known.entry(FeedTests.name("later")) != nil
                && known.entries[member]?.name.description == FeedTests.name("renamed")
                && (known.deleted.contains(gone)
                    || known.completes.contains { $0.map { !$0.contains(gone) } ?? false })
        }
        #expect(mirror.known.entries[known.anchor] == known)
        #expect(mirror.known.edits[known.anchor] == nil)

        if row.kind.feed == .accesslog {
            // The rename, the delete and the later add: none for the group.
            let new = try await Self.logged(ldap).dropFirst(records)
            #expect(new.map { $0.text("reqType") } == ["modrdn", "delete", "add"])
            #expect(new.map { $0.text("reqNewDN") } == [FeedTests.name("renamed"), nil, nil])
            #expect(!new.contains { $0.text("reqDN") == GroupFeedTests.name("a") })
            #expect(!new.contains { ($0["reqMod"] ?? []).contains { $0.lossyText.lowercased().hasPrefix(attribute) } })
        }
        await mirror.stop()
    }

    @Test(arguments: FeedTests.kinds)
    func `who is added to a group and taken out of it is not told`(kind: FeedTests.Kind) async throws {
        let slapd = try TestSlapd(kind.overlays, followsReferences: true, people: 3)
        let ldap = try await slapd.connect()
        var view = try TestSlapd.viewOfGroups()
        view.attributes.append("memberof")
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), view)
        try await mirror.untilLive()
        let person = try #require(mirror.known.entry(FeedTests.name("u0")))
        _ = try await ldap.perform(GroupFeedTests.group("a", [Self.stays, Self.moves]))
        try await mirror.until("group") { $0.entry(GroupFeedTests.name("a")) != nil }
        let request = SearchRequest(base: FeedTests.name("u0"), scope: .base, attributes: ["memberOf", "entryCSN"])
        let entry = try #require(try await ldap.search(request).entries.first)
        #expect(entry["memberOf"] == [Octets(GroupFeedTests.name("a"))])
        #expect(entry.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:)).map(Version.csn) == person.version)
        _ = try await ldap.perform(
            GroupFeedTests.modify("a", Modification(.delete, "member", [Self.stays]))
        )
        try await mirror.until("left") { $0.entry(GroupFeedTests.name("a"))?.attributes["member"] == [Self.moves] }
        #expect(mirror.known.entries[person.anchor] == person)
        await mirror.stop()
    }

    @Test func `a group keeps the name of its last member when that is deleted`() async throws {
        let slapd = try TestSlapd(.accesslog, followsReferences: true, people: 3)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(GroupFeedTests.group("last", [Self.stays]))
        _ = try await ldap.perform(GroupFeedTests.group("a", [Self.moves, Self.leaves]))
        _ = try await ldap.perform(.delete(dn: FeedTests.name("u0")))
        _ = try await ldap.perform(.delete(dn: FeedTests.name("u1")))
        // The overlay works its tasks off in order; groupOfNames can't be empty.
        _ = try await Self.untilMembers(ldap, [Self.leaves])
        let writer = try GroupWriterTests.writer(slapd)
        let name = try DistinguishedName(parsing: GroupFeedTests.name("last"))
        guard case .done(let group) = await WriterTests.perform(writer, .readName(name)) else {
            throw TestFailure("not there")
        }
        #expect(try await GroupWriterTests.members(writer, group) == [Self.stays])
        let result = try await GroupWriterTests.edited(
            writer,
            group,
            remove: [Self.stays],
            placeholder: GroupWriterTests.placeholder
        )
        #expect(result.refused.isEmpty)
        #expect(try await GroupWriterTests.members(writer, group) == [GroupWriterTests.placeholder])
        await writer.close()
    }
}
