import DequeModule
import HeapModule
import Reconcile
import SyncModel

/// What is counted of the deletions in the store, so that a decision on one looks at no other. Made of the store after a restart.
struct DeletionLedger: Sendable {
    /// The deletions of one object at one side are counted together.
    struct Kind: Hashable, Sendable {
        var object: String
        var side: Side
    }

    struct Book: Sendable {
        /// Those that wait, and those that were carried.
        var learned: TimeCounts
        var recent = TimeCounts(span: DeletionGate.recentSpan)
        var carried: TimeCounts
        var held = 0
        var latest = Timestamp(milliseconds: 0)
        let window: Int64

        init(window: Int64) {
            self.window = window
            learned = TimeCounts(span: window)
            carried = TimeCounts(span: window)
        }
    }

    /// How many entries an object had at a time.
    struct Size: Sendable {
        var count: Int
        var time: Timestamp

        func isFresh(at now: Timestamp) -> Bool {
            time <= now && now < time.advanced(byMilliseconds: DeletionGate.recentSpan)
        }
    }

    private struct Due: Comparable, Sendable {
        var time: Timestamp
        var pair: PairID
        static func < (lhs: Due, rhs: Due) -> Bool { (lhs.time, lhs.pair) < (rhs.time, rhs.pair) }
    }

    private var books: [Kind: Book] = [:]
    /// Pairs to be looked at again; one may stand here although nothing is to be done about it any more.
    private var waiting = Heap<Due>()
    /// What was carried and when it stops to count.
    private var expiring: Deque<(time: Timestamp, pair: PairID)> = []

    mutating func add(_ deletion: Deletion, of pair: PairID, window: Int64) {
        let kind = Kind(object: deletion.object, side: deletion.side)
        var book = books[kind] ?? Book(window: window)
        switch deletion.state {
        case .waiting: count(deletion, &book)
        case .carried(let time):
            count(deletion, &book)
            book.carried.add(time)
            expiring.append((time.advanced(byMilliseconds: window), pair))
        case .held: book.held += 1
        case .approved, .rejected: break
        }
        books[kind] = book
    }

    private func count(_ deletion: Deletion, _ book: inout Book) {
        book.learned.add(deletion.learned)
        book.recent.add(deletion.learned)
        book.latest = max(book.latest, deletion.learned)
    }

    mutating func remove(_ deletion: Deletion) {
        let kind = Kind(object: deletion.object, side: deletion.side)
        guard var book = books[kind] else { return }
        switch deletion.state {
        case .waiting: discount(deletion, &book)
        case .carried(let time):
            discount(deletion, &book)
            book.carried.remove(time)
        case .held: book.held -= 1
        case .approved, .rejected: break
        }
        books[kind] = book
    }

    private func discount(_ deletion: Deletion, _ book: inout Book) {
        book.learned.remove(deletion.learned)
        book.recent.remove(deletion.learned)
    }

    func held(_ kind: Kind) -> Int { books[kind]?.held ?? 0 }
    var allHeld: Int { books.values.reduce(0) { $0 + $1.held } }

    /// Without the object's entries.
    mutating func tally(_ kind: Kind, now: Timestamp) -> DeletionGate.Tally {
        guard var book = books[kind] else {
            return DeletionGate.Tally(learned: 0, carried: 0, recent: 0, latest: now, entries: 0)
        }
        let start = now.advanced(byMilliseconds: -book.window)
        let carried = book.carried.count(since: start)
        let tally = DeletionGate.Tally(
            learned: book.learned.count(since: start) + book.held,
            carried: carried,
            recent: book.recent.count(since: now.advanced(byMilliseconds: -DeletionGate.recentSpan)),
            latest: book.latest,
            entries: 0
        )
        books[kind] = book
        return tally
    }

    // MARK: Time

    mutating func wait(_ pair: PairID, until time: Timestamp) { waiting.insert(Due(time: time, pair: pair)) }

    mutating func takeDue(now: Timestamp) -> [PairID] {
        var due: [PairID] = []
        while let first = waiting.min, first.time <= now { due.append(waiting.removeMin().pair) }
        return due
    }

    var nextDue: Timestamp? { waiting.min?.time }

    /// The pairs of deletions that count no more, as far as they were not counted anew since.
    mutating func takeExpired(now: Timestamp) -> [PairID] {
        var expired: [PairID] = []
        while let first = expiring.first, first.time <= now { expired.append(expiring.removeFirst().pair) }
        return expired
    }
}
