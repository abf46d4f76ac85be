import SyncModel

/// Entries whose values are asked for again, since something in them could not be understood.
struct Rereads: Sendable {
    /// In all some 6 seconds.
    private static let limit = 7
    /// Of some 50 seconds, as it doubles each time.
    private static let longestPause = 10
    /// In milliseconds, between two questions for one entry that many have, or that waits for others.
    private static let pause: Int64 = 500
    private var attempts: [Anchor: Int] = [:]
    private var askedLast: [Anchor: Timestamp] = [:]
    private var due: [(time: Timestamp, anchor: Anchor, isWatch: Bool)] = []
    /// Entries whose groups are looked for again.
    private var dueGroups: [(time: Timestamp, anchor: Anchor)] = []
    /// Whether what is due differs from what was written down last.
    private var isChanged = false
    private static let mostKept = 1_000

    /// What is due, to be written down: 16 octets for each entry, behind one that tells whether its groups are looked for. Nil where that is as before.
    mutating func takeChanged() -> Octets? {
        guard isChanged else { return nil }
        isChanged = false
        let members = Set(due.map(\.anchor)).sorted().prefix(Self.mostKept)
        let groups = Set(dueGroups.map(\.anchor)).sorted().prefix(Self.mostKept)
        return Octets(members.flatMap { [0] + $0.octets } + groups.flatMap { [1] + $0.octets })
    }

    /// Asks anew for what was due when the last process ended.
    mutating func recall(_ octets: Octets, now: Timestamp) {
        for start in stride(from: 0, to: octets.count - 16, by: 17) {
            guard let anchor = Anchor(octets: octets.bytes[(start + 1)..<(start + 17)]) else { continue }
            if octets.bytes[start] == 1 { watchGroups(of: anchor, now: now) } else { watch(anchor, now: now) }
        }
    }

    /// Whether something is yet to be understood.
    var isAsking: Bool { due.contains { !$0.isWatch } }

    func isAsking(_ anchor: Anchor) -> Bool { due.contains { !$0.isWatch && $0.anchor == anchor } }

    var next: Timestamp? { (due.map(\.time) + dueGroups.map(\.time)).min() }

    /// The clock was set back by so many milliseconds.
    mutating func setBack(by milliseconds: Int64) {
        for index in due.indices { due[index].time = due[index].time.advanced(byMilliseconds: -milliseconds) }
        for index in dueGroups.indices {
            dueGroups[index].time = dueGroups[index].time.advanced(byMilliseconds: -milliseconds)
        }
    }

    /// False where it was asked for often enough, and what is told must count.
    mutating func askAgain(_ anchor: Anchor, now: Timestamp) -> Bool {
        // What was asked for by somebody else meanwhile is no attempt.
        if isAsking(anchor) { return true }
        let attempt = attempts[anchor, default: 0]
        guard attempt < Self.limit else {
            attempts[anchor] = nil
            return false
        }
        attempts[anchor] = attempt + 1
        isChanged = true
        due.append((now.advanced(byMilliseconds: 50 << Int64(attempt)), anchor, false))
        return true
    }

    /// Asks again when others that are being read may be known by their names, however long that takes: that is no attempt.
    mutating func askAfterNames(_ anchor: Anchor, now: Timestamp) {
        guard !isAsking(anchor) else { return }
        isChanged = true
        due.append((now.advanced(byMilliseconds: Self.pause), anchor, false))
    }

    /// Asks once more for what was told of a time before what is known, which can't count however often it is told: after longer and longer pauses.
    mutating func askUntilAnswered(_ anchor: Anchor, now: Timestamp) {
        let attempt = attempts[anchor, default: 0]
        let time = now.advanced(byMilliseconds: 50 << Int64(attempt))
        guard !due.contains(where: { $0.anchor == anchor && $0.time <= time }) else { return }
        attempts[anchor] = min(attempt + 1, Self.longestPause)
        isChanged = true
        due.append((time, anchor, false))
    }

    /// Whether an entry may be asked for at once. One that was just now is asked for a moment later, once for all who want to know: of a group that names ten thousand
    /// people before they are there each one would read all members.
    mutating func mayAskAtOnce(_ anchor: Anchor, now: Timestamp) -> Bool {
        if let last = askedLast[anchor], last <= now, now < last.advanced(byMilliseconds: Self.pause) {
            let time = last.advanced(byMilliseconds: Self.pause)
            if !due.contains(where: { $0.anchor == anchor && $0.time <= time }) {
                isChanged = true
                due.append((time, anchor, true))
            }
            return false
        }
        if askedLast.count >= Self.mostKept { askedLast = [:] }
        askedLast[anchor] = now
        return true
    }

    /// Asks a few times for an entry that may change without a word.
    mutating func watch(_ anchor: Anchor, now: Timestamp) {
        guard !due.contains(where: { $0.anchor == anchor }) else { return }
        isChanged = true
        for delay: Int64 in [100, 2_000, 20_000] { due.append((now.advanced(byMilliseconds: delay), anchor, true)) }
    }

    /// Looks once more for the groups of an entry that has another name now.
    mutating func watchGroups(of anchor: Anchor, now: Timestamp) {
        isChanged = true
        for delay: Int64 in [2_000, 20_000] { dueGroups.append((now.advanced(byMilliseconds: delay), anchor)) }
    }

    func isWatchingGroups(of anchor: Anchor) -> Bool { dueGroups.contains { $0.anchor == anchor } }

    mutating func takeDueGroups(now: Timestamp) -> [Anchor] {
        guard dueGroups.contains(where: { $0.time <= now }) else { return [] }
        let taken = dueGroups.filter { $0.time <= now }.map(\.anchor)
        dueGroups.removeAll { $0.time <= now }
        isChanged = true
        return taken
    }

    /// When an entry is asked for since something in it could not be understood: whoever takes this asks then.
    mutating func takeNext(_ anchor: Anchor) -> Timestamp? {
        let next = due.filter { !$0.isWatch && $0.anchor == anchor }.map(\.time).min()
        guard next != nil else { return nil }
        due.removeAll { !$0.isWatch && $0.anchor == anchor }
        isChanged = true
        return next
    }

    mutating func forget(_ anchor: Anchor) {
        if !attempts.isEmpty { attempts[anchor] = nil }
    }

    mutating func takeDue(now: Timestamp) -> [Anchor] {
        guard due.contains(where: { $0.time <= now }) else { return [] }
        let taken = due.filter { $0.time <= now }.map(\.anchor)
        due.removeAll { $0.time <= now }
        for anchor in taken where askedLast[anchor] != nil { askedLast[anchor] = now }
        isChanged = true
        return taken
    }
}
