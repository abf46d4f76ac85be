/// When memberships are asked for by DirSync.
///
/// The server looks at every member of each group that changed. Under a stream of changes, questions without a pause
/// would keep it from its other work; after one, all that changed meanwhile is asked for at once.
struct MemberPace: Hashable, Sendable {
    /// So many times as long as the answer took.
    static let pauseFactor = 4
    static let shortestPause = Duration.milliseconds(25)
    static let longestPause = Duration.milliseconds(500)
    /// The end of a longer pause is left to the pulse.
    static let shortPause = Duration.milliseconds(50)
    /// Where it costs little it is asked from time to time although no group seems to have changed.
    static let pulse = Duration.seconds(1)

    /// What is asked for as soon as the pause is over: a group changed, or the last answer was not all.
    private(set) var isOwed = false
    /// Whether the last look showed memberships, so that the next is likely to.
    private(set) var isExpected = false
    private var lastAnswer: ContinuousClock.Instant?
    private var pauseEnd: ContinuousClock.Instant?

    func isPausing(_ now: ContinuousClock.Instant) -> Bool {
        pauseEnd.map { now < $0 } ?? false
    }

    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        lastAnswer.map { now - $0 > Self.pulse } ?? true
    }

    /// Entries were told, among them perhaps groups.
    mutating func saw(groups: Bool) {
        isOwed = isOwed || groups
        isExpected = groups
    }

    /// What was asked for is told.
    mutating func answered(_ now: ContinuousClock.Instant, isEmpty: Bool, hasMore: Bool) {
        lastAnswer = now
        isOwed = hasMore
        isExpected = !isEmpty
    }

    /// Changes came while the server answered, for which it took `duration`.
    mutating func isOvertaken(_ now: ContinuousClock.Instant, after duration: Duration) {
        guard !isOwed else { return }
        pauseEnd = now + min(max(duration * Self.pauseFactor, Self.shortestPause), Self.longestPause)
    }

    /// What is left of a pause that is worth waiting for, with everything; nil where there is none.
    func wait(_ now: ContinuousClock.Instant) -> Duration? {
        guard let pauseEnd, pauseEnd > now, pauseEnd - now <= Self.shortPause else { return nil }
        return pauseEnd - now
    }
}
