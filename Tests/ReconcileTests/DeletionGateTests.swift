import SyncModel
import Testing

@testable import Reconcile

/// When a deletion is carried, waits, or is held.
struct DeletionGateTests {
    private static let now = Timestamp(milliseconds: 1_000_000)
    private static let limit = DeletionLimit(count: 500, percent: 5, window: 3_600_000)

    struct Row: Sendable {
        var name: String
        var grace: Int64 = 0
        var limit: DeletionLimit? = DeletionGateTests.limit
        var state = Deletion.State.waiting
        /// Milliseconds ago.
        var learned: Int64 = 0
        var counted = 1
        var carried = 0
        var recent = 1
        /// Milliseconds ago.
        var latest: Int64 = 0
        var entries = 100_000
        var verdict: DeletionGate.Verdict
    }

    private static func time(_ ahead: Int64) -> Timestamp { now.advanced(byMilliseconds: ahead) }

    static let rows = [
        Row(name: "one", verdict: .carry),
        Row(name: "the last that is allowed", counted: 500, carried: 499, verdict: .carry),
        Row(name: "one too many was learned", counted: 501, verdict: .hold(allowed: 500)),
        Row(name: "one too many would be carried", counted: 3, carried: 500, verdict: .hold(allowed: 500)),
        Row(name: "any number without a limit", limit: nil, counted: 90_000, recent: 90_000, verdict: .carry),
        Row(name: "percent of the entries", counted: 51, entries: 1_000, verdict: .hold(allowed: 50)),
        Row(name: "percent of the entries, allowed", counted: 50, entries: 1_000, verdict: .carry),
        Row(name: "a small directory loses ten", counted: 10, entries: 20, verdict: .carry),
        Row(name: "a small directory does not lose eleven", counted: 11, entries: 20, verdict: .hold(allowed: 10)),
        Row(
            name: "a count below ten holds",
            limit: DeletionLimit(count: 3, percent: 100, window: 60_000),
            counted: 4,
            verdict: .hold(allowed: 3)
        ),
        Row(name: "what is held stays held", state: .held(HoldID(1)), verdict: .hold(allowed: 500)),
        Row(name: "also without a limit", limit: nil, state: .held(HoldID(1)), verdict: .hold(allowed: 0)),
        Row(
            name: "what is approved goes, however many",
            state: .approved,
            counted: 9_000,
            recent: 9_000,
            verdict: .carry
        ),
        Row(
            name: "an approval does not shorten the grace",
            grace: 5_000,
            state: .approved,
            learned: 2_000,
            verdict: .wait(until: time(3_000))
        ),
        Row(name: "what was let go is tried again", state: .carried(now), counted: 9_000, verdict: .carry),
        Row(name: "within the grace", grace: 5_000, learned: 4_999, verdict: .wait(until: time(1))),
        Row(name: "after the grace", grace: 5_000, learned: 5_000, verdict: .carry),
        Row(
            name: "too many within the grace are held at once",
            grace: 5_000,
            counted: 501,
            verdict: .hold(allowed: 500)
        ),
        Row(name: "ten at once", counted: 10, recent: 10, verdict: .carry),
        Row(
            name: "the eleventh waits for more",
            learned: 300,
            counted: 11,
            recent: 11,
            latest: 200,
            verdict: .wait(until: time(800))
        ),
        Row(name: "until no more come", learned: 1_300, counted: 11, recent: 11, latest: 1_000, verdict: .carry),
        Row(name: "and not for ever", learned: 10_000, counted: 400, recent: 300, latest: 1, verdict: .carry),
    ]

    @Test(arguments: rows)
    func `A deletion is carried, waits or is held`(_ row: Row) {
        let gate = DeletionGate(grace: row.grace, limit: row.limit)
        let deletion = Deletion(
            side: .miniorange,
            object: "people",
            learned: Self.time(-row.learned),
            state: row.state
        )
        let tally = DeletionGate.Tally(
            learned: row.counted,
            carried: row.carried,
            recent: row.recent,
            latest: Self.time(-row.latest),
            entries: row.entries
        )
        #expect(gate.verdict(on: deletion, tally, now: Self.now) == row.verdict, "\(row.name)")
    }

    @Test(arguments: [(500, 5, 10_000), (500, 100, 500), (1, 3, 34), (7, 1, 700)])
    func `From the deciding number of entries on the percentage says no more than the count`(
        count: Int,
        percent: Int,
        entries: Int
    ) {
        let limit = DeletionLimit(count: count, percent: percent, window: 60_000)
        #expect(limit.decidingEntries == entries)
        #expect(limit.allowed(of: entries) == count)
        #expect(limit.allowed(of: 1_000_000) == count)
    }
}

extension DeletionGateTests.Row: CustomTestStringConvertible {
    var testDescription: String { name }
}
