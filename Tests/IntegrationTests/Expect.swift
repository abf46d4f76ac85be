import Testing

/// Waits until something holds. That it does not within the limit is a failure that says what was waited for. Asking is rare where it is
/// costly, since all who wait ask the same few servers, which are to do what is waited for.
func eventually(
    _ fact: @autoclosure () -> String,
    within limit: Duration = .seconds(120),
    at location: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        let asked = ContinuousClock.now
        if try await holds() { return }
        guard ContinuousClock.now < deadline else {
            Issue.record("not within \(limit): \(fact())", sourceLocation: location)
            throw TimedOut(fact: fact())
        }
        try await Task.sleep(for: max(.milliseconds(50), asked.duration(to: .now) * 3))
    }
}

struct TimedOut: Error, CustomStringConvertible {
    let fact: String
    var description: String { "not in time: \(fact)" }
}
