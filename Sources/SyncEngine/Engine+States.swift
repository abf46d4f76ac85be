import Mapping
import Reconcile
import SyncModel

/// What is known of a pair's two sides when it is looked at.
extension Engine {
    /// Tries again what could not be resolved when the entries were taken in.
    mutating func resolveAnew(
        _ replicas: inout PerSide<Replica?>,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for side in Side.allCases {
            guard let replica = replicas[side] else { continue }
            replicas[side] = try resolveAnew(replica, waiter: pair.id, store, now: now)
        }
    }

    /// A server drops the values that name an entry when that is deleted, and tells nobody. No person took them away: they leave the base as well, so that
    /// what still stands on the other side is written again where the entry comes back.
    mutating func dropDangling(
        _ replicas: inout PerSide<Replica?>,
        _ pair: inout Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        for side in Side.allCases {
            guard let old = replicas[side] else { continue }
            var replica = old
            for item in old.attributes.items where object.mapping.isReference(side, item.name) {
                let kept = try item.values.filter { value in
                    guard case .entry(let target) = Reference(value) else { return true }
                    return try !isGone(target, side, store)
                }
                guard kept.count < item.values.count else { continue }
                replica.attributes[item.name] = kept
                let shown = try kept.compactMap { value -> Octets? in
                    guard case .entry(let target) = Reference(value) else { return nil }
                    return try store.pairID(side, target).map { Octets($0.rawValue.bigEndianOctets) }
                }
                for name in object.canonicalNames(of: item.name, side) {
                    let agreed = pair.base?[name] ?? []
                    pair.base?[name] = agreed.filter { shown.contains($0) }
                }
            }
            guard replica != old else { continue }
            try store.put(replica, replacing: old)
            replicas[side] = replica
        }
    }

    /// The canonical attributes in which an entry differs from what was agreed only by whom it names that is deleted on a side. Such values go by themselves: that they are still
    /// there, or there no more, is no change which could stand against the entry's own deletion.
    private func referencesToDeleted(
        _ values: Attributes,
        _ base: Attributes?,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [String] {
        func living(_ values: [Octets]) throws -> [Octets] {
            try values.filter { value in
                guard let id = UInt64(bigEndianOctets: value.bytes), let pair = try store.outline(PairID(id)) else {
                    return false
                }
                return pair.presence.ad != .deleted && pair.presence.miniorange != .deleted
            }
        }
        return try object.mapping.referenceNames.filter { try living(values[$0]) == living(base?[$0] ?? []) }
    }

    /// Whether an entry that was known is deleted, with proof.
    func isGone(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard try store.outline(side, anchor) == nil else { return false }
        guard let id = try store.pairID(side, anchor), let pair = try store.outline(id) else { return true }
        return pair.presence[side] == .deleted
    }

    /// A target's deletion takes the values that name it along without a trace: its referrers are looked at again then.
    private func awaitDeletionOfTargets(
        of replica: Replica,
        waiter: PairID,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        for item in replica.attributes.items where object.mapping.isReference(replica.side, item.name) {
            for value in item.values {
                guard case .entry(let anchor) = Reference(value), let target = try store.pairID(replica.side, anchor)
                else { continue }
                try store.noteReferrer(waiter, of: target)
            }
        }
    }

    mutating func sideStates(
        _ pair: Pair,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> PerSide<SideState> {
        let resolver = StoreResolver(store: store)
        let canonical = try object.mapping.canonical(
            ad: replicas.ad?.attributes,
            miniorange: replicas.miniorange?.attributes,
            base: pair.base,
            nameCounter: pair.nameCounter,
            resolver: resolver
        )
        var states = PerSide<SideState>(both: .missing)
        for side in Side.allCases {
            switch pair.presence[side] {
            case .missing: states[side] = .missing
            case .deleted: states[side] = try stateOfDeleted(pair, side, object, store)
            case .outOfScope: states[side] = .outOfScope
            case .present:
                guard let replica = replicas[side], let lifted = canonical[side] else {
                    states[side] = .missing
                    continue
                }
                var values = lifted.values
                var unknown = lifted.unknown
                if let parent = try canonicalParent(of: replica, object, store) {
                    values[parentAttribute] = [parent]
                } else {
                    unknown.append(parentAttribute)
                }
                if pair.presence[side.opposite] == .deleted {
                    unknown += try referencesToDeleted(lifted.values, pair.base, object, store)
                }
                try awaitDeletionOfTargets(of: replica, waiter: pair.id, object, store)
                for reference in lifted.unresolved {
                    // A target that is there but has no pair, or no counterpart yet: looked at again when that changes.
                    if case .entry(let anchor) = reference, let target = try store.pairID(side, anchor) {
                        try store.wait(on: target, waiter: pair.id)
                    }
                }
                states[side] = .present(values, unknown: unknown.sorted())
            }
        }
        return states
    }
}
