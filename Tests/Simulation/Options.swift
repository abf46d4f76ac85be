extension World {
    /// What one history is made from: the same options give the same history, whenever and wherever it is played.
    package struct Options: Sendable {
        package var seed: UInt64
        package var steps: Int
        /// The turns that are taken, of 0 up to `steps`; nil: all. Each draws its own numbers, so that one that is left out changes no other's.
        package var turns: [Int]?
        package var mutant: Mutant?
        /// Where the process is killed besides what the seed says.
        package var kill: KillPoint?
        package var tracesRows = false
        /// Whether the trace is written: it costs more than the history.
        package var keepsTrace = true
        /// Whether slapd rewrites members' names some time after its answer to the rename or deletion.
        package var followsLate: Bool
        let groups: GroupForm?
        let hazards: Hazards

        package init(seed: UInt64, steps: Int, mutant: Mutant? = nil) {
            (self.seed, self.steps, self.mutant) = (seed, steps, mutant)
            groups = GroupForm.ofWorld(seed)
            hazards = Hazards.ofWorld(seed)
            followsLate = (groups == .member || groups == .flattened) && seed / 20 % 2 == 1
        }

        /// Seeds below draw all numbers of a history from one stream, as all did once: what they showed then they still play.
        package static let firstWithOwnStreams: UInt64 = 1_000_000
        var hasOwnStreams: Bool { seed >= Self.firstWithOwnStreams }
        /// Seeds below play in worlds that knew less, and show what they showed then: who was deleted is created again only at rest, deletes come one by one,
        /// no server is restored, and each can tell of attributes.
        package static let firstOfFullWorlds: UInt64 = 10_000_000
        var isFull: Bool { seed >= Self.firstOfFullWorlds }
        /// In worlds of seeds below the account may read whatever there is.
        package static let firstWithRights: UInt64 = 200_000_000
        package var losesRights: Bool { hazards.contains(.lostRights) }
        /// Whether more than a few deletes are held for a person.
        package var limitsDeletes: Bool { hasOwnStreams && groups == nil && seed % 3 == 1 }
        /// Whether people, and containers with people in them, are deleted many at once.
        package var deletesTogether: Bool { isFull && limitsDeletes }
        /// Whether containers are moved out of the scope, and back, with all that stands in them.
        var hasExile: Bool { groups != nil && seed / 5 % 4 == 1 }
    }

    /// A transaction of the engine, counted from 0.
    package struct KillPoint: Hashable, Sendable {
        package var commit: Int
        /// Whether nothing of the transaction was kept; else all of it was, and its writes were never sent.
        package var isBefore: Bool

        package init(commit: Int, isBefore: Bool) { (self.commit, self.isBefore) = (commit, isBefore) }
    }
}
