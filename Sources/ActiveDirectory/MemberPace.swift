internal import SyncModel

/// When memberships are asked for by DirSync.
///
/// The server looks at every member of each group that changed. Under a stream of changes, questions without a pause
/// would keep it from its other work, which may be our own writes; so the end of the stream is waited for, for a while,
/// and then all that changed meanwhile is asked for at once.
struct MemberPace: Hashable, Sendable {
    /// A stream has ended when no group changed for so long.
    static let quiet = Duration.milliseconds(25)
    /// It is waited for so many times as long as the next answer is going to take, by what the last one took for each of its groups.
    static let patienceFactor = 16
    static let leastPatience = Duration.milliseconds(50)
    static let mostPatience = Duration.seconds(1)
    /// Where it costs little it is asked from time to time although no group seems to have changed. Not often: Samba (4.17) keeps a part of each such
    /// request for ever, and every other request walks past all of them; 1,000 make a search 0.3 ms slower.
    static let pulse = Duration.seconds(60)
    /// Where a group may have changed by our own writes alone it is asked only after so long, for what someone else did to it in the same moment; and not before so many
    /// times as long as the last answer took.
    static let ownDelay = Duration.seconds(2)
    static let ownDelayFactor = 20

    /// What a look at the entries that changed has shown.
    enum Sighting: Hashable, Sendable {
        case noGroup
        /// Groups, each of which our own writes may have changed.
        case ownGroups
        case groups(Set<Anchor>)
    }

    /// What is asked for as soon as the pause is over: a group changed, or the last answer was not all.
    private(set) var isOwed = false
    /// What our own writes may have hidden is asked for then.
    private(set) var ownEnd: ContinuousClock.Instant?
    private var earliestOwnEnd: ContinuousClock.Instant?
    /// Whether the last look showed memberships, so that the next is likely to.
    private(set) var isExpected = false
    private var lastAnswer: ContinuousClock.Instant?
    private var pauseEnd: ContinuousClock.Instant?
    /// What the last answer took for each group that it told of.
    private var costPerGroup = Duration.zero
    /// Within a stream of changes, whose end is waited for.
    private var stream: Stream?

    private struct Stream: Hashable {
        var begin: ContinuousClock.Instant
        /// What it has changed so far.
        var groups: Set<Anchor>
    }

    /// Within a stream of changes: until when its end is waited for.
    private var patienceEnd: ContinuousClock.Instant? {
        stream.map { stream in
            let patience = costPerGroup * stream.groups.count * Self.patienceFactor
            return stream.begin + min(max(patience, Self.leastPatience), Self.mostPatience)
        }
    }

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

    /// Whether all is told of the groups that changed.
    var isSettled: Bool { !isOwed && ownEnd == nil }

    /// Whether something is to be asked for now, but for a pause.
    func isOwed(_ now: ContinuousClock.Instant) -> Bool { isOwed || ownEnd.map { $0 <= now } ?? false }

    /// Entries were told, among them perhaps groups.
    mutating func saw(_ sighting: Sighting, _ now: ContinuousClock.Instant) {
        isExpected = false
        switch sighting {
        case .noGroup: break
        case .ownGroups:
            if ownEnd == nil { ownEnd = max(now + Self.ownDelay, earliestOwnEnd ?? now) }
        case .groups(let groups):
            isExpected = true
            isOwed = true
            stream?.groups.formUnion(groups)
            if let patienceEnd, now < patienceEnd { pauseEnd = min(now + Self.quiet, patienceEnd) }
        }
    }

    /// What was asked for is told, of so many groups; the answer took `duration`.
    mutating func answered(_ now: ContinuousClock.Instant, after duration: Duration, groups: Int, hasMore: Bool) {
        // Who changes groups is likely to go on, but of what we do ourselves nothing is awaited.
        isExpected = groups > 0 && (isOwed || isExpected || ownEnd == nil)
        lastAnswer = now
        costPerGroup = duration / max(groups, 1)
        stream = nil
        isOwed = hasMore
        ownEnd = nil
        earliestOwnEnd = now + duration * Self.ownDelayFactor
    }

    /// Entries changed while the server answered, which may be groups.
    mutating func isOvertaken(_ now: ContinuousClock.Instant, by groups: Set<Anchor>) {
        guard !isOwed else { return }
        pauseEnd = now + Self.quiet
        stream = Stream(begin: now, groups: groups)
    }

    /// What is left of a pause, which is waited for with everything; nil where there is none.
    func wait(_ now: ContinuousClock.Instant) -> Duration? {
        guard let pauseEnd, pauseEnd > now else { return nil }
        return pauseEnd - now
    }
}
