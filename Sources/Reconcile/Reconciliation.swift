package import SyncModel

/// Both sides moved the same thing to different values since the base.
package struct Conflict: Hashable, Sendable {
    package var subject: ConflictRecord.Subject
    package var base: [Octets]
    package var values: PerSide<[Octets]>
    /// The side whose value stands; where neither is written, the preferred one.
    package var winner: Side
    package var decision: ConflictRecord.Decision
    package var rule = ConflictRule.newest
    package var stamps = PerSide<Stamp?>(both: nil)

    /// Whether neither value is written until a person decides.
    package var isHeld: Bool { decision == .held || decision == .oscillation }
}

/// What reconciling one pair calls for.
package struct Reconciliation: Hashable, Sendable {
    package enum Existence: Hashable, Sendable {
        /// Both sides have the entry: `changes` says what each is to take over.
        case both
        case create(Side)
        case delete(Side)
        /// It is gone from both sides.
        case forget
        /// Nothing may be concluded or written.
        case suspended
    }
    package var existence: Existence
    /// What both sides last agreed on: the old base, moved where the sides now show the same.
    package var base: Attributes?
    /// What both are to show.
    package var target: Attributes
    /// The canonical attributes that each side must take over from `target`, sorted.
    package var changes: PerSide<[String]>
    package var conflicts: [Conflict]
    /// The canonical attributes of which nothing moves before it is known when, where and by whom they were set.
    package var needsStamps: [String] = []
    /// The canonical attributes with which an entry is made again as agreed, although its other side shows something else, of which nobody can tell whether it is from
    /// before that side was set back: the base stays, and a person decides when both sides have the entry.
    package var undecided: [String] = []
    /// The settlements that are done, or that somebody's later change has overtaken.
    package var endedSettlements: [String] = []
    /// The side on which the entry has come back though both had agreed that it is gone; nothing is decided of it.
    package var returned: Side?

    package init(existence: Existence, base: Attributes?, target: Attributes = Attributes()) {
        self.existence = existence
        self.base = base
        self.target = target
        self.changes = PerSide(both: [])
        self.conflicts = []
    }
}

/// How a pair's existence is decided.
package struct ExistenceRule: Hashable, Sendable {
    /// Where entries may be created and deleted.
    package var direction: Direction
    /// A change outlives a delete on the other side; else the delete wins.
    package var changeWins: Bool
    /// Canonical names that are no change against a delete: what the policy for deletes writes itself.
    package var unheeded: Set<String>

    package init(direction: Direction = .both, changeWins: Bool = true, unheeded: Set<String> = []) {
        self.unheeded = unheeded
        self.direction = direction
        self.changeWins = changeWins
    }
}
