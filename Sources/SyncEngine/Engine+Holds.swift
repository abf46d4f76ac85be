import SyncModel

/// Holds: classes of writes that are stopped until a person decides.
extension Engine {
    /// Those that are open are known again after a restart.
    mutating func recallHolds(_ store: any StoreTransaction) throws {
        openHolds = [:]
        for (id, hold) in try store.holds() where hold.isOpen { openHolds[id] = hold }
    }

    func openHold(_ kind: Hold.Kind) -> HoldID? { openHolds.first { $0.value.kind == kind }?.key }

    /// Opens a hold, unless one of its kind is open already.
    @discardableResult
    mutating func openHold(
        _ kind: Hold.Kind,
        because cause: String,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> HoldID {
        if let id = openHold(kind) { return id }
        try forgetOldHolds(store)
        let hold = Hold(kind: kind, since: now, cause: cause)
        let id = try store.append(hold)
        openHolds[id] = hold
        return id
    }

    mutating func endHold(_ id: HoldID, as state: Hold.State, _ store: any StoreTransaction, now: Timestamp) throws {
        guard var hold = openHolds.removeValue(forKey: id) else { return }
        hold.state = state
        hold.ended = now
        try store.put(hold, for: id)
    }

    /// Of those that have ended the last ones are kept, for who asks what was decided.
    private func forgetOldHolds(_ store: any StoreTransaction) throws {
        guard try store.count(.holds) >= Engine.mostHolds else { return }
        let ended = try store.holds().filter { !$0.hold.isOpen }
        for (id, _) in ended.prefix(Engine.mostHolds / 10) { try store.removeHold(id) }
    }

    private static let mostHolds = 1_000
}
