/// When memberships are asked for by DirSync.
///
/// The server looks at every member of each group that changed. Under a stream of changes, questions without a pause
/// would keep it from its other work, which may be our own writes; so the end of the stream is waited for, for a while,
/// and then all that changed meanwhile is asked for at once.
struct MemberPace: Hashable, Sendable {
    /// A stream has ended when no group changed for so long.
    static let quiet = Duration.milliseconds(25)
    /// It is waited for so many times as long as the answer took.
    static let patienceFactor = 16
    static let leastPatience = Duration.milliseconds(50)
    static let mostPatience = Duration.milliseconds(500)
    /// Where it costs little it is asked from time to time although no group seems to have changed. Not often: Samba (4.17) keeps a part of each such
    /// request for ever, and every other request walks past all of them; 1,000 make a search 0.3 ms slower.
    static let pulse = Duration.seconds(60)

    /// What is asked for as soon as the pause is over: a group changed, or the last answer was not all.
    private(set) var isOwed = false
    /// Whether the last look showed memberships, so that the next is likely to.
    private(set) var isExpected = false
    private var lastAnswer: ContinuousClock.Instant?
    private var pauseEnd: ContinuousClock.Instant?
    /// Within a stream of changes: until when its end is waited for.
    private var patienceEnd: ContinuousClock.Instant?

    /// Whether changes have been coming faster than they could be told: then it is to be seen first that none came since.
    func isInStream(_ now: ContinuousClock.Instant) -> Bool {
        patienceEnd.map { now < $0 } ?? false
    }

    func isPausing(_ now: ContinuousClock.Instant) -> Bool {
        pauseEnd.map { now < $0 } ?? false
    }

    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        lastAnswer.map { now - $0 > Self.pulse } ?? true
    }

    /// Entries were told, among them perhaps groups.
    mutating func saw(groups: Bool, _ now: ContinuousClock.Instant) {
        isOwed = isOwed || groups
        isExpected = groups
        if groups, let patienceEnd, now < patienceEnd { pauseEnd = min(now + Self.quiet, patienceEnd) }
    }

    /// What was asked for is told.
    mutating func answered(_ now: ContinuousClock.Instant, isEmpty: Bool, hasMore: Bool) {
        lastAnswer = now
        patienceEnd = nil
        isOwed = hasMore
        isExpected = !isEmpty
    }

    /// Changes came while the server answered, for which it took `duration`.
    mutating func isOvertaken(_ now: ContinuousClock.Instant, after duration: Duration) {
        guard !isOwed else { return }
        pauseEnd = now + Self.quiet
        patienceEnd = now + min(max(duration * Self.patienceFactor, Self.leastPatience), Self.mostPatience)
    }

    /// What is left of a pause, which is waited for with everything; nil where there is none.
    func wait(_ now: ContinuousClock.Instant) -> Duration? {
        guard let pauseEnd, pauseEnd > now else { return nil }
        return pauseEnd - now
    }
}
