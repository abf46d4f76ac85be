import Mapping
import Reconcile
import SyncModel

/// What the policy of an object makes of its deletions. Each look does the next step towards it, so a crash or a refusal in between loses nothing.
extension Engine {
    /// Holds: the entry was deleted on the other side, and stands on `side`; its policy is no `keep`.
    mutating func planDeletion(
        on side: Side,
        _ pair: inout Pair,
        _ result: inout Reconciliation,
        _ replica: Replica?,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> PairPlan {
        var plan = PairPlan()
        guard let replica else { return plan }
        guard let name = try name(of: replica, store) else {
            plan.awaitsPlace = true
            return plan
        }
        guard !replica.isProtected || side != .ad else {
            plan.obstacle = .protected(side)
            return plan
        }
        guard try admits(pair, deletedAt: side, object, store, now: now) else { return plan }
        let rule = object.mapping.specification.deletions
        if rule.policy == .delete {
            if try asksForVersion(replica, store, now: now) { return plan }
            plan.writes = [
                PlannedWrite(
                    side: side,
                    operation: .delete(replica.anchor, name: name, version: replica.version),
                    names: [],
                    event: .deleted
                )
            ]
            return plan
        }
        if rule.disablesAccount, try planDisabling(on: side, pair, &result, replica, name, object, store, &plan) {
            return plan
        }
        try settleKeptMemberships(of: replica, store, now: now)
        if rule.policy == .move, let container = rule.containers[side],
            name.parent?.normalized != container.normalized
        {
            plan.writes = [
                PlannedWrite(
                    side: side,
                    operation: .rename(
                        replica.anchor,
                        name: name,
                        version: replica.version,
                        newName: container.child(replica.rdn)
                    ),
                    names: [],
                    event: .renamed
                )
            ]
            return plan
        }
        leaveAlone(&pair, side)
        // That it was put there is no change of it, should it be joined again.
        if rule.policy == .move { pair.base?[parentAttribute] = [Engine.departed] }
        return plan
    }

    /// From now on the entry stays by itself: the one that it was paired with never comes back, but a new one may match it.
    func leaveAlone(_ pair: inout Pair, _ side: Side) { pair.anchors[side.opposite] = nil }

    /// Whether the account still has to be disabled, or can't be.
    private func planDisabling(
        on side: Side,
        _ pair: Pair,
        _ result: inout Reconciliation,
        _ replica: Replica,
        _ name: DistinguishedName,
        _ object: Object,
        _ store: any StoreTransaction,
        _ plan: inout PairPlan
    ) throws -> Bool {
        guard let disabled = object.mapping.specification.disabledAccount else { return false }
        result.target[disabled.name] = disabled.values
        let projection = try object.mapping.changes(
            side,
            to: result.target,
            of: [disabled.name],
            current: replica.attributes,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        if let invalid = projection.invalid.first {
            plan.obstacle = .refused(
                side,
                Refusal(reason: .invalid, code: 0, message: "\(invalid.attribute): \(invalid.reason)")
            )
            return true
        }
        guard !projection.changes.isEmpty else { return false }
        plan.writes = [
            PlannedWrite(
                side: side,
                operation: .modify(
                    replica.anchor,
                    name: name,
                    version: replica.version,
                    changes: projection.changes
                ),
                names: [disabled.name],
                event: .modified
            )
        ]
        return true
    }

    /// How a side stands on which the entry is deleted. Where the policy was carried out, and the other side's entry stays by itself, nothing is concluded from that
    /// any more; who takes it out of the container of those who left brings it back.
    mutating func stateOfDeleted(
        _ pair: Pair,
        _ side: Side,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> SideState {
        guard pair.anchors[side] == nil, pair.presence[side.opposite] == .present else { return .deleted }
        let specification = object.mapping.specification
        guard specification.deletions.policy == .move, specification.deletions.containers[side.opposite] != nil,
            let anchor = pair.anchors[side.opposite], let replica = try store.replica(side.opposite, anchor),
            let name = try name(of: replica, store), !specification.isDeparted(name, side.opposite)
        else { return .outOfScope }
        return .missing
    }

    /// Moved out of scope, the entry is done with: if it is in scope again, somebody took it back.
    func leaveMovedAlone(_ pair: Pair, _ object: Object, _ store: any StoreTransaction) throws -> Pair {
        guard object.mapping.specification.deletions.policy == .move,
            let side = Side.allCases.first(where: { pair.presence[$0] == .outOfScope }),
            pair.presence[side.opposite] == .deleted, pair.anchors[side.opposite] != nil
        else { return pair }
        var alone = pair
        leaveAlone(&alone, side)
        try store.put(alone, replacing: pair)
        return alone
    }
}
