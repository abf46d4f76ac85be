import Mapping
import SyncModel

/// Who waits for a name, or for a pair, is found when that comes. Whoever names it no longer, or is gone himself, is found by nobody: when nothing else is to be done, all
/// who wait are looked at, so that what is told of them is true.
extension Engine {
    /// In milliseconds, from a change on that may have ended a wait, or from when there was something else to do.
    private static let waitsDelay: Int64 = 10_000
    /// So many are looked at at once: no change waits for it.
    private static let waitsLimit = 500

    mutating func noteChange(now: Timestamp) {
        if waitsDue == nil { waitsDue = now.advanced(byMilliseconds: Engine.waitsDelay) }
    }

    mutating func lookAtWaits(_ store: any StoreTransaction, now: Timestamp) throws {
        guard let due = waitsDue, due <= now else { return }
        let isKnown = try Side.allCases.allSatisfy { try store.isLoaded($0) && !isReloading[$0] }
        let isIdle = isKnown && isQuiet && writes.isEmpty
        waitsDue = isIdle ? nil : now.advanced(byMilliseconds: Engine.waitsDelay)
        guard isIdle, try store.count(.waiting) > 0 else { return }
        waitsSeen = try store.dropWaiters(after: waitsSeen, limit: Engine.waitsLimit) { try isWaiting($0, store) }
        if waitsSeen != nil { noteChange(now: now) }
    }

    /// Whether a pair may be waiting for anything; only where both sides have it, and nothing is left to be done of it, it is known not to be.
    private func isWaiting(_ id: PairID, _ store: any StoreTransaction) throws -> Bool {
        guard let pair = try store.pair(id) else { return false }
        let isAtRest = try store.dirty(id) == nil && store.quarantine(id) == nil
        guard PairOutline(pair).isThere, isAtRest else { return true }
        // What both had agreed on, and a side has lost with whom it names, is named again when he is back.
        let lost = Side.allCases.map { lostReferences("", $0) }
        let names = pair.base?.items.map(\.name) ?? []
        if names.contains(where: { name in lost.contains(where: name.hasSuffix) }) { return true }
        return try Side.allCases.contains { side in
            guard let replica = try pair.anchors[side].flatMap({ try store.replica(side, $0) }) else { return true }
            return try isUnresolved(replica) || !namesThoseThere(replica, store)
        }
    }

    /// Whether all that an entry names, and what it stands in, are on both sides.
    private func namesThoseThere(_ replica: Replica, _ store: any StoreTransaction) throws -> Bool {
        let side = replica.side
        func isThere(_ anchor: Anchor) throws -> Bool {
            try store.pairID(side, anchor).flatMap { try store.outline($0) }?.isThere == true
        }
        // For a container that is no pair nobody waits.
        if case .entry(let parent) = replica.parent, try store.pairID(side, parent) != nil, try !isThere(parent) {
            return false
        }
        guard let mapping = replica.object.flatMap({ objects[$0] })?.mapping else { return true }
        for item in replica.attributes.items where mapping.isReference(side, item.name) {
            for value in item.values {
                guard case .entry(let anchor) = Reference(value), try isThere(anchor) else { return false }
            }
        }
        return true
    }
}
