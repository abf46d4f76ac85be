import Mapping
import Reconcile
import SyncModel

/// Who loses access on one side loses it on the other before anything else is done: disabled accounts and deleted persons.
extension Engine {
    /// From now on the pair goes before all others, also after a restart, until nothing of it is left to be written.
    mutating func setUrgent(_ pair: PairID, _ store: any StoreTransaction) throws {
        guard !queue.isUrgent(pair) else { return }
        try store.setUrgent(pair, true)
        queue.setUrgent(pair)
    }

    mutating func setCalm(_ pair: PairID, _ store: any StoreTransaction) throws {
        guard queue.isUrgent(pair) else { return }
        try store.setUrgent(pair, false)
        queue.setCalm(pair)
    }

    /// A side tells that an account is disabled which both sides last agreed to be enabled, or which was enabled there until now.
    mutating func noteBar(_ replica: Replica, from old: Replica?, _ pair: Pair, _ store: any StoreTransaction) throws {
        guard replica.kind == .user, let mapping = replica.object.flatMap({ objects[$0] })?.mapping,
            let bar = mapping.bar(replica.side, replica.attributes)
        else { return }
        if let base = pair.base {
            guard base[bar.name] != bar.values else { return }
        } else {
            guard let old, mapping.bar(old.side, old.attributes) == nil else { return }
        }
        try setUrgent(pair.id, store)
    }

    /// The write that bars an account where one is called for, alone: no other value of the entry can have it refused, and no new name or place goes
    /// first. What else there is of the entry follows when this one is confirmed. Nil where there is none, or its side doesn't answer now.
    mutating func planBar(
        _ pair: Pair,
        _ result: Reconciliation,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> PairPlan? {
        guard case .both = result.existence else { return nil }
        for side in Side.allCases where isConnected[side] && !result.changes[side].isEmpty {
            let names = object.barring(result.changes[side], result.target)
            guard !names.isEmpty, let replica = replicas[side], !replica.isProtected || side != .ad else { continue }
            guard let name = try name(of: replica, store) else { continue }
            let projection = try object.mapping.changes(
                side,
                to: result.target,
                of: names,
                current: replica.attributes,
                nameCounter: pair.nameCounter,
                resolver: StoreResolver(store: store)
            )
            guard !projection.changes.isEmpty else { continue }
            return PairPlan(writes: [
                PlannedWrite(
                    side: side,
                    operation: .modify(
                        replica.anchor,
                        name: name,
                        version: replica.version,
                        changes: projection.changes
                    ),
                    names: names,
                    event: .modified
                )
            ])
        }
        return nil
    }
}

extension Engine.Object {
    /// Those of these canonical names by which `target` bars the account.
    func barring(_ names: [String], _ target: Attributes) -> [String] {
        bars.filter { names.contains($0.name) && target[$0.name] == $0.values }.map(\.name)
    }
}
