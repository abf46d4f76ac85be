/// An entry's deletion on one side that the other side is to follow, by the policy of its object. One row a pair, from when it is learned until it is carried,
/// or the entry is there again; what was carried stays as long as it counts against the limit.
package struct Deletion: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        /// For the end of its grace, or for those that come with it.
        case waiting
        case held(HoldID)
        /// By a person: it is carried, and counts no more.
        case approved
        /// By a person: the entry is made again where it was deleted.
        case rejected
        /// By the limit, at this time.
        case carried(Timestamp)
    }

    /// The side that still has the entry, and is to be written.
    package var side: Side
    package var object: String
    package var learned: Timestamp
    /// Who deleted it, as the side's log names him; nil where that is not known.
    package var author: String?
    package var state: State

    package init(side: Side, object: String, learned: Timestamp, author: String? = nil, state: State = .waiting) {
        self.side = side
        self.object = object
        self.learned = learned
        self.author = author
        self.state = state
    }
}

/// How many deletions of one object may be carried to a side without asking a person.
package struct DeletionLimit: Hashable, Sendable {
    package var count: Int
    /// Of the object's entries, 1 to 100.
    package var percent: Int
    /// Milliseconds. What was learned or carried within them counts.
    package var window: Int64

    /// A percentage never asks a person about fewer than that.
    package static let least = 10
    package static let usual = DeletionLimit(count: 500, percent: 5, window: 3_600_000)

    package init(count: Int, percent: Int, window: Int64) {
        self.count = count
        self.percent = percent
        self.window = window
    }

    /// The most deletions within the window, where the object has so many entries.
    package func allowed(of entries: Int) -> Int {
        min(count, max(DeletionLimit.least, entries / 100 * percent + entries % 100 * percent / 100))
    }

    /// From so many entries on the percentage says nothing more than the count.
    package var decidingEntries: Int { percent > 0 ? (count * 100 + percent - 1) / percent : 0 }
}
