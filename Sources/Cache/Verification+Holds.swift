internal import LMDB
import SyncModel

// Holds, and the deletions that they stop.
extension Verification {
    mutating func checkHolds() throws {
        let counters = try cache.counters()
        try forEachRow(.holds) { check, key, _ in
            guard key.count == 8, let number = key.number(at: 0) else { return check.note(.holds, key, .unreadable) }
            if number >= counters.nextHold { check.note(.holds, key, .numberReused) }
            _ = try check.cache.hold(HoldID(number))
        }
    }

    mutating func checkDeletions() throws {
        try forEachRow(.deletions) { check, key, _ in
            guard key.count == 8, let number = key.number(at: 0),
                let deletion = try check.cache.deletion(of: PairID(number))
            else { return check.note(.deletions, key, .unreadable) }
            // What was carried is counted for a while, and its pair may be gone.
            if case .carried = deletion.state { return }
            if try !check.contains(.pairs, check.ownKey.number(number)) { check.note(.deletions, key, .pairMissing) }
            guard case .held(let id) = deletion.state else { return }
            if try check.cache.hold(id)?.isOpen != true { check.note(.deletions, key, .holdMissing) }
        }
    }
}
