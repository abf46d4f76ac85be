import SyncModel

/// Pairs that are to be looked at: how they come to be, and in which order they are worked off.
extension Engine {
    mutating func markDirty(_ pair: PairID, _ cause: DirtyCause, now: Timestamp) {
        if unsaved[pair] == nil { unsaved[pair] = DirtyRecord(since: now, cause: cause) }
        queue.append(pair)
    }

    mutating func workOff(_ store: any StoreTransaction, now: Timestamp) throws {
        var budget = configuration.pairsPerStep
        while budget > 0, queue.hasUrgentHot, let pair = queue.popHot() {
            try process(pair, store, now: now)
            budget -= 1
        }
        for side in Side.allCases {
            var rounds = queue.urgentBlockedCount(on: side)
            while budget > 0, rounds > 0, hasRoom(side, isUrgent: true), let pair = queue.popUrgentBlocked(on: side) {
                try process(pair, store, now: now)
                budget -= 1
                rounds -= 1
            }
        }
        // It is on its way when this transaction ends: nothing else keeps that waiting.
        guard writes.isEmpty || budget == configuration.pairsPerStep else { return }
        while budget > 0, let pair = queue.popHot() {
            try process(pair, store, now: now)
            budget -= 1
        }
        for side in Side.allCases {
            // What was blocked may be blocked again on the other side; each is looked at once a step.
            var rounds = queue.blockedCount(on: side)
            while budget > 0, rounds > 0, hasRoom(side), let pair = queue.popBlocked(on: side) {
                rounds -= 1
                // It became urgent while it waited here, and goes first in the next step where something else is on its way in this one.
                if queue.isUrgent(pair), !writes.isEmpty {
                    queue.append(pair)
                    continue
                }
                try process(pair, store, now: now)
                budget -= 1
            }
        }
        while budget > 0, mayWalkBacklog {
            let pairs = try store.dirty(after: queue.backlogPosition, limit: budget)
            guard let last = pairs.last else {
                queue.finishBacklog()
                break
            }
            queue.backlogPosition = last
            // What is urgent, and waited for its time, goes first here, too, or in the next step where something else is on its way in this one.
            let isFirst = writes.isEmpty
            for pair in pairs.filter(queue.isUrgent) + pairs.filter({ !queue.isUrgent($0) })
            where inFlight[pair] == nil {
                if isFirst || !queue.isUrgent(pair) {
                    try process(pair, store, now: now)
                } else {
                    queue.append(pair)
                }
            }
            budget -= pairs.count
        }
    }

    mutating func resync(_ pair: PairID?, _ store: any StoreTransaction, now: Timestamp) throws {
        if let pair {
            guard try store.pair(pair) != nil else { return }
            try store.removeQuarantine(pair)
            try recallAllRefused(of: pair, store)
            markDirty(pair, .request, now: now)
            return
        }
        try markAllDirty(.request, store, now: now)
        for (pair, _) in try store.quarantined(after: nil, limit: .max) {
            try store.removeQuarantine(pair)
            try recallAllRefused(of: pair, store)
        }
        queue.recallBacklog()
    }
}
