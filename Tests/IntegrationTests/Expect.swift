import Testing

/// Waits until something holds. That it does not within the limit is a failure that says what was waited for.
func eventually(
    _ fact: @autoclosure () -> String,
    within limit: Duration = .seconds(120),
    at location: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await holds() { return }
        guard ContinuousClock.now < deadline else {
            Issue.record("not within \(limit): \(fact())", sourceLocation: location)
            throw TimedOut(fact: fact())
        }
        try await Task.sleep(for: .milliseconds(50))
    }
}

struct TimedOut: Error, CustomStringConvertible {
    let fact: String
    var description: String { "not in time: \(fact)" }
}
