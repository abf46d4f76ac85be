package import SyncModel

/// Whether a deletion that one side told may be carried to the other now. Only deletions ever wait here.
package struct DeletionGate: Hashable, Sendable {
    /// Milliseconds from when a deletion is learned until it is carried.
    package var grace: Int64
    package var limit: DeletionLimit?

    /// The deletions of one object at one side that no person has decided about, this one among them.
    package struct Tally: Hashable, Sendable {
        /// Learned within the limit's window, whatever became of them, and those that are held from before.
        package var learned: Int
        /// Carried within the window.
        package var carried: Int
        /// Learned within the last `recentSpan`, and when the last one was.
        package var recent: Int
        package var latest: Timestamp
        /// The object's entries, those that were carried included; at least `DeletionLimit.decidingEntries` where there are more.
        package var entries: Int

        package init(learned: Int, carried: Int, recent: Int, latest: Timestamp, entries: Int) {
            self.learned = learned
            self.carried = carried
            self.recent = recent
            self.latest = latest
            self.entries = entries
        }
    }

    package enum Verdict: Hashable, Sendable {
        case carry
        case wait(until: Timestamp)
        /// There are more than `allowed`; a person must decide about all that are not yet carried.
        case hold(allowed: Int)
    }

    /// Milliseconds. Many that come together may be the beginning of too many: from the next one on they wait until no more come for `quiet`, at most for `longest`.
    package static let recentSpan: Int64 = 10_000
    package static let quiet: Int64 = 1_000
    package static let longest: Int64 = 10_000

    package init(grace: Int64 = 0, limit: DeletionLimit? = nil) {
        self.grace = grace
        self.limit = limit
    }

    /// Whether every deletion is carried at once, so that none needs to be counted.
    package var isOpen: Bool { grace == 0 && limit == nil }

    package func verdict(on deletion: Deletion, _ tally: Tally, now: Timestamp) -> Verdict {
        var due = deletion.learned.advanced(byMilliseconds: grace)
        switch deletion.state {
        // It counts already, and is only tried again.
        case .carried: return .carry
        // A person lifted the limit; the grace is for who brings the entry back.
        case .approved: break
        // Only a person ends that, whatever the limit is now.
        case .held: return .hold(allowed: limit?.allowed(of: tally.entries) ?? 0)
        case .waiting, .rejected:
            guard let limit else { break }
            let allowed = limit.allowed(of: tally.entries)
            if max(tally.learned, tally.carried + 1) > allowed { return .hold(allowed: allowed) }
            if tally.recent > DeletionLimit.least {
                let quiet = tally.latest.advanced(byMilliseconds: Self.quiet)
                due = max(due, min(quiet, deletion.learned.advanced(byMilliseconds: Self.longest)))
            }
        }
        return now < due ? .wait(until: due) : .carry
    }
}
