import Foundation
import SyncModel
import Testing

/// However a server tells of changes, and however it is built.
enum EveryKindOfChange {
    /// By a feed of Active Directory.
    static func arrives(by feed: String) async throws {
        var settings = Ground.Settings()
        settings.ad = "feed: \(feed)"
        let ground = try await Ground.make("a\(feed.prefix(2))", settings)
        try await withDaemon(ground) { daemon in
            try await arrives(from: .ad, ground)
            #expect(try await daemon.settled().quarantined == 0)
        }
    }

    /// A person comes, changes, is renamed and goes, on the side whose feed is looked at.
    static func arrives(from origin: Side, _ ground: Ground) async throws {
        let (source, target) = (ground[origin], ground[origin.opposite])
        try await source.apply(source.newPerson(ground.person("one")), source.newPerson(ground.person("two")))
        for name in ["one", "two"] {
            try await eventually("\(name) came") { try await target.person(ground.person(name)) != nil }
        }
        let one = try #require(try await source.person(ground.person("one")))
        try await source.set(one.dn, "title", "changed")
        try await eventually("the change came") {
            try await target.person(ground.person("one"))?.text("title") == "changed"
        }
        if origin == .ad {
            try await source.set(one.dn, "sAMAccountName", Octets(ground.person("uno")))
        } else {
            try await source.apply(.rename(one.dn, to: "uid=\(ground.person("uno"))", under: nil))
        }
        try await eventually("the rename came") { try await target.person(ground.person("uno")) != nil }
        let two = try #require(try await source.person(ground.person("two")))
        try await source.apply(.delete(two.dn))
        try await eventually("the delete came") { try await target.person(ground.person("two")) == nil }
        #expect(try await target.people().count == 1)
    }
}

extension SharedLabTests {
    @Suite(.serialized)
    struct ConfiguredFeedTests {
        @Test(
            "create, change, rename and delete arrive by every feed of the LDAP side",
            arguments: ["accesslog", "syncrepl", "polling"]
        )
        func miniorange(way: String) async throws {
            var settings = Ground.Settings()
            settings.miniorange = "feed: \(way)"
            let ground = try await Ground.make("m\(way.prefix(2))", settings)
            try await withDaemon(ground) { daemon in
                #expect(try await daemon.settled().miniorange.feed == way)
                try await EveryKindOfChange.arrives(from: .miniorange, ground)
                try await EveryKindOfChange.arrives(from: .ad, try await emptied(ground))
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("create, change, rename and delete arrive by ranges of uSNChanged")
        func usn() async throws { try await EveryKindOfChange.arrives(by: "usn") }

        private func emptied(_ ground: Ground) async throws -> Ground {
            for person in try await ground.ad.people() { try await ground.ad.apply(.delete(person.dn)) }
            try await eventually("empty") { try await ground.miniorange.people().isEmpty }
            return ground
        }
    }
}

/// In a lab of their own: Samba keeps a part of each DirSync request for ever, and everything else there grows slow.
@Suite(.enabled(if: Lab.isPossible), .lab())
struct DirSyncTests {
    @Test("create, change, rename and delete arrive by DirSync")
    func changes() async throws { try await EveryKindOfChange.arrives(by: "dirsync") }

    @Test("memberships come and go by DirSync")
    func memberships() async throws { try await EveryKindOfMembership.arrives(ad: "dirsync", miniorange: "syncrepl") }
}

@Suite(.enabled(if: Lab.isPossible), .lab("--ad-backend", "tdb", "--ldap", "no-accesslog"))
struct OlderServersTests {
    @Test("a domain controller on tdb and a slapd without an access log are kept in agreement")
    func bothWays() async throws {
        let ground = try await Ground.make("ol")
        try await withDaemon(ground) { daemon in
            #expect(try await daemon.settled().miniorange.feed == "syncrepl")
            try await EveryKindOfChange.arrives(from: .ad, ground)
            try await ground.ad.apply(try await ground.ad.people().map { .delete($0.dn) })
            try await eventually("empty") { try await ground.miniorange.people().isEmpty }
            try await EveryKindOfChange.arrives(from: .miniorange, ground)
            #expect(try await daemon.settled().quarantined == 0)
        }
    }
}

@Suite(.enabled(if: Lab.isPossible), .lab("--ldap", "plain"))
struct PlainServerTests {
    @Test("an LDAP server that tells nothing is polled, and that is said")
    func bothWays() async throws {
        let ground = try await Ground.make("pl")
        try await withDaemon(ground) { daemon in
            #expect(try await daemon.settled().miniorange.feed == "polling")
            try await EveryKindOfChange.arrives(from: .miniorange, ground)
        }
    }
}

@Suite(.enabled(if: Lab.isPossible), .lab("--ad-workers", "4"))
struct ManyWorkersTests {
    private static let changes = 60

    @Test("with four server processes 99 of 100 changes arrive within a second")
    func delay() async throws {
        let ground = try await Ground.make("wo")
        let account = ground.person("w")
        try await ground.ad.apply(ground.ad.newPerson(account))
        try await withDaemon(ground) { _ in
            try await Agreement.reached(ground)
            let dn = try #require(try await ground.ad.person(account)).dn
            var delays: [Double] = []
            for number in 0..<ManyWorkersTests.changes {
                // A connection each: any of the processes may get it.
                try await ground.ad.set(dn, "title", Octets("t\(number)"))
                let done = Date()
                var record: Entry?
                try await eventually("change \(number)") {
                    record = try await logRecord(ground, "t\(number)")
                    return record != nil
                }
                delays.append(try #require(record?.text("reqStart").flatMap(Self.time)).timeIntervalSince(done))
            }
            let slowest = delays.sorted()[ManyWorkersTests.changes * 99 / 100]
            #expect(slowest < 1, "delays in seconds: \(delays.sorted().suffix(5))")
        }
    }

    /// slapd's own record of the write, which replaces what was there, or adds where nothing was.
    private func logRecord(_ ground: Ground, _ title: String) async throws -> Entry? {
        let found = try await ground.miniorange.search(
            "(&(objectClass=auditModify)(|(reqMod=title:= \(title))(reqMod=title:+ \(title))))",
            base: "cn=accesslog",
            attributes: ["reqStart", "reqMod"]
        )
        return found.first
    }

    /// As 20260102030405.000006Z.
    private static func time(_ text: String) -> Date? {
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(identifier: "UTC")
        form.dateFormat = "yyyyMMddHHmmss"
        guard let seconds = form.date(from: String(text.prefix(14))),
            let fraction = Double("0" + text.dropFirst(14).dropLast())
        else { return nil }
        return seconds.addingTimeInterval(fraction)
    }
}
