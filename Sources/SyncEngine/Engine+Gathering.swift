import SyncModel

/// Memberships that are to be looked at, and how long they wait for their fellows.
extension Engine {
    mutating func pend(_ id: LinkID, of pair: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        try setPending(id, of: pair, store)
        guard isLoading else {
            markDirty(pair, .membership, now: now)
            return
        }
        if gathering[pair] == nil { gather(pair, now: now) }
        if unsaved[pair] == nil, try store.dirty(pair) == nil {
            unsaved[pair] = DirtyRecord(since: now, cause: .membership)
        }
    }

    mutating func setPending(_ id: LinkID, of pair: PairID, _ store: any StoreTransaction) throws {
        try store.pend(id, of: pair)
        waitingLinks.note(id, of: pair)
    }

    /// Whether many entries come at once, or are looked at: their memberships are better written together.
    private var isLoading: Bool {
        queue.hasBacklog || namesBeingAdded.ad.count + namesBeingAdded.miniorange.count > Engine.loadingAdds
    }

    private mutating func gather(_ pair: PairID, now: Timestamp) {
        let end = now.advanced(byMilliseconds: Engine.gatheringTime)
        gathering[pair] = end
        queue.delay(pair, until: end)
    }

    /// Whether the memberships that are pending of a pair wait for more.
    mutating func isGathering(_ pair: PairID, now: Timestamp) -> Bool {
        guard let end = gathering[pair] else { return false }
        if end > now, isLoading { return true }
        gathering[pair] = nil
        return false
    }

    /// Nothing more comes that would be worth waiting for.
    mutating func endGathering() {
        guard !gathering.isEmpty, !isLoading else { return }
        for pair in gathering.keys.sorted() { queue.append(pair) }
        gathering = [:]
    }

    private static let loadingAdds = 8
    /// In milliseconds.
    private static let gatheringTime: Int64 = 1_000
}
