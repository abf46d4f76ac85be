import Testing

@testable import Configuration

@Suite struct SuggestionTests {
    @Test(
        "The distance counts inserted, dropped, replaced and swapped letters",
        arguments: [
            ("", "", 0), ("a", "", 1), ("base", "base", 0), ("bsae", "base", 1), ("bass", "base", 1),
            ("bas", "base", 1),
            ("bbase", "base", 1), ("kitten", "sitting", 3),
        ]
    )
    func distance(_ first: String, _ second: String, _ expected: Int) {
        #expect(Suggestion.distance(first, second) == expected)
        #expect(Suggestion.distance(second, first) == expected)
    }

    @Test(
        "What is far from everything gets no suggestion",
        arguments: [
            ("passwordfile", "passwordFile"), ("cafile", "caFile"), ("bsae", "base"), ("colour", nil), ("x", nil),
        ]
    )
    func nearest(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["base", "caFile", "passwordFile"]) == expected)
    }

    @Test(
        "Durations are a number and a unit",
        arguments: [
            ("250ms", Duration.milliseconds(250)), ("2s", .seconds(2)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
            ("0s", .zero), ("1.5s", nil), ("-1s", nil), ("5", nil), ("s", nil), ("5 s", nil), ("5S", nil),
            ("30d", .seconds(2_592_000)), ("5w", nil),
            ("9999999999s", nil), ("٣s", nil), ("", nil),
        ]
    )
    func durations(_ text: String, _ expected: Duration?) {
        #expect(Duration(configured: text) == expected)
    }

    @Test(
        "Schedules have four forms",
        arguments: [
            ("off", Schedule.off), ("hourly", .hourly), ("daily 02:30", .daily(hour: 2, minute: 30)),
            ("weekly sunday 23:59", .weekly(day: 6, hour: 23, minute: 59)),
            ("weekly Mon 00:00", .weekly(day: 0, hour: 0, minute: 0)), ("daily", nil), ("daily 2:30", nil),
            ("daily 24:00", nil), ("weekly 02:00", nil), ("weekly so 02:00", nil), ("", nil),
        ]
    )
    func schedules(_ text: String, _ expected: Schedule?) {
        #expect(Schedule(configured: text) == expected)
    }
}
