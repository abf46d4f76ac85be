import ActiveDirectory
import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("What the feed decides")
struct DecisionTests {
    @Test(arguments: [
        (10, 10, Duration.zero, DeltaQuery.nothing),
        (10, 11, .milliseconds(1), .range(first: 11)),
        (10, 510, .milliseconds(1), .range(first: 11)),
        (10, 511, .milliseconds(1), .part(first: 11, last: 510)),
        (10, 10_010, .milliseconds(1), .part(first: 11, last: 510)),
        (10, 10_011, .milliseconds(1), .range(first: 11)),
        (10, 11, .milliseconds(100), .each(first: 11, last: 11)),
        (10, 110, .milliseconds(100), .each(first: 11, last: 110)),
        (10, 111, .milliseconds(100), .range(first: 11)),
        (10, 9, .zero, .serverWentBack),
    ])
    func theDeltaIsAskedForInTheCheapestWay(
        position: UInt64,
        highest: UInt64,
        rangeCost: Duration,
        expected: DeltaQuery
    ) {
        #expect(DeltaQuery.choose(after: position, upTo: highest, rangeCost: rangeCost) == expected)
    }

    @Test(arguments: [
        (DeltaQuery.nothing, nil),
        (.serverWentBack, nil),
        (.range(first: 7), "(uSNChanged>=7)"),
        (.part(first: 7, last: 8), "(&(uSNChanged>=7)(uSNChanged<=8))"),
        (.each(first: 7, last: 7), "(uSNChanged=7)"),
        (.each(first: 7, last: 9), "(|(uSNChanged=7)(uSNChanged=8)(uSNChanged=9))"),
    ])
    func theDeltaHasAFilter(query: DeltaQuery, filter: String?) {
        #expect(query.filter == filter)
        #expect(query.filter(besides: []) == filter)
        #expect(query.filter(besides: [8, 9]) == filter.map { "(&\($0)(!(uSNChanged=8))(!(uSNChanged=9)))" })
    }

    private static let here = Anchor(high: 1, low: 1)
    private static let other = Anchor(high: 2, low: 2)

    private static func live(_ position: UInt64, at server: Anchor = here) -> FeedCursor {
        FeedCursor(invocationID: server, position: position, state: .live)
    }

    private static func dirSync(_ position: UInt64, _ cookie: Octets) -> FeedCursor {
        FeedCursor(invocationID: here, position: position, state: .dirSync(cookie: cookie))
    }

    private static func loading(_ breadth: LoadBreadth, _ position: UInt64, _ end: UInt64) -> FeedCursor {
        FeedCursor(invocationID: here, position: position, state: .loading(breadth, end: end))
    }

    @Test func whatACompleteReadShowsIsWhatMayBeRead() {
        let seen = SeenAnchors()
        func entry(_ anchor: Anchor, _ attributes: [LDAPAttribute]) -> LDAPEntry {
            LDAPEntry(dn: "CN=a", attributes: [LDAPAttribute("objectGUID", [Octets(anchor.octets)])] + attributes)
        }
        let tombstone = Anchor(high: 3, low: 3)
        seen.note([
            entry(Self.here, [LDAPAttribute("uSNChanged", ["7"])]), entry(Self.other, []),
            entry(tombstone, [LDAPAttribute("uSNChanged", ["8"]), LDAPAttribute("isDeleted", ["TRUE"])]),
        ])
        #expect(seen.sorted == [Self.here])
    }

    @Test(
        arguments: [
            (nil, false, loading(.scopes, 0, 100)),
            (nil, true, loading(.everything, 0, 100)),
            (live(50), true, live(50)),
            (live(100), true, live(100)),
            (live(101), true, loading(.everythingRestored, 0, 100)),
            (dirSync(50, "c"), true, dirSync(50, "c")),
            // It would bring nothing, and no error.
            (dirSync(101, "c"), true, loading(.everythingRestored, 0, 100)),
            (live(50, at: other), true, loading(.everything, 0, 100)),
            (loading(.scopes, 20, 80), true, loading(.scopes, 20, 80)),
            (loading(.everything, 20, 101), true, loading(.everythingRestored, 0, 100)),
        ] as [(FeedCursor?, Bool, FeedCursor)]
    )
    func whereToGoOnFollowsFromTheCursorAndTheServer(known: FeedCursor?, hasCache: Bool, expected: FeedCursor) {
        let start = FeedStart.decide(
            invocationID: Self.here,
            highestCommittedUSN: 100,
            known: known,
            hasCache: hasCache
        )
        #expect(start.cursor == expected)
        #expect((start.reason != nil) == (expected.position == 0 && hasCache))
    }

    @Test(
        arguments: [
            // What changed since the cursor is told as changes.
            (live(50), ReadingDemand(isAnew: true), loading(.scopes, 0, 50)),
            (dirSync(50, "c"), ReadingDemand(isAnew: true), loading(.scopes, 0, 50)),
            (loading(.everything, 20, 80), ReadingDemand(isAnew: true), loading(.scopes, 0, 80)),
            (live(101), ReadingDemand(isAnew: true), loading(.everythingRestored, 0, 100)),
            // It was found out, and the reading was cut short.
            (live(50), ReadingDemand(isSetBack: true), loading(.everythingRestored, 0, 100)),
            (loading(.scopes, 20, 80), ReadingDemand(isSetBack: true), loading(.everythingRestored, 0, 100)),
            (loading(.everything, 20, 80), ReadingDemand(isSetBack: true), loading(.everything, 20, 80)),
            (
                loading(.everything, 20, 80), ReadingDemand(isAnew: true, isSetBack: true),
                loading(.everythingRestored, 0, 100)
            ),
            (live(50, at: other), ReadingDemand(isSetBack: true), loading(.everything, 0, 100)),
        ] as [(FeedCursor, ReadingDemand, FeedCursor)]
    )
    func whatIsToBeReadBesidesGoesBefore(known: FeedCursor, demand: ReadingDemand, expected: FeedCursor) {
        let start = FeedStart.decide(
            invocationID: Self.here,
            highestCommittedUSN: 100,
            known: known,
            hasCache: true,
            demand
        )
        #expect(start.cursor == expected)
    }

    @Test func whatIsDemandedEndsWithTheReading() {
        let progress = FeedProgress(cursor: Self.live(50).cursor, ReadingDemand(isAnew: true))
        let start = { progress.start(invocationID: Self.here, highestCommittedUSN: 100).cursor }
        #expect(start() == Self.loading(.scopes, 0, 50))
        progress.delivered(.changes([], cursor: nil))
        #expect(start() == Self.loading(.scopes, 0, 50))
        progress.delivered(.changes([], cursor: Self.loading(.scopes, 20, 50).cursor))
        #expect(start() == Self.loading(.scopes, 20, 50))
        progress.delivered(.complete(present: nil, cursor: Self.live(50).cursor))
        #expect(start() == Self.live(50))
        // Another server was set back; this one goes on from its cursor only once everything was read.
        progress.delivered(.steppedBack(StepBack(cause: .restored, reason: "a test")))
        #expect(start() == Self.loading(.everythingRestored, 0, 100))
        progress.delivered(.complete(present: [], cursor: Self.live(100).cursor))
        #expect(start() == Self.live(100))
    }

    @Test(arguments: [
        live(0), live(.max), dirSync(7, "c"), dirSync(.max, Octets([UInt8](repeating: 255, count: 3000))),
        loading(.scopes, 3, 9), loading(.everything, 0, .max), loading(.everythingRestored, 1, 2),
    ])
    func aCursorComesBackFromItsOctets(cursor: FeedCursor) {
        #expect(FeedCursor(cursor.cursor) == cursor)
    }

    @Test(arguments: [
        [], [0], [0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 1, 9], [0, 0, 0, 0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0, 0, 0, 1, 16], [0, 0, 0, 0, 0, 0, 0, 1, 17, 99],
    ])
    func octetsOfNoCursorAreNone(position: [UInt8]) {
        let cursor = Cursor(server: Octets(Self.here.octets), position: Octets(position))
        #expect(FeedCursor(cursor) == nil)
    }

    @Test func theDelayGrowsToItsLimitWithJitter() {
        var backoff = Backoff()
        let delays = (0..<12).map { _ in backoff.next(random: 1) }
        #expect(delays[0] == .milliseconds(200))
        #expect(delays[1] == .milliseconds(400))
        #expect(delays.max() == .seconds(2))
        #expect(delays[11] == .seconds(2))
        #expect(backoff.next(random: 0) == .seconds(1.5))
        backoff.reset()
        #expect(backoff.next(random: 1) == .milliseconds(200))
    }

    @Test func windowsGrowWithTheCostOfAskingAndEndAtTheEnd() {
        var cheap = LoadWindow(overhead: .milliseconds(1))
        #expect(cheap.wanted == 800)
        #expect(cheap.last(from: 1, end: 100) == 100)
        #expect(cheap.last(from: 1, end: 10_000) == 1024)
        cheap.adapt(entries: 0, wasRefused: false)
        #expect(cheap.width == 8192)
        cheap.adapt(entries: 400, wasRefused: false)
        #expect(cheap.width == 16_384)
        cheap.adapt(entries: 3200, wasRefused: true)
        #expect(cheap.width == 4096)
        #expect(!cheap.isPaged)
        #expect(LoadWindow(overhead: .milliseconds(50)).wanted == 4000)
        #expect(LoadWindow(overhead: .seconds(2)).wanted == 10_000)
    }

    @Test func aServerThatLimitsItsAnswersGetsSmallWindowsOrPages() {
        var cheap = LoadWindow(overhead: .milliseconds(1))
        cheap.adapt(entries: 1500, wasRefused: true)
        #expect(!cheap.isPaged)
        #expect(cheap.wanted == 800)
        var dear = LoadWindow(overhead: .milliseconds(100))
        dear.adapt(entries: 1500, wasRefused: true)
        #expect(dear.isPaged)
        #expect(dear.wanted == 5000)
    }

    @Test(
        arguments: [
            ("member", nil, nil),
            ("userCertificate;binary", nil, nil),
            ("member;range=0-1499", "member", "member;range=1500-*"),
            ("member;Range=1500-*", "member", nil),
            ("member;range=x", nil, nil),
            ("member;range=0-", nil, nil),
        ] as [(String, String?, String?)]
    )
    func aRangeTellsWhatFollows(description: String, name: String?, continuation: String?) {
        let range = RangedAttribute(description)
        #expect(range?.name == name)
        #expect(range?.continuation == continuation)
    }

    @Test(
        arguments: [
            ("member;range=0-9", nil, "member;range=10-*"),
            ("member;range=10-19", "member;range=0-9", "member;range=20-*"),
            ("member;range=20-*", "member;range=10-19", nil),
        ] as [(String, String?, String?)]
    )
    func aRangeGoesOn(description: String, previous: String?, continuation: String?) throws {
        let range = try #require(RangedAttribute(description))
        #expect(try range.continuation(after: previous.flatMap(RangedAttribute.init)) == continuation)
    }

    /// Such an answer would be read for ever.
    @Test(arguments: ["member;range=0-9", "member;range=0-5"]) func aRangeThatDoesNotGoOnIsAnError(description: String)
        throws
    {
        let range = try #require(RangedAttribute(description))
        #expect(throws: LDAPError.self) { try range.continuation(after: RangedAttribute("member;range=0-9")) }
    }

    @Test func settingsThatCanNotWorkAreRefused() throws {
        let endpoint = try LDAPEndpoint("ldaps://dc1.syncline.test")
        let good = ActiveDirectorySettings(endpoints: [endpoint], credentials: .external)
        try good.validate()
        var dirSync = good
        dirSync.feeding = .dirsync
        try dirSync.validate()
        var noServer = good
        noServer.endpoints = []
        #expect(throws: ActiveDirectoryError.self) { try noServer.validate() }
    }
}
