import DequeModule
import SyncModel

/// The order in which dirty pairs are looked at. The durable queue is the store's dirty table; this is what is known of it in memory, within limits:
/// urgent pairs first, then pairs that just moved, then those that waited for a place in a window, then the table from where the last pass stopped.
struct WorkQueue {
    private static let limit = 10_000
    private var hot = Lines()
    private var blocked = PerSide<Lines>(both: Lines())
    private var delayed: [(time: Timestamp, pair: PairID)] = []
    /// Who lost access on one side, until that stands on the other. The store has them as well.
    private(set) var urgent: Set<PairID> = []
    /// The table holds pairs that are not in memory.
    private(set) var hasBacklog = true
    var backlogPosition: PairID?

    /// Pairs in the order in which they came, each once.
    private struct Line {
        private var pairs: Deque<PairID> = []
        private var members: Set<PairID> = []

        var count: Int { pairs.count }
        var isEmpty: Bool { pairs.isEmpty }

        func contains(_ pair: PairID) -> Bool { members.contains(pair) }

        mutating func append(_ pair: PairID) {
            if members.insert(pair).inserted { pairs.append(pair) }
        }

        mutating func popFirst() -> PairID? {
            guard let pair = pairs.popFirst() else { return nil }
            members.remove(pair)
            return pair
        }

        mutating func remove(_ pair: PairID) -> Bool {
            guard members.remove(pair) != nil else { return false }
            pairs.removeAll { $0 == pair }
            return true
        }
    }

    /// Two lines, of which the urgent one is served first.
    private struct Lines {
        var urgent = Line()
        var usual = Line()

        var count: Int { urgent.count + usual.count }

        mutating func append(_ pair: PairID, isUrgent: Bool) {
            if isUrgent { urgent.append(pair) } else { usual.append(pair) }
        }
    }

    mutating func append(_ pair: PairID) {
        let isUrgent = urgent.contains(pair)
        guard !hot.urgent.contains(pair), !hot.usual.contains(pair) else { return }
        guard isUrgent || hot.usual.count < WorkQueue.limit else {
            walkAgain()
            return
        }
        hot.append(pair, isUrgent: isUrgent)
    }

    /// The pair goes before all others from now on, also where it stands in a line already.
    mutating func setUrgent(_ pair: PairID) {
        guard urgent.insert(pair).inserted, hot.usual.remove(pair) else { return }
        append(pair)
    }

    mutating func setCalm(_ pair: PairID) { urgent.remove(pair) }

    func isUrgent(_ pair: PairID) -> Bool { urgent.contains(pair) }

    mutating func popHot() -> PairID? { hot.urgent.popFirst() ?? hot.usual.popFirst() }

    /// The pair's write waits for a place in the side's window.
    mutating func block(_ pair: PairID, on side: Side) {
        let isUrgent = urgent.contains(pair)
        guard isUrgent || blocked[side].usual.count < WorkQueue.limit else {
            walkAgain()
            return
        }
        blocked[side].append(pair, isUrgent: isUrgent)
    }

    mutating func popBlocked(on side: Side) -> PairID? { blocked[side].usual.popFirst() }
    mutating func popUrgentBlocked(on side: Side) -> PairID? { blocked[side].urgent.popFirst() }

    func blockedCount(on side: Side) -> Int { blocked[side].usual.count }
    func urgentBlockedCount(on side: Side) -> Int { blocked[side].urgent.count }

    mutating func delay(_ pair: PairID, until time: Timestamp) {
        delayed.append((time, pair))
    }

    /// Brings back what waited for its time.
    mutating func releaseDelayed(now: Timestamp) {
        guard delayed.contains(where: { $0.time <= now }) else { return }
        let due = delayed.filter { $0.time <= now }
        delayed.removeAll { $0.time <= now }
        for entry in due { append(entry.pair) }
    }

    /// The clock was set back by so many milliseconds: what waits does not wait longer for that.
    mutating func setBack(by milliseconds: Int64) {
        for index in delayed.indices {
            delayed[index].time = delayed[index].time.advanced(byMilliseconds: -milliseconds)
        }
    }

    var nextDelayed: Timestamp? { delayed.map(\.time).min() }

    /// The table is to be walked (again) from its start, what is urgent in it first.
    mutating func recallBacklog() {
        walkAgain()
        for pair in urgent.sorted() { append(pair) }
    }

    private mutating func walkAgain() {
        hasBacklog = true
        backlogPosition = nil
    }

    mutating func finishBacklog() {
        hasBacklog = false
        backlogPosition = nil
    }

    /// Pairs that are held in memory and still have to be in the durable table when a transaction ends.
    var hasHot: Bool { hot.count > 0 }
    var hasUrgentHot: Bool { !hot.urgent.isEmpty }
    var isIdle: Bool { !hasHot && !hasBacklog && delayed.isEmpty }
}
