import SyncModel

/// A CN is unique per container in AD; the person is not.
extension Engine {
    /// Gives the pair's entry a counter behind its name, unless who has the plain name is just going.
    mutating func settleTakenName(
        _ intent: Intent,
        _ before: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if try isHolderGoing(of: intent.write.operation, intent.write.side, store) {
            try store.markDirty(before.id, DirtyRecord(since: now, cause: .retry))
            queue.delay(before.id, until: now.advanced(byMilliseconds: Engine.takenNameDelay))
            return
        }
        var pair = before
        // To 1 first, which is the plain name once more: it may have become free before the refusal was here.
        pair.nameCounter += 1
        try store.put(pair, replacing: before)
        markDirty(pair.id, .retry, now: now)
    }

    /// In milliseconds.
    private static let takenNameDelay: Int64 = 100

    /// Whether the entry that has the name was deleted on the other side, which is still being carried to this one.
    private mutating func isHolderGoing(
        of operation: WriteOperation,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let wanted: DistinguishedName
        switch operation {
        case .add(let name, _, _): wanted = name
        case .rename(_, _, _, let name): wanted = name
        default: return false
        }
        guard let anchor = try resolve(wanted, side, store), let id = try store.pairID(side, anchor),
            let holder = try store.pair(id), holder.presence[side.opposite] == .deleted,
            try store.quarantine(id) == nil
        else { return false }
        return try inFlight[id] != nil || store.dirty(id) != nil
    }
}
