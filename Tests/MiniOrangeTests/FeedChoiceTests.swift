import Foundation
import LDAPClient
import MiniOrange
import SyncModel
import Testing

/// Against a real slapd: which way is taken, and what an admin is told where none can be.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct FeedChoiceTests {
    @Test(arguments: [
        (TestSlapd.Overlays.none, "polling"), (.syncprov, "syncrepl"), (.accesslog, "accesslog"),
    ])
    func `the best way that the server offers is taken`(overlays: TestSlapd.Overlays, way: String) async throws {
        let slapd = try TestSlapd(overlays, people: 1)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(FeedTests.person("a"))
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(), try TestSlapd.view())
        try await mirror.untilLive()
        #expect(mirror.known.statuses.last?.way == way)
        #expect(mirror.known.statuses.last?.reason.isEmpty == false)
        await mirror.stop()
    }

    @Test func `a log that lacks the latest change is not followed`() async throws {
        let slapd = try TestSlapd(.accesslog, people: 1)
        slapd.stop()
        try slapd.load(
            "dn: uid=late,\(TestSlapd.people)\nobjectClass: inetOrgPerson\nuid: late\ncn: late\nsn: late\n",
            .accesslog
        )
        try slapd.start()
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(), try TestSlapd.view())
        try await mirror.untilLive()
        #expect(mirror.known.statuses.last?.way == "syncrepl")
        await mirror.stop()
        // Once there is a log the way stays all the same: changing it would cost a complete read.
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(FeedTests.person("a"))
        mirror.start(try slapd.settings(), try TestSlapd.view())
        try await mirror.until("told") { $0.entry(FeedTests.name("a")) != nil }
        try await mirror.until("fed by syncrepl") { $0.statuses.last?.way == "syncrepl" }
        await mirror.stop()
    }

    @Test(arguments: [
        (TestSlapd.Overlays.none, MiniOrangeSettings.FeedChoice.syncrepl, "syncprov"),
        (.none, .accesslog, "accesslog overlay"), (.syncprov, .accesslog, "accesslog overlay"),
    ])
    func `a configured way that can't be had names its remedy`(
        overlays: TestSlapd.Overlays,
        feed: MiniOrangeSettings.FeedChoice,
        remedy: String
    ) async throws {
        let slapd = try TestSlapd(overlays)
        try await expectProblem(remedy, try slapd.settings(feed), try TestSlapd.view())
    }

    @Test func `a missing base is a problem, not an absence`() async throws {
        let slapd = try TestSlapd(.syncprov, people: 1)
        var view = try TestSlapd.view()
        view.scopes.append(
            DirectoryView.Scope(
                base: try DistinguishedName(parsing: "ou=nowhere,\(TestSlapd.suffix)"),
                filter: .present("objectClass")
            )
        )
        let mirror = try await expectProblem("ou=nowhere", try slapd.settings(), view)
        #expect(mirror.known.connects == 0)
        #expect(mirror.known.completes.isEmpty)
    }

    @Test func `a size limit is a problem, not an absence`() async throws {
        let slapd = try TestSlapd(.syncprov, extra: "limits * size.soft=10 size.hard=10 size.prtotal=10", people: 20)
        var settings = try slapd.settings()
        settings.credentials = nil
        let mirror = try await expectProblem("limits", settings, try TestSlapd.view())
        #expect(mirror.known.completes.isEmpty)
    }

    @Test(arguments: [LDAPResultCode.timeLimitExceeded, .adminLimitExceeded, .busy])
    func `a read that the server ends in the middle is a problem, not an absence`(code: LDAPResultCode) async throws {
        let overlay = "overlay retcode\nretcode-indir\nretcode-parent ou=retcodes,\(TestSlapd.suffix)"
        let slapd = try TestSlapd(.syncprov, extra: overlay, people: 3)
        slapd.stop()
        // Where it comes to this entry the server gives up (slapo-retcode(5)).
        try slapd.load(
            """
            dn: uid=end,\(TestSlapd.people)
            objectClass: inetOrgPerson
            objectClass: errAuxObject
            uid: end
            cn: end
            sn: end
            errCode: \(code.rawValue)
            errOp: search

            """,
            .syncprov
        )
        try slapd.start()
        let mirror = try await expectProblem("\(code)", try slapd.settings(), try TestSlapd.view())
        #expect(mirror.known.completes.isEmpty)
    }

    @Test func `a wrong password is not repeated`() async throws {
        let slapd = try TestSlapd(.syncprov)
        var settings = try slapd.settings()
        settings.credentials = .simple(name: TestSlapd.rootDN, password: "wrong")
        let mirror = try await expectProblem(
            "wrong name or password for \(TestSlapd.rootDN)",
            settings,
            try TestSlapd.view()
        )
        #expect(mirror.known.statuses.contains { $0.state == .waiting(retryInMilliseconds: 300_000) })
    }

    @Test func `the next server is taken where one does not answer`() async throws {
        let slapd = try TestSlapd(.syncprov, people: 1)
        var settings = try slapd.settings()
        settings.endpoints.insert(try LDAPEndpoint("ldap://127.0.0.1:1"), at: 0)
        let mirror = FeedMirror()
        mirror.start(settings, try TestSlapd.view())
        try await mirror.untilLive()
        #expect(mirror.known.statuses.last?.server == settings.endpoints[1].uri)
        await mirror.stop()
    }

    @Test func `the log's edits give what the entry holds`() async throws {
        let slapd = try TestSlapd(.accesslog)
        let ldap = try await slapd.connect()
        let mirror = FeedMirror()
        mirror.start(try slapd.settings(.accesslog), try TestSlapd.view())
        try await mirror.untilLive()
        _ = try await ldap.perform(FeedTests.person("a"))
        for modifications in [
            [Modification(.replace, "description", ["1", "2"]), Modification(.replace, "description", ["3"])],
            [
                Modification(.add, "mail", ["a", "b"]), Modification(.add, "mail", ["c"]),
                Modification(.delete, "mail", ["a"]),
            ],
            [
                Modification(.delete, "description"),
                Modification(.add, "description", ["", " x", "a: b"].dropFirst().map(\.self)),
            ],
            [Modification(.replace, "jpegPhoto", [Octets([10, 0, 58])]), Modification(.replace, "title")],
            [Modification(.add, "description;lang-de", ["hallo"]), Modification(.add, "title", ["t\n"])],
            [Modification(.replace, "cn", ["a", "ä"]), Modification(.replace, "userPassword", ["neu"])],
        ] {
            _ = try await ldap.perform(.modify(dn: FeedTests.name("a"), modifications: modifications))
            let search = SearchRequest(
                base: FeedTests.name("a"),
                scope: .base,
                attributes: EntryShape(view: try TestSlapd.view()).requested
            )
            let entry = try #require(try await ldap.search(search).entries.first)
            let expected = try EntryShape(view: try TestSlapd.view()).snapshot(entry)
            try await mirror.until("\(modifications.map(\.attribute))") { $0.entries[expected.anchor] == expected }
        }
        await mirror.stop()
    }

    @discardableResult
    private func expectProblem(
        _ words: String,
        _ settings: MiniOrangeSettings,
        _ view: DirectoryView
    ) async throws -> FeedMirror {
        let mirror = FeedMirror()
        mirror.start(settings, view)
        try await mirror.until("a problem with \(words)") { known in
            known.statuses.contains { $0.problem?.contains(words) == true }
        }
        await mirror.stopKeepingStatuses()
        return mirror
    }
}
