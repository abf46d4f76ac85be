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

    /// What an entry says in canonical form, without its counterpart.
    func canonical(
        _ replica: Replica,
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> CanonicalSide? {
        try object.mapping.canonical(
            ad: replica.side == .ad ? replica.attributes : nil,
            miniorange: replica.side == .miniorange ? replica.attributes : nil,
            base: pair.base,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )[replica.side]
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
                if !replica.withheld.isEmpty {
                    let withheld = object.canonicalNames(stampedBy: Set(replica.withheld), side)
                    let other = canonical[side.opposite]?.values
                    unknown += withheld.filter { !isBarUnderWay($0, lifted.values, other, pair.base, object) }
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
