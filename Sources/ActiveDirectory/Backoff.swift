/// The delay before the next attempt: doubled with each failure, with jitter so that many clients don't come at once. It stays short,
/// since whatever changed meanwhile waits as long after the server is back, and one attempt costs nobody anything.
struct Backoff: Hashable, Sendable {
    static let shortest = Duration.milliseconds(200)
    static let longest = Duration.seconds(2)
    private(set) var failures = 0

    mutating func reset() { failures = 0 }

    /// `random` in 0..<1. Between 75 and 100 % of the current delay.
    mutating func next(random: Double) -> Duration {
        let full = min(Self.longest, Self.shortest * (1 << min(failures, 10)))
        failures += 1
        return full * (0.75 + 0.25 * random)
    }
}
