import Mapping
import Reconcile
import SyncModel

/// Who loses access on one side loses it on the other before anything else is done: disabled and expired accounts, and deleted persons.
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

    /// A side tells that an account is disabled, or has expired, which both sides last agreed to be usable, or which was so there until now. One whose
    /// time comes of itself is told by nobody: both sides have that time.
    mutating func noteBar(
        _ replica: Replica,
        from old: Replica?,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard replica.kind == .user, let mapping = replica.object.flatMap({ objects[$0] })?.mapping else { return }
        let bars = mapping.bars(replica.side, replica.attributes, at: now)
        guard !bars.isEmpty else { return }
        let isNews: Bool
        if let base = pair.base {
            isNews = bars.contains { !$0.isShut(base[$0.name], at: now) }
        } else if let old {
            let before = mapping.bars(old.side, old.attributes, at: now)
            isNews = bars.contains { !before.contains($0) }
        } else {
            isNews = false
        }
        if isNews { try setUrgent(pair.id, store) }
    }

    /// By another mapping a bar may count that did not.
    mutating func noteBar(_ replica: Replica, _ store: any StoreTransaction, now: Timestamp) throws {
        guard replica.kind == .user, let mapping = replica.object.flatMap({ objects[$0] })?.mapping,
            !mapping.bars(replica.side, replica.attributes, at: now).isEmpty,
            let pair = try store.pairID(replica.side, replica.anchor).flatMap({ try store.pair($0) })
        else { return }
        try noteBar(replica, from: replica, pair, store, now: now)
    }

    /// An entry comes back into the scope. Whoever lost access on the other side in the meantime loses it here first of all.
    mutating func noteBarMeanwhile(
        _ pair: Pair,
        besides side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard pair.kind == .user, pair.base != nil, let anchor = pair.anchors[side.opposite],
            let other = try store.replica(side.opposite, anchor)
        else { return }
        try noteBar(other, from: other, pair, store, now: now)
    }

    /// Whether a side told of a loss of access before it showed nothing of that any more, and the other side is yet to follow: it does, until it is known to be taken back.
    func isBarUnderWay(
        _ name: String,
        _ values: Attributes,
        _ others: Attributes?,
        _ base: Attributes?,
        _ object: Object
    ) -> Bool {
        guard let others, let base, others[name] == base[name] else { return false }
        return object.mapping.accessBars.contains {
            $0.name == name && $0.isShut(values[name], at: stepTime) && !$0.isShut(base[name], at: stepTime)
        }
    }

    /// The write that bars an account where one is called for, alone: no other value of the entry can have it refused, and no new name or place goes
    /// first. What else there is of the entry follows when this one is confirmed. Nil where there is none, or its side doesn't answer now.
    mutating func planBar(
        _ pair: Pair,
        _ result: Reconciliation,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> PairPlan? {
        guard case .both = result.existence else { return nil }
        for side in Side.allCases where isConnected[side] && !result.changes[side].isEmpty {
            guard let replica = replicas[side], !replica.isProtected || side != .ad else { continue }
            // One by one: a time that is refused must not keep a disable back.
            for bar in object.mapping.accessBars
            where result.changes[side].contains(bar.name) && bar.isShut(result.target[bar.name], at: now) {
                guard let name = try name(of: replica, store) else { break }
                let projection = try object.mapping.changes(
                    side,
                    to: result.target,
                    of: [bar.name],
                    current: replica.attributes,
                    nameCounter: pair.nameCounter,
                    resolver: StoreResolver(store: store)
                )
                guard !projection.changes.isEmpty else { continue }
                let operation = WriteOperation.modify(
                    replica.anchor,
                    name: name,
                    version: replica.version,
                    changes: projection.changes
                )
                return PairPlan(writes: [
                    PlannedWrite(side: side, operation: operation, names: [bar.name], event: .modified)
                ])
            }
        }
        return nil
    }
}
