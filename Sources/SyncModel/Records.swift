/// A write that was decided and is not yet confirmed, with what its confirmation will move the base to.
package struct Intent: Hashable, Sendable {
    package var write: Write
    /// The canonical attributes that the write carries; all of them for an add.
    package var target: [CanonicalChange]
    package var since: Timestamp
    /// The memberships that the write edits.
    package var links: [LinkChange]

    package struct LinkChange: Hashable, Sendable {
        package var link: LinkID
        package var isPresent: Bool
        /// What is written for it.
        package var value: Octets
        /// Whether the other side had no value for it when it was decided: there it followed from other memberships.
        package var isImplied: Bool
        /// Whether it ended with an entry of the other side while it was on its way: the answer agrees on nothing, but the value stands for it still.
        package var isVoid: Bool

        package init(link: LinkID, isPresent: Bool, value: Octets, isImplied: Bool = false, isVoid: Bool = false) {
            self.link = link
            self.isPresent = isPresent
            self.value = value
            self.isImplied = isImplied
            self.isVoid = isVoid
        }
    }

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

    package init(write: Write, target: [CanonicalChange], since: Timestamp, links: [LinkChange] = []) {
        self.write = write
        self.target = target
        self.since = since
        self.links = links
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
    /// A membership moved, or its member came to be on both sides.
    case membership = 6

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
    /// Some of the group's memberships can't be written; how many, and what the server said of the first.
    case members(Side, count: Int, Refusal)
    /// The side does not show the entry any more, and nothing proves that it was deleted there.
    case vanished(Side)
    /// The side shows an entry from before the time until when everything there was known, and it was not: it was deleted since, and has come back with an
    /// older state of its server.
    case returned(Side)
    /// The account may not read these attributes any more, which had values: they are left as they were known, and nothing of them is carried.
    case unreadable(Side, attributes: [String])
}

package struct QuarantineRecord: Hashable, Sendable {
    package var reason: QuarantineReason
    package var attempts: Int
    package var since: Timestamp
    /// When it is tried again by itself; nil: when the entry, its obstacle or the configuration changes, or on request.
    package var next: Timestamp?
    /// A person has dropped it: it is not tried again before the entry changes or somebody asks for it.
    package var isDropped: Bool

    package init(
        reason: QuarantineReason,
        attempts: Int,
        since: Timestamp,
        next: Timestamp?,
        isDropped: Bool = false
    ) {
        self.isDropped = isDropped
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
        /// Whether this pair is a member of the group.
        case member(PairID)
    }
    package enum Decision: UInt8, Hashable, Sendable {
        /// The configured side was preferred.
        case preferredSide = 0
        /// The mapping rule goes one way only.
        case direction = 1
        /// A change outlives a delete.
        case changeWins = 2
        case deleteWins = 3
        /// The membership comes from a nested group or from a primary group, where it can't be taken away.
        case implied = 4
        /// It was set later, beyond the uncertainty of both clocks.
        case later = 5
        /// As good as simultaneous; the other's author or server ranks lower.
        case provenance = 6
        /// The rule names the side.
        case configuredSide = 7
        /// The other value was ours, and nobody's intent.
        case ownWrite = 8
        /// It waits for a person, as the rule demands.
        case held = 9
        /// It waits for a person: two writers overwrite each other without end.
        case oscillation = 10
        /// A person took this value.
        case person = 11
        /// As good as simultaneous: an account that one side disabled is disabled.
        case disableWins = 12
        /// The other value was there before, and has come back with an older state of its server.
        case older = 13
        /// Nobody can tell whether the other value, or its absence, is from before its server was set back.
        case undated = 14
    }

    package var pair: PairID
    package var object: String?
    package var subject: Subject
    package var base: [Octets]
    package var values: PerSide<[Octets]>
    /// The side whose value stands; of a held conflict, the one that stood when it was found.
    package var winner: Side
    package var decision: Decision
    package var rule: ConflictRule
    /// When, where and by whom each value was set, as far as that was needed and known.
    package var stamps: PerSide<Stamp?>
    /// Found when both entries were joined: a difference from before, not two changes.
    package var isJoin: Bool
    package var time: Timestamp

    /// Whether neither value is written until a person decides.
    package var isHeld: Bool { decision == .held || decision == .oscillation }

    package init(
        pair: PairID,
        object: String?,
        subject: Subject,
        base: [Octets],
        values: PerSide<[Octets]>,
        winner: Side,
        decision: Decision,
        rule: ConflictRule = .newest,
        stamps: PerSide<Stamp?> = PerSide(both: nil),
        isJoin: Bool,
        time: Timestamp
    ) {
        self.rule = rule
        self.stamps = stamps
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

/// Names a conflict of the report; never reused.
package struct ConflictID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    package static func < (lhs: ConflictID, rhs: ConflictID) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// How a held conflict ends.
package enum ConflictChoice: Hashable, Sendable {
    case side(Side)
    /// What both last agreed on.
    case base
    /// Neither: these values, in canonical form.
    case values([Octets])
    /// No person's choice: both sides came to agree by themselves.
    case agreement
}

/// How a conflict was settled after it was reported.
package struct ConflictResolution: Hashable, Sendable {
    package var choice: ConflictChoice
    package var time: Timestamp

    package init(choice: ConflictChoice, time: Timestamp) {
        self.choice = choice
        self.time = time
    }
}

/// A person's decision on one attribute of a pair that is still to be carried out. It stands as long as neither side moved to something else than was there
/// when it was made.
package struct Settlement: Hashable, Sendable {
    package var conflict: ConflictID
    /// What both sides are to show.
    package var values: [Octets]
    /// What the sides showed when it was decided.
    package var seen: PerSide<[Octets]>
    package var time: Timestamp

    package init(conflict: ConflictID, values: [Octets], seen: PerSide<[Octets]>, time: Timestamp) {
        self.conflict = conflict
        self.values = values
        self.seen = seen
        self.time = time
    }
}

/// What was changed where, and why: one line of a pair's history.
package struct HistoryRecord: Hashable, Sendable {
    package enum Event: UInt8, Hashable, Sendable {
        case added = 0
        case modified, renamed, deleted, joined, quarantined, conflict
        case membersChanged
    }
    /// One membership that was written.
    package struct MemberChange: Hashable, Sendable {
        package var member: PairID
        package var isPresent: Bool

        package init(member: PairID, isPresent: Bool) {
            self.member = member
            self.isPresent = isPresent
        }
    }
    package var pair: PairID
    package var time: Timestamp
    package var event: Event
    /// The side that was written.
    package var side: Side
    package var cause: DirtyCause
    /// Canonical names of what was changed.
    package var attributes: [String]
    /// The group's members that came and went, of pair `pair`.
    package var members: [MemberChange]
    /// What the written side showed of `attributes` before, in canonical form; of a deleted entry, all that it showed.
    package var before: Attributes

    package init(
        pair: PairID,
        time: Timestamp,
        event: Event,
        side: Side,
        cause: DirtyCause,
        attributes: [String],
        members: [MemberChange] = [],
        before: Attributes = Attributes()
    ) {
        self.before = before
        self.members = members
        self.pair = pair
        self.time = time
        self.event = event
        self.side = side
        self.cause = cause
        self.attributes = attributes
    }
}
