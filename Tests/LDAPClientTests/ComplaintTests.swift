import LDAPClient
import Testing

struct ComplaintTests {
    @Test func `the same problem is told once a minute, another one at once`() {
        var complaint = Complaint()
        let start = ContinuousClock.now
        let told: [(String, Duration, Bool)] = [
            ("down", .zero, true), ("down", .seconds(1), false), ("down", .seconds(59), false),
            ("down", .seconds(60), true),
            ("down", .seconds(61), false), ("refused", .seconds(62), true), ("down", .seconds(63), true),
            ("down", .seconds(100), false),
        ]
        for (problem, after, expected) in told {
            #expect(complaint.isWorthTelling(problem, at: start + after) == expected, "\(problem) after \(after)")
        }
    }
}
