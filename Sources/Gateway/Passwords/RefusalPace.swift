/// When a refused bind is answered: a name that nobody has takes as long as a wrong password, though no server is asked about it.
///
/// The pace follows the slowest of the recent refusals, and forgets them slowly. Time is handed in.
package struct RefusalPace: Sendable {
    static let shortest = Duration.milliseconds(200)
    static let longest = Duration.seconds(3)

    private var pace = shortest

    package init() {}

    /// From the request to the answer.
    package var current: Duration { pace }

    /// Takes in how long a server needed to refuse a password.
    package mutating func note(_ duration: Duration) {
        pace = min(Self.longest, max(Self.shortest, max(duration, pace * 0.98)))
    }
}
