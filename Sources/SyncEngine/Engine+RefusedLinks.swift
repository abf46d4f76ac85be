import SyncModel

/// Memberships that a server would not take, each set aside by itself.
extension Engine {
    /// Sets one membership aside; those beside it go on.
    mutating func refuse(
        _ link: LinkID,
        _ isAddition: Bool,
        _ refusal: Refusal,
        attempts known: Int? = nil,
        of pair: PairID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let previous = try store.refusedLinks(of: pair, limit: .max).first { $0.0 == link }?.1
        let attempts = known ?? (previous?.attempts ?? 0) + 1
        let next = now.advanced(byMilliseconds: Engine.retryDelay(attempts))
        try store.put(
            RefusedLink(
                refusal: refusal,
                isAddition: isAddition,
                attempts: attempts,
                since: previous?.since ?? now,
                next: next
            ),
            for: link,
            of: pair
        )
        try store.unpend(link, of: pair)
        noteRetry(at: next)
        count { $0.refused[link.side] += 1 }
        if isAddition { try comerRefused(link, store, now: now) }
    }

    /// The group's own line in the quarantine says how many of its memberships are set aside.
    mutating func noteRefusals(
        of pair: PairID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard try store.count(.refusedLinks) > 0 || store.count(.quarantine) > 0 else { return }
        let refused = try store.refusedLinks(of: pair, limit: .max)
        let previous = try store.quarantine(pair)
        if let previous, !previous.isAboutMembers { return }
        guard let first = refused.first else {
            if previous != nil { try store.removeQuarantine(pair) }
            return
        }
        let next = refused.filter { $0.1.attempts <= Engine.retryLimit }.map(\.1.next).min()
        try store.put(
            QuarantineRecord(
                reason: .members(first.0.side, count: refused.count, first.1.refusal),
                attempts: refused.map(\.1.attempts).max() ?? 1,
                since: previous?.since ?? first.1.since,
                next: next
            ),
            for: pair
        )
        // One whose time has come waits for its side, not for time.
        if let next, next > now { noteRetry(at: next) }
    }

    /// A person asks for all of them.
    mutating func recallAllRefused(of pair: PairID, _ store: any StoreTransaction) throws {
        for (link, _) in try store.refusedLinks(of: pair, limit: .max) {
            try store.removeRefused(link, of: pair)
            try setPending(link, of: pair, store)
        }
    }

    /// Memberships whose time has come are tried once more.
    mutating func recallRefused(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.refusedLinks) > 0 else { return }
        for (link, refused) in try store.refusedLinks(of: pair.id, limit: .max)
        where Engine.isDue(refused.next, now: now) && refused.attempts <= Engine.retryLimit {
            try setPending(link, of: pair.id, store)
        }
    }
}

extension QuarantineRecord {
    var isAboutMembers: Bool {
        if case .members = reason { return true }
        return false
    }
}
