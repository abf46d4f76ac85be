/// A write that was decided and is not yet confirmed, with what its confirmation will move the base to.
package struct Intent: Hashable, Sendable {
    package var write: Write
    /// The canonical attributes that the write carries; all of them for an add.
    package var target: [CanonicalChange]
    package var since: Timestamp

    package struct CanonicalChange: Hashable, Sendable {
        package var name: String
        /// What the written side is to show. An empty list means absent.
        package var values: [Octets]
        /// What the other side held when the write was decided, and what the base moves to. Less than `values` where the other side has values to
        /// take over as well: what it never had must not look as if it were removed there.
        package var agreed: [Octets]

        package init(name: String, values: [Octets], agreed: [Octets]) {
            self.name = name
            self.values = values
            self.agreed = agreed
        }
    }

    package init(write: Write, target: [CanonicalChange], since: Timestamp) {
        self.write = write
        self.target = target
        self.since = since
    }
}

/// Why a pair is in the work queue.
package enum DirtyCause: UInt8, Hashable, Sendable {
    case changedAtAD = 0
    case changedAtMiniOrange = 1
    case configuration = 2
    case reference = 3
    case retry = 4
    case request = 5

    package init(changedAt side: Side) { self = side == .ad ? .changedAtAD : .changedAtMiniOrange }
}

package struct DirtyRecord: Hashable, Sendable {
    package var since: Timestamp
    package var cause: DirtyCause

    package init(since: Timestamp, cause: DirtyCause) {
        self.since = since
        self.cause = cause
    }
}

/// Why an entry is set aside.
package enum QuarantineReason: Hashable, Sendable {
    /// A server refused the write.
    case refused(Side, Refusal)
    /// More than one entry fits, or the one that fits also fits another: never guessed.
    case ambiguousMatch(rule: Int, candidates: [Anchor])
    /// Its container has no counterpart on the other side.
    case noCounterpartForParent
    /// A value that the other side must have can't be made from what is there.
    case missingRequiredValue(String)
    /// The entry is protected and must not be written.
    case protected(Side)
}

package struct QuarantineRecord: Hashable, Sendable {
    package var reason: QuarantineReason
    package var attempts: Int
    package var since: Timestamp
    /// When it is tried again by itself; nil: when the entry, its obstacle or the configuration changes, or on request.
    package var next: Timestamp?

    package init(reason: QuarantineReason, attempts: Int, since: Timestamp, next: Timestamp?) {
        self.reason = reason
        self.attempts = attempts
        self.since = since
        self.next = next
    }
}

/// Both sides moved the same thing to different values since the base.
package struct ConflictRecord: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case attribute(String)
        /// Deleted on one side, changed on the other.
        case existence
    }
    package enum Decision: UInt8, Hashable, Sendable {
        /// The configured side was preferred.
        case preferredSide = 0
        /// The mapping rule goes one way only.
        case direction = 1
        /// A change outlives a delete.
        case changeWins = 2
        case deleteWins = 3
    }

    package var pair: PairID
    package var object: String?
    package var subject: Subject
    package var base: [Octets]
    package var values: PerSide<[Octets]>
    package var winner: Side
    package var decision: Decision
    package var isJoin: Bool
    package var time: Timestamp

    package init(
        pair: PairID,
        object: String?,
        subject: Subject,
        base: [Octets],
        values: PerSide<[Octets]>,
        winner: Side,
        decision: Decision,
        isJoin: Bool,
        time: Timestamp
    ) {
        self.pair = pair
        self.object = object
        self.subject = subject
        self.base = base
        self.values = values
        self.winner = winner
        self.decision = decision
        self.isJoin = isJoin
        self.time = time
    }
}

/// What was changed where, and why: one line of a pair's history.
package struct HistoryRecord: Hashable, Sendable {
    package enum Event: UInt8, Hashable, Sendable {
        case added = 0
        case modified, renamed, deleted, joined, quarantined, conflict
    }
    package var pair: PairID
    package var time: Timestamp
    package var event: Event
    /// The side that was written.
    package var side: Side
    package var cause: DirtyCause
    /// Canonical names of what was changed.
    package var attributes: [String]

    package init(pair: PairID, time: Timestamp, event: Event, side: Side, cause: DirtyCause, attributes: [String]) {
        self.pair = pair
        self.time = time
        self.event = event
        self.side = side
        self.cause = cause
        self.attributes = attributes
    }
}
