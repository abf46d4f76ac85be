import Mapping
import SyncModel

/// Who is to be looked at again, and when.
extension Engine {
    /// Entries whose references or parents named this DN before it was known.
    mutating func wakeParked(_ replica: Replica, _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.waiting) > 0, let name = try name(of: replica, store) else { return }
        for waiter in try store.takeParked(replica.side, name: name.normalized) {
            // At once: by the time that the waiter is looked at, the name may be another one.
            if let anchor = try store.pair(waiter)?.anchors[replica.side],
                let waiting = try store.replica(replica.side, anchor)
            {
                let isUnderstood = try resolveAnew(waiting, waiter: waiter, store, now: now) == waiting
                // It named who had the name before, as it seemed, until that one was deleted.
                if isUnderstood, !isUnresolved(waiting), mayMean(replica.anchor, replica.side, waiting) {
                    try readAnew(waiting, store, now: now)
                }
            }
            markDirty(waiter, .reference, now: now)
        }
    }

    /// Resolves the names that an entry's replica holds as far as they are known now; the pair waits for those that are not.
    mutating func resolveAnew(
        _ old: Replica,
        waiter: PairID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Replica {
        let side = old.side
        var replica = old
        if case .unresolved(let name) = old.parent {
            if let anchor = try resolveContainer(name, side, store) {
                replica.parent = .entry(anchor)
            } else if !isVirtual(old.anchor, side) {
                try store.park(side, name: firstUnknown(in: name, side, store).normalized, waiter: waiter)
            }
        }
        let mapping = old.object.flatMap { objects[$0] }?.mapping
        var isMisnamed = false
        for item in old.attributes.items where mapping?.isReference(side, item.name) == true {
            replica.attributes[item.name] = try item.values.map { value in
                guard case .unresolved(let name) = Reference(value) else { return value }
                if let anchor = try resolve(name, side, store) {
                    isMisnamed = try isMisnamed || mayHaveBeenAnother(anchor, side, .told(old.version), store)
                    return Reference.entry(anchor).octets
                }
                try store.park(side, name: firstUnknown(in: name, side, store).normalized, waiter: waiter)
                return value
            }
        }
        guard replica != old else { return old }
        // Who had the name when it was told may be gone, and somebody else have it since.
        if isMisnamed, old.version != .unordered, try store.isLoaded(side) {
            try readAnew(old, store, now: now)
            return old
        }
        try store.put(replica, replacing: old)
        // Now that its place is known its own name can be found.
        if replica.parent != old.parent { try wakeParked(replica, store, now: now) }
        return replica
    }

    /// Entries that refer to a pair, or stand in it, and wait for it to be there.
    mutating func wakeWaiters(on pair: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.waiting) > 0 else { return }
        for waiter in try store.takeWaiters(on: pair) { markDirty(waiter, .reference, now: now) }
    }

    /// A name became free on this side: who was refused for it may have it now.
    mutating func retryNameTaken(_ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.quarantine) > 0 else { return }
        for (pair, record) in try store.quarantined(after: nil, limit: 1_000) {
            if case .refused(side, let refusal) = record.reason,
                refusal.reason == .nameTaken || refusal.reason == .valueTaken || refusal.reason == .noParent
            {
                markDirty(pair, .retry, now: now)
            }
        }
    }

    /// An entry with one of these keys came, changed or went: a match may no longer be ambiguous, or no longer be the only one.
    mutating func retryAmbiguous(_ keys: [Octets], _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.quarantine) > 0 else { return }
        for key in keys {
            for side in Side.allCases {
                for anchor in try store.anchors(side, key: key, limit: 16) {
                    guard let pair = try store.pairID(side, anchor), let record = try store.quarantine(pair),
                        case .ambiguousMatch = record.reason
                    else { continue }
                    markDirty(pair, .retry, now: now)
                }
            }
        }
    }

    mutating func setAside(
        _ pair: PairID,
        _ reason: QuarantineReason,
        retries: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        // Who came back by it is made on the other side as soon as somebody wants him.
        if case .returned = reason { try trust(pair, store) } else { try doubt(pair, store) }
        let previous = try store.quarantine(pair)
        var attempts = (previous?.attempts ?? 0) + 1
        var next: Timestamp?
        if let previous, previous.reason == reason, let planned = previous.next, !Engine.isDue(planned, now: now) {
            // Something else had it looked at before its time: that is no attempt of those that are granted.
            (attempts, next) = (previous.attempts, planned)
        } else if retries && attempts <= Engine.retryLimit {
            next = now.advanced(byMilliseconds: Engine.retryDelay(attempts))
        }
        if let next { noteRetry(at: next) }
        try store.put(
            QuarantineRecord(reason: reason, attempts: attempts, since: previous?.since ?? now, next: next),
            for: pair
        )
        if previous == nil {
            try store.append(
                HistoryRecord(
                    pair: pair,
                    time: now,
                    event: .quarantined,
                    side: .ad,
                    cause: .retry,
                    attributes: []
                )
            )
        }
    }

    /// An entry was made on this side. What had kept it from being made is overcome, and attempts that were used up by it are not those of what may be refused next.
    func forgetObstacle(toMaking pair: PairID, _ side: Side, _ store: any StoreTransaction) throws {
        guard try store.count(.quarantine) > 0 else { return }
        switch try store.quarantine(pair)?.reason {
        case .refused(side, _), .noCounterpartForParent, .missingRequiredValue: try store.removeQuarantine(pair)
        default: break
        }
    }

    /// Brings back quarantined pairs whose time has come.
    mutating func releaseRetries(_ store: any StoreTransaction, now: Timestamp) throws {
        guard let due = nextRetry, due <= now else { return }
        nextRetry = nil
        for (pair, record) in try store.quarantined(after: nil, limit: .max) {
            guard let next = record.next else { continue }
            guard Engine.isDue(next, now: now) else {
                noteRetry(at: next)
                continue
            }
            if case .vanished(let side) = record.reason {
                try lookAgain(for: pair, record, side, store, now: now)
                continue
            }
            if case .unreadable = record.reason { try askAboutWithheld(of: pair, store, now: now) }
            if case .noCounterpartForParent = record.reason { try readPlace(of: pair, store, now: now) }
            markDirty(pair, .retry, now: now)
        }
    }

    /// Asks where an entry stands whose place is not known by the name that was told: its container may have had that name for a moment only.
    private mutating func readPlace(of id: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let pair = try store.pair(id) else { return }
        for side in Side.allCases where pair.presence[side] == .present {
            guard let anchor = pair.anchors[side], let outline = try store.outline(side, anchor),
                case .unresolved = outline.parent
            else { continue }
            try requestRead(.read(anchor), side, store, now: now)
        }
    }

    mutating func noteRetry(at time: Timestamp) {
        nextRetry = min(nextRetry ?? time, time)
    }

    // MARK: A person has dropped it

    /// The entry is not tried again before it changes or somebody asks for it. Says whether it was in quarantine at all.
    func drop(_ pair: PairID, _ store: any StoreTransaction) throws -> Bool {
        guard var record = try store.quarantine(pair) else { return false }
        record.isDropped = true
        record.next = nil
        try store.put(record, for: pair)
        return true
    }

    /// Whether a dropped entry was woken by nothing of its own.
    func isLeftAlone(_ pair: PairID, _ store: any StoreTransaction) throws -> Bool {
        switch currentCause {
        case .changedAtAD, .changedAtMiniOrange, .configuration, .request: return false
        case .reference, .retry, .membership:
            guard try store.count(.quarantine) > 0 else { return false }
            return try store.quarantine(pair)?.isDropped ?? false
        }
    }

    /// In milliseconds: 1 s, 4 s, 16 s … at most an hour.
    static func retryDelay(_ attempts: Int) -> Int64 {
        min(Int64(1_000) << Int64(min(2 * (attempts - 1), 20)), 3_600_000)
    }

    static let retryLimit = 50

    /// Whether the time for another attempt has come. No attempt is put off for longer than an hour: what is due later was planned before the clock was set
    /// back, and would else wait for as long as that.
    static func isDue(_ time: Timestamp, now: Timestamp) -> Bool {
        time <= now || time > now.advanced(byMilliseconds: retryDelay(retryLimit))
    }

    /// Our clock was set back. Delays stay as long as they were.
    mutating func setBackDeadlines(to now: Timestamp, _ store: any StoreTransaction) throws {
        let milliseconds = stepTime.milliseconds - now.milliseconds
        queue.setBack(by: milliseconds)
        rereads.setBack(by: milliseconds)
        formerNames.setBack(by: milliseconds)
        for index in postponedReads.indices {
            postponedReads[index].time = postponedReads[index].time.advanced(byMilliseconds: -milliseconds)
        }
        waitsDue = waitsDue?.advanced(byMilliseconds: -milliseconds)
        nextRetry = nextRetry?.advanced(byMilliseconds: -milliseconds)
        gathering = gathering.mapValues { $0.advanced(byMilliseconds: -milliseconds) }
        guard try store.count(.deletions) > 0 else { return }
        try redateDeletions(store) { $0.advanced(byMilliseconds: -milliseconds) }
        try recallDeletions(store, now: now)
    }
}
