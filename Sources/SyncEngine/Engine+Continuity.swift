import Mapping
package import SyncModel

/// What a restart finds: intents that were open, and a mapping that may be another one now.
extension Engine {
    private static let mappingFact = "mapping"
    private static let conflictsFact = "conflicts"

    /// Says whether a read of everything is still to begin, or is under way as the cursor tells.
    private static func reloadFact(_ side: Side) -> String { "reload.\(side.name)" }
    private static let toBegin = Octets([1])
    private static let underWay = Octets([2])

    /// What a side's feed has to read before it goes on.
    package static func readingDemand(_ side: Side, _ store: any StoreTransaction) throws -> ReadingDemand {
        ReadingDemand(
            isAnew: try store.fact(reloadFact(side)) == toBegin,
            isSetBack: try setBack(side, store)?.isRead == false
        )
    }

    /// A cursor came while everything is read anew: where that is cut short, it goes on from there.
    mutating func noteReloading(_ side: Side, _ store: any StoreTransaction) throws {
        guard isReloading[side] else { return }
        try store.setFact(Engine.reloadFact(side), Engine.underWay)
    }

    /// After a start: what was on its way when the last process ended is read again before anything else is decided of it.
    /// Nothing is started yet: the reads go out as soon as their side is connected.
    ///
    /// `mapping` stands for everything that decides which entries and attributes are kept in agreement. Where it is not what the cache was filled by,
    /// both sides are read again as a whole, and nothing is written until both were: what was not asked for before is not known to be absent.
    /// `conflicts` stands for the rules by which conflicts are settled: by other ones, what is held may be decided.
    package mutating func recover(
        _ store: any StoreTransaction,
        mapping: Octets,
        conflicts: Octets = Octets([]),
        now: Timestamp
    ) throws {
        stepTime = now
        try recallRoots(store)
        try recallClocks(store)
        try recallHolds(store)
        stepTime = now
        try recallDeletions(store, now: now)
        try recallCertain(store)
        try recallSetBacks(store)
        try recallLacked(store)
        if let due = try store.fact(Engine.rereadsFact) { rereads.recall(due, now: now) }
        if let keys = try store.fact(Engine.lostKeysFact) { formerNames.recallKeys(keys) }
        if let rows = try store.fact(Engine.writtenOfGoneFact) { writtenOfGone.recall(rows) }
        try recallNamings(store)
        for intent in try store.intents() {
            try repeatAsRead(intent, store, notBefore: now)
        }
        let known = try store.fact(Engine.mappingFact)
        if known == nil { try renewLinks(store) }
        if let known, known != mapping {
            for side in Side.allCases {
                try store.setLoaded(side, false)
                try store.setFact(Engine.reloadFact(side), Engine.toBegin)
            }
            try markAllDirty(.configuration, store, now: now)
            try renewLinks(store)
        }
        try store.setFact(Engine.mappingFact, mapping)
        if try store.fact(Engine.conflictsFact) != conflicts {
            try store.setFact(Engine.conflictsFact, conflicts)
            try recallHeld(store, now: now)
        }
        for side in Side.allCases { isReloading[side] = try store.fact(Engine.reloadFact(side)) != nil }
        for pair in try store.urgentPairs() { queue.setUrgent(pair) }
        queue.recallBacklog()
        nextRetry = now
    }

    private func recallHeld(_ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.heldConflicts) > 0 else { return }
        var pairs: [PairID] = []
        try store.forEachPairID(after: nil) { id in
            if try !store.heldConflicts(of: id).isEmpty { pairs.append(id) }
            return true
        }
        for pair in pairs { try store.markDirty(pair, DirtyRecord(since: now, cause: .configuration)) }
    }

    func markAllDirty(_ cause: DirtyCause, _ store: any StoreTransaction, now: Timestamp) throws {
        var pairs: [PairID] = []
        try store.forEachPairID(after: nil) { id in
            pairs.append(id)
            return true
        }
        for pair in pairs { try store.markDirty(pair, DirtyRecord(since: now, cause: cause)) }
    }

    /// Everything of a side was read by the new mapping. What it no longer takes in leaves the scope, which deletes nothing.
    mutating func endReload(_ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        guard isReloading[side] else { return }
        var anchors: [Anchor] = []
        var misunderstood: [Anchor] = []
        try store.forEachAnchor(side, after: nil) { anchor in
            anchors.append(anchor)
            return true
        }
        for anchor in anchors {
            guard !isVirtual(anchor, side), let replica = try store.replica(side, anchor),
                let name = try name(of: replica, store)
            else {
                continue
            }
            let isTaken = objectOrder.contains {
                $0.mapping.standing(side, name: name, attributes: replica.attributes).isInScope
            }
            // Who is gone meanwhile was not read again.
            if isTaken { try noteBar(replica, store, now: now) }
            if replica.kind != .container && !isTaken {
                try leaveScope(anchor, replica, side, replica.version, store, now: now)
            } else if side == .miniorange, replica.membersVersion == .unordered, replica.version != .unordered,
                isNamingMembers(replica)
            {
                misunderstood.append(anchor)
            }
        }
        isReloading[side] = false
        for group in misunderstood { try requestRead(.readMembers(group), side, store, now: now) }
        try store.setFact(Engine.reloadFact(side), nil)
    }
}

extension ObjectMapping.Standing {
    var isInScope: Bool {
        switch self {
        case .inScope: true
        case .outOfScope: false
        }
    }
}
