import Mapping
import SyncModel

/// What an account may not read a server leaves out, just as what nobody ever set. So a state that lacks what was there proves nothing: its server is asked whether the
/// attribute may be read, and until it says so the values stay as they were known and nothing of them is carried.
///
/// A log's edits, and our own, say themselves that they emptied an attribute.
extension Engine {
    /// Keeps what `old` holds and a new state of the entry lacks, unless it is known that the account would be shown it.
    func withhold(from replica: inout Replica, _ old: Replica, _ snapshot: EntrySnapshot, _ object: Object) {
        guard virtualObject(replica.anchor, replica.side) == nil else { return }
        for item in old.attributes.items where replica.attributes[item.name].isEmpty {
            // Of what the mapping does not ask for any more nothing is known.
            guard snapshot.readable[item.name] != true, object.mapping.keeps(replica.side, item.name) else { continue }
            replica.attributes[item.name] = item.values
            replica.withheld.append(item.name)
        }
    }

    /// - Parameter readable: what its server has said already.
    mutating func askAboutWithheld(
        _ replica: Replica,
        knowing readable: [String: Bool] = [:],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let attributes = replica.withheld.filter { readable[$0] == nil }
        guard !attributes.isEmpty else { return }
        try requestRead(.confirmEmpty(replica.anchor, attributes: attributes), replica.side, store, now: now)
    }

    mutating func askAboutWithheld(
        _ replicas: PerSide<Replica?>,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for side in Side.allCases {
            if let replica = replicas[side] { try askAboutWithheld(replica, store, now: now) }
        }
    }

    mutating func askAboutWithheld(of id: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let pair = try store.pair(id) else { return }
        for side in Side.allCases where pair.presence[side] == .present {
            guard let anchor = pair.anchors[side], let replica = try store.replica(side, anchor) else { continue }
            try askAboutWithheld(replica, store, now: now)
        }
    }

    /// Holds: nothing is being asked of the pair, so what is withheld may not be read. The rest of the entry flows.
    func noteUnreadable(_ replicas: PerSide<Replica?>, _ object: Object, in plan: inout PairPlan) {
        guard plan.obstacle == nil else { return }
        for side in Side.allCases {
            // Others than those that are carried are kept to find the entry by.
            let withheld = (replicas[side]?.withheld ?? []).filter {
                !object.canonicalNames(stampedBy: [$0], side).isEmpty
            }
            guard !withheld.isEmpty else { continue }
            plan.obstacle = .unreadable(side, attributes: withheld)
            plan.retries = true
            return
        }
    }
}

extension WriteOperation {
    /// What this has emptied is empty.
    func withOwnEmptied(_ snapshot: EntrySnapshot) -> EntrySnapshot {
        guard case .modify(_, _, _, let changes) = self else { return snapshot }
        var snapshot = snapshot
        for change in changes where change.new.isEmpty { snapshot.readable[change.name.lowercased()] = true }
        return snapshot
    }
}
