/// A problem that comes again with each attempt: which of these is worth a line in the log.
package struct Complaint: Sendable {
    /// How long the same problem stays untold.
    package static let interval = Duration.seconds(60)
    private var last: (problem: String, at: ContinuousClock.Instant)?

    package init() {}

    /// Whether it is another problem than the last one told, or that one is `interval` ago.
    package mutating func isWorthTelling(_ problem: String, at now: ContinuousClock.Instant) -> Bool {
        if let last, last.problem == problem, now - last.at < Self.interval { return false }
        last = (problem, now)
        return true
    }
}
