import DequeModule
import SyncModel

/// The order in which dirty pairs are looked at. The durable queue is the store's dirty table; this is what is known of it in memory, within limits:
/// pairs that just moved come first, then those that waited for a place in a window, then the table from where the last pass stopped.
struct WorkQueue {
    private static let limit = 10_000
    private var hot: Deque<PairID> = []
    private var isQueued: Set<PairID> = []
    private var blocked = PerSide<Deque<PairID>>(both: [])
    private var delayed: [(time: Timestamp, pair: PairID)] = []
    /// The table holds pairs that are not in memory.
    private(set) var hasBacklog = true
    var backlogPosition: PairID?

    mutating func append(_ pair: PairID) {
        guard !isQueued.contains(pair) else { return }
        guard hot.count < WorkQueue.limit else {
            recallBacklog()
            return
        }
        hot.append(pair)
        isQueued.insert(pair)
    }

    mutating func popHot() -> PairID? {
        guard let pair = hot.popFirst() else { return nil }
        isQueued.remove(pair)
        return pair
    }

    /// The pair's write waits for a place in the side's window.
    mutating func block(_ pair: PairID, on side: Side) {
        guard blocked[side].count < WorkQueue.limit else {
            recallBacklog()
            return
        }
        blocked[side].append(pair)
    }

    mutating func popBlocked(on side: Side) -> PairID? { blocked[side].popFirst() }

    func blockedCount(on side: Side) -> Int { blocked[side].count }

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

    var nextDelayed: Timestamp? { delayed.map(\.time).min() }

    /// The table is to be walked (again) from its start.
    mutating func recallBacklog() {
        hasBacklog = true
        backlogPosition = nil
    }

    mutating func finishBacklog() {
        hasBacklog = false
        backlogPosition = nil
    }

    /// Pairs that are held in memory and still have to be in the durable table when a transaction ends.
    var hotPairs: Deque<PairID> { hot }
    var isIdle: Bool { hot.isEmpty && !hasBacklog && delayed.isEmpty }
}
