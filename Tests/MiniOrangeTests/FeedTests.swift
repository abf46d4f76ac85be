import Foundation
import Glibc
import LDAPClient
import MiniOrange
import SyncModel
import Testing

/// Against a real slapd.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct FeedTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        var feed: MiniOrangeSettings.FeedChoice
        var overlays: TestSlapd.Overlays
        var testDescription: String { feed.rawValue }
    }

    static let kinds = [
        Kind(feed: .accesslog, overlays: .accesslog), Kind(feed: .syncrepl, overlays: .syncprov),
        Kind(feed: .polling, overlays: .none),
    ]

    static func person(_ uid: String) -> LDAPOperation {
        .add(
            dn: "uid=\(uid),\(TestSlapd.people)",
            attributes: [
                LDAPAttribute("objectClass", ["inetOrgPerson"]), LDAPAttribute("uid", [Octets(uid)]),
                LDAPAttribute("cn", [Octets(uid)]), LDAPAttribute("sn", ["A"]),
                LDAPAttribute("userPassword", ["geheim"]), LDAPAttribute("jpegPhoto", [Octets([0, 1, 255])]),
            ]
        )
    }

    static func name(_ uid: String) -> String { "uid=\(uid),\(TestSlapd.people)" }

    @Test(arguments: kinds)
    func `every change is told, whole, in and out of scope`(kind: Kind) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 20)
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await mirror.untilLive()
        #expect(mirror.known.inScope.count == 21)
        #expect(mirror.known.completes.first == .some(nil))
        #expect(mirror.known.roots.map(\.name.description) == [TestSlapd.people])
        #expect(mirror.known.statuses.last?.way == kind.feed.rawValue)

        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.person("a"))
        try await mirror.until("added") { $0.entry(Self.name("a"))?.attributes["jpegphoto"] == [Octets([0, 1, 255])] }
        let added = try #require(mirror.known.entry(Self.name("a")))
        #expect(added.attributes["userpassword"].isEmpty)
        #expect(added.attributes["objectclass"] == ["inetOrgPerson"])
        guard case .csn = added.version else { throw TestFailure("no version") }

        _ = try await ldap.perform(
            .modify(
                dn: Self.name("a"),
                modifications: [
                    Modification(.add, "description", ["x", "ü"]), Modification(.replace, "sn", ["B"]),
                    Modification(.delete, "jpegPhoto"), Modification(.add, "description", ["y"]),
                ]
            )
        )
        try await mirror.until("modified") {
            let attributes = $0.entry(Self.name("a"))?.attributes
            return attributes?["description"] == ["x", "y", "ü"] && attributes?["sn"] == ["B"]
                && attributes?["jpegphoto"] == []
        }
        _ = try await ldap.perform(.rename(dn: Self.name("a"), newRDN: "uid=b"))
        try await mirror.until("renamed") { $0.entries[added.anchor]?.name.description == Self.name("b") }
        #expect(mirror.known.entries[added.anchor]?.attributes["uid"] == ["b"])

        _ = try await ldap.perform(
            .rename(dn: Self.name("b"), newRDN: "uid=b", newSuperior: "ou=away,\(TestSlapd.suffix)")
        )
        try await mirror.until("moved out") {
            $0.entries[added.anchor]?.name.description == "uid=b,ou=away,\(TestSlapd.suffix)"
        }
        #expect(!mirror.known.deleted.contains(added.anchor))
        _ = try await ldap.perform(
            .rename(dn: "uid=b,ou=away,\(TestSlapd.suffix)", newRDN: "uid=b", newSuperior: TestSlapd.people)
        )
        try await mirror.until("moved in") { $0.entries[added.anchor]?.name.description == Self.name("b") }

        _ = try await ldap.perform(.delete(dn: Self.name("b")))
        try await mirror.until("deleted") { known in
            known.deleted.contains(added.anchor)
                || known.completes.contains { $0.map { !$0.contains(added.anchor) } ?? false }
        }
        await mirror.stop()
    }

    @Test(arguments: kinds, [SIGTERM, SIGKILL])
    func `nothing is lost over a restart of slapd`(kind: Kind, signal: Int32) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 5)
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await mirror.untilLive()
        let ldap = try await slapd.connect()
        for uid in ["a", "b"] { _ = try await ldap.perform(Self.person(uid)) }
        try await mirror.until("added") { $0.entry(Self.name("a")) != nil && $0.entry(Self.name("b")) != nil }
        let gone = try #require(mirror.known.entry(Self.name("a")))
        await mirror.stop()

        _ = try await ldap.perform(.delete(dn: Self.name("a")))
        _ = try await ldap.perform(
            .modify(dn: Self.name("b"), modifications: [Modification(.replace, "sn", ["after"])])
        )
        slapd.stop(signal)
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await mirror.until("waiting") {
            $0.statuses.contains { if case .waiting = $0.state { true } else { false } }
        }
        try slapd.start()
        let again = try await slapd.connect()
        _ = try await again.perform(Self.person("c"))
        try await mirror.until("all told") { known in
            known.entry(Self.name("b"))?.attributes["sn"] == ["after"] && known.entry(Self.name("c")) != nil
                && (known.deleted.contains(gone.anchor)
                    || known.completes.contains { $0.map { !$0.contains(gone.anchor) } ?? false })
        }

        // And while it follows.
        slapd.stop(signal)
        try slapd.start()
        let third = try await slapd.connect()
        _ = try await third.perform(Self.person("d"))
        try await mirror.until("told after the restart") { $0.entry(Self.name("d")) != nil }
        #expect(mirror.known.disconnects >= 1)
        await mirror.stop()
    }

    @Test(arguments: kinds)
    func `a cursor that means nothing is answered by a complete read that proves absence`(kind: Kind) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 3)
        for cursor in [
            Cursor(server: "x", position: "y"),
            FeedPosition(way: .accesslog, base: Anchor(high: 1, low: 2), progress: .cookie(nil)).cursor,
        ] {
            let mirror = FeedMirror(cursor: cursor)
            mirror.start(try slapd.settings(kind.feed), try TestSlapd.view())
            try await mirror.untilLive()
            let known = mirror.known
            let present = try #require(known.completes.first ?? nil)
            #expect(present.sorted() == present)
            #expect(Set(present) == Set(known.inScope))
            #expect(present.count == 4)
            await mirror.stop()
        }
    }

    /// One is deleted while nobody follows: a read anew does not tell that, what comes after the cursor does.
    @Test(arguments: kinds)
    func `what is read anew goes before what came after the cursor`(kind: Kind) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 3)
        let ldap = try await slapd.connect()
        for uid in ["a", "b"] { _ = try await ldap.perform(Self.person(uid)) }
        let first = FeedMirror()
        first.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await first.untilLive()
        await first.stop()
        let gone = try #require(first.known.entry(Self.name("a"))).anchor
        _ = try await ldap.perform(.delete(dn: Self.name("a")))
        let mirror = FeedMirror(cursor: first.known.cursor)
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view(), ReadingDemand(isAnew: true))
        try await mirror.until("told to be gone") { known in
            known.deleted.contains(gone) || known.completes.contains { $0?.contains(gone) == false }
        }
        try await mirror.untilLive()
        let known = mirror.known
        #expect(known.completes.first == .some(nil))
        #expect(known.entry(Self.name("b")) != nil && known.inScope.count == 5)
        #expect(known.stepBacks == 0)
        await mirror.stop()
    }

    /// Polling tells everything again by itself.
    @Test(arguments: kinds.filter { $0.feed != .polling })
    func `where a server was set back everything is read once more, and no cursor from before counts`(
        kind: Kind
    ) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 3)
        let first = FeedMirror()
        first.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await first.untilLive()
        await first.stop()
        let mirror = FeedMirror(cursor: first.known.cursor)
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view(), ReadingDemand(isSetBack: true))
        try await mirror.until("read") { !$0.completes.isEmpty }
        let known = mirror.known
        #expect((known.completes.first ?? nil)?.count == 4)
        #expect(known.entries.values.allSatisfy { $0.version == .unordered })
        #expect(known.stepBacks == 0)
        await mirror.stop()
    }

    @Test(arguments: kinds.filter { $0.feed != .polling }, [ReadingDemand.none, ReadingDemand(isAnew: true)])
    func `a cursor ahead of the server is answered by a complete read`(
        kind: Kind,
        demand: ReadingDemand
    ) async throws {
        let slapd = try TestSlapd(kind.overlays, people: 3)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.person("a"))
        let first = FeedMirror()
        first.start(try slapd.settings(kind.feed), try TestSlapd.view())
        try await first.untilLive()
        await first.stop()
        let base = try #require(first.known.roots.first?.anchor)
        let ahead = try #require(ChangeSequenceNumber(parsing: "20991231000000.000000Z#000000#000#000000"))
        let way: FeedWay = kind.feed == .accesslog ? .accesslog : .syncrepl
        let cursor = FeedPosition(way: way, base: base, progress: .cookie(SyncCookie([ahead]))).cursor
        let mirror = FeedMirror(cursor: cursor)
        mirror.start(try slapd.settings(kind.feed), try TestSlapd.view(), demand)
        try await mirror.untilLive()
        #expect((mirror.known.completes.first ?? nil)?.count == 5)
        #expect(mirror.known.stepBacks == 1)
        _ = try await ldap.perform(Self.person("b"))
        try await mirror.until("live again") { $0.entry(Self.name("b")) != nil }
        await mirror.stop()
    }

    @Test func `a log that was purged past the cursor is answered by a complete read`() async throws {
        let slapd = try TestSlapd(.accesslog, people: 3)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.person("a"))
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.view())
        try await mirror.untilLive()
        let gone = try #require(mirror.known.entry(Self.name("a")))
        await mirror.stop()
        _ = try await ldap.perform(.delete(dn: Self.name("a")))
        try slapd.purgeLog()
        try slapd.start()
        let again = try await slapd.connect()
        _ = try await again.perform(Self.person("b"))
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.view())
        try await mirror.untilLive()
        let present = try #require(mirror.known.completes.last ?? nil)
        #expect(!present.contains(gone.anchor))
        #expect(mirror.known.entry(Self.name("b")) != nil)
        await mirror.stop()
    }
}
