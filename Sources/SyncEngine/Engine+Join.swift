import Mapping
import SyncModel

/// How two unpaired replicas become a pair, once: by match rules in their order, exact, and unique on both sides. Anything else is for a person.
extension Engine {
    enum JoinDecision: Hashable {
        /// No entry of the other side fits: one is to be made.
        case alone
        case join(PairID)
        case ambiguous(rule: Int, candidates: [Anchor])
        /// It can't be said yet: a side is not completely known, or the candidate is being written.
        case wait
    }

    /// Holds: `pair` has an entry on `side` only, and it is present.
    func joinDecision(
        for pair: Pair,
        _ replica: Replica,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> JoinDecision {
        let side = replica.side
        guard try store.isLoaded(side.opposite) else { return .wait }
        // Protected accounts are never matched by name.
        guard !replica.isProtected else { return .alone }
        for rule in object.mapping.specification.match.indices {
            let keys = replica.keys.filter { $0.bytes.first == UInt8(rule) }
            guard !keys.isEmpty else { continue }
            var candidates: [Anchor] = []
            for key in keys {
                candidates += try unpaired(side.opposite, key, object, except: nil, store)
            }
            candidates = Array(Set(candidates)).sorted()
            guard let candidate = candidates.first else { continue }
            // Unique on this side can only be said when all of it is known.
            guard try store.isLoaded(side) else { return .wait }
            var rivals: [Anchor] = []
            for key in keys { rivals += try unpaired(side, key, object, except: replica.anchor, store) }
            guard candidates.count == 1, rivals.isEmpty else {
                return .ambiguous(rule: rule, candidates: candidates + Array(Set(rivals)).sorted())
            }
            guard let id = try store.pairID(side.opposite, candidate) else { return .wait }
            if inFlight[id] != nil { return .wait }
            if try store.replica(side.opposite, candidate)?.isProtected == true { continue }
            // What has this key there must also be the only one with it in the eyes of the candidate.
            if let other = try store.replica(side.opposite, candidate) {
                var back: [Anchor] = []
                for key in other.keys where key.bytes.first == UInt8(rule) {
                    back += try unpaired(side, key, object, except: replica.anchor, store)
                }
                guard back.isEmpty else { return .ambiguous(rule: rule, candidates: [candidate] + back) }
            }
            return .join(id)
        }
        return .alone
    }

    /// Entries with this key whose pair has this one side only.
    private func unpaired(
        _ side: Side,
        _ key: Octets,
        _ object: Object,
        except own: Anchor?,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        try store.anchors(side, key: key, limit: 16).filter { anchor in
            guard anchor != own, let id = try store.pairID(side, anchor), let pair = try store.pair(id) else {
                return false
            }
            guard pair.object == object.name, pair.presence[side] == .present else { return false }
            return try pair.anchors[side.opposite] == nil || isDeletionPending(pair, on: side.opposite, store)
        }
    }

    /// Whether the entry was deleted on a side and the other one does not follow yet: who comes back there before gets its place.
    private func isDeletionPending(_ pair: Pair, on side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard pair.presence[side] == .deleted, try store.count(.deletions) > 0 else { return false }
        switch try store.deletion(of: pair.id)?.state {
        case .waiting, .held, .approved: return true
        case .rejected, .carried, nil: return false
        }
    }

    /// Makes one pair of two halves; the older id stays.
    mutating func join(
        _ first: Pair,
        _ second: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Pair {
        let (kept, absorbed) = first.id < second.id ? (first, second) : (second, first)
        var pair = kept
        for side in Side.allCases {
            let isGone = pair.presence[side] == .deleted
            guard pair.anchors[side] == nil || isGone else { continue }
            if isGone, let gone = pair.anchors[side] { try pendLeftovers(of: gone, side, pair.kind, store) }
            pair.anchors[side] = absorbed.anchors[side]
            pair.presence[side] = absorbed.presence[side]
        }
        pair.nameCounter = 0
        for referrer in try store.takeReferrers(of: absorbed.id) { try store.noteReferrer(referrer, of: pair.id) }
        if hasMemberships {
            for link in try store.pending(of: absorbed.id, limit: .max) { try store.pend(link, of: pair.id) }
        }
        try discard(absorbed, store)
        try store.put(pair, replacing: kept)
        try store.removeQuarantine(pair.id)
        count { $0.joins += 1 }
        try store.append(
            HistoryRecord(
                pair: pair.id,
                time: now,
                event: .joined,
                side: .ad,
                cause: DirtyCause(changedAt: .ad),
                attributes: []
            )
        )
        for waiter in try store.takeWaiters(on: absorbed.id) { markDirty(waiter, .reference, now: now) }
        try wakeWaiters(on: pair.id, store, now: now)
        try releaseLinks(of: pair, store, now: now)
        return pair
    }

    mutating func discard(_ pair: Pair, _ store: any StoreTransaction) throws {
        if try store.count(.heldConflicts) > 0 {
            // There is nothing left to decide of.
            for (_, id) in try store.heldConflicts(of: pair.id) where try store.conflict(id)?.resolution == nil {
                try store.resolve(id, ConflictResolution(choice: .agreement, time: stepTime))
            }
        }
        if try store.count(.deletions) > 0 {
            if case .carried = try store.deletion(of: pair.id)?.state {
            } else {
                try setDeletion(nil, of: pair.id, store)
            }
        }
        try store.remove(pair)
        try store.removeQuarantine(pair.id)
        try store.clearDirty(pair.id)
        try setCalm(pair.id, store)
        for referrer in try store.takeReferrers(of: pair.id) { queue.append(referrer) }
        if hasMemberships {
            for link in try store.pending(of: pair.id, limit: .max) { try store.unpend(link, of: pair.id) }
            for (link, _) in try store.refusedLinks(of: pair.id, limit: .max) {
                try store.removeRefused(link, of: pair.id)
            }
        }
        unsaved[pair.id] = nil
        mismatches[pair.id] = nil
    }
}
