import LDAPClient
import MiniOrange
import SyncModel
import Testing

/// What the account may not read must not look as if somebody had taken it away. Against a real slapd.
@Suite(.serialized, .enabled(if: TestSlapd.isAvailable), .timeLimit(.minutes(2)))
struct RightsTests {
    static let secret = "(description=secret)"

    /// Nobody may read `attribute` of what is described as secret, and of all else everybody everything.
    private static func access(_ attribute: String) -> String {
        "access to filter=\(secret) attrs=\(attribute) by * none\naccess to * by * read"
    }

    private static func describe(_ dn: String, _ values: [Octets]) -> LDAPOperation {
        .modify(dn: dn, modifications: [Modification(.replace, "description", values)])
    }

    @Test(arguments: FeedTests.kinds, [TestSlapd.people, FeedTests.name("u0")])
    func `a side of which an attribute may not be read is not followed`(
        kind: FeedTests.Kind,
        of dn: String
    ) async throws {
        let slapd = try TestSlapd(kind.overlays, extra: Self.access("title"), ofLog: "access to * by * read", people: 1)
        let ldap = try await slapd.connect()
        let mirror = FeedMirror()
        var settings = try slapd.settings(kind.feed)
        settings.credentials = nil
        _ = try await ldap.perform(Self.describe(dn, ["secret"]))
        mirror.start(settings, try TestSlapd.view())
        try await mirror.until("refused") { $0.statuses.last?.problem?.contains("may not read title of \(dn)") == true }
        #expect(mirror.known.inScope.isEmpty)

        _ = try await ldap.perform(Self.describe(dn, ["open"]))
        try await mirror.untilLive()
        #expect(mirror.known.entry(FeedTests.name("u0"))?.attributes["title"] == ["Person"])

        _ = try await ldap.perform(Self.describe(dn, ["secret"]))
        try await mirror.until("noticed") { $0.statuses.last?.problem?.contains("may not read title of \(dn)") == true }
        await mirror.stop()
    }

    @Test(arguments: ["carLicense", "nothing"])
    func `what is not followed, or not known to the server, need not be readable`(attribute: String) async throws {
        let isKnown = attribute != "nothing"
        let slapd = try TestSlapd(.syncprov, extra: Self.access(isKnown ? attribute : "carLicense"), people: 1)
        let ldap = try await slapd.connect()
        _ = try await ldap.perform(Self.describe(TestSlapd.people, ["secret"]))
        var view = try TestSlapd.view()
        if !isKnown { view.attributes.append(attribute) }
        var settings = try slapd.settings(.syncrepl)
        settings.credentials = nil
        let mirror = FeedMirror()
        mirror.start(settings, view)
        try await mirror.untilLive()
        await mirror.stop()
    }
}
