import Configuration
import Foundation
import Testing

@testable import SyncService

/// When a full compare is due next, by local clocks.
struct ScheduleTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var schedule: Schedule
        var after: String
        var zone = "Europe/Berlin"
        var next: String?
        var testDescription: String { "\(schedule.text) after \(after)" }
    }

    @Test(
        "the next time follows local clocks, summer time included",
        arguments: [
            Case(schedule: .off, after: "2026-06-01T10:00:00Z", next: nil),
            Case(schedule: .hourly, after: "2026-06-01T10:00:00Z", next: "2026-06-01T11:00:00Z"),
            Case(schedule: .hourly, after: "2026-06-01T10:59:59Z", next: "2026-06-01T11:00:00Z"),
            // Summer: two hours ahead of UTC.
            Case(schedule: .daily(hour: 2, minute: 0), after: "2026-06-01T10:00:00Z", next: "2026-06-02T00:00:00Z"),
            Case(schedule: .daily(hour: 2, minute: 0), after: "2026-06-02T00:00:00Z", next: "2026-06-03T00:00:00Z"),
            Case(schedule: .daily(hour: 2, minute: 0), after: "2026-06-01T23:59:59Z", next: "2026-06-02T00:00:00Z"),
            // Winter: one hour.
            Case(schedule: .daily(hour: 23, minute: 30), after: "2026-01-01T10:00:00Z", next: "2026-01-01T22:30:00Z"),
            // 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC, and 02:30 does not come.
            Case(schedule: .daily(hour: 2, minute: 30), after: "2026-03-28T12:00:00Z", next: "2026-03-29T01:00:00Z"),
            Case(schedule: .daily(hour: 2, minute: 30), after: "2026-03-29T01:00:00Z", next: "2026-03-30T00:30:00Z"),
            // 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC, and 02:30 comes twice.
            Case(schedule: .daily(hour: 2, minute: 30), after: "2026-10-24T12:00:00Z", next: "2026-10-25T00:30:00Z"),
            Case(schedule: .daily(hour: 2, minute: 30), after: "2026-10-25T00:30:00Z", next: "2026-10-26T01:30:00Z"),
            // 1 June 2026 is a Monday.
            Case(
                schedule: .weekly(day: 0, hour: 4, minute: 0),
                after: "2026-05-30T10:00:00Z",
                next: "2026-06-01T02:00:00Z"
            ),
            Case(
                schedule: .weekly(day: 6, hour: 4, minute: 0),
                after: "2026-06-01T10:00:00Z",
                next: "2026-06-07T02:00:00Z"
            ),
            Case(
                schedule: .weekly(day: 0, hour: 4, minute: 0),
                after: "2026-06-01T02:00:00Z",
                next: "2026-06-08T02:00:00Z"
            ),
            Case(
                schedule: .daily(hour: 0, minute: 0),
                after: "2026-01-01T10:00:00Z",
                zone: "America/New_York",
                next: "2026-01-02T05:00:00Z"
            ),
        ]
    )
    func next(_ given: Case) throws {
        let after = try Date(given.after, strategy: .iso8601)
        let zone = try #require(TimeZone(identifier: given.zone))
        #expect(given.schedule.next(after: after, in: zone)?.formatted(.iso8601) == given.next)
    }

    @Test("it is written as it is configured", arguments: ["off", "hourly", "daily 02:05", "weekly sunday 23:59"])
    func text(_ text: String) throws {
        #expect(try #require(Schedule(configured: text)).text == text)
    }
}
