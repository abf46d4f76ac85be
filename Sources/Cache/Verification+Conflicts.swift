internal import LMDB
import SyncModel

// Stamps, the conflict report, and what waits for a person.
extension Verification {
    mutating func checkStamps() throws {
        try forEachRow(.stamps) { check, key, value in
            guard key.count >= 17, let side = Side(rawValue: key[0]), let anchor = key.anchor(at: 1) else {
                return check.note(.stamps, key, .unreadable)
            }
            _ = try check.cache.decodeStamp(key, value)
            if try !check.contains(.replicas, check.ownKey.entry(side, anchor)) {
                check.note(.stamps, key, .stampOfNone)
            }
        }
    }

    mutating func checkConflicts() throws {
        let counters = try cache.counters()
        try forEachRow(.conflicts) { check, key, value in
            guard key.count == 8, let number = key.number(at: 0) else {
                return check.note(.conflicts, key, .unreadable)
            }
            if number >= counters.nextConflict { check.note(.conflicts, key, .numberReused) }
            let conflict = try check.cache.decodeConflict(key, value)
            if conflict.record.isJoin { check.counted.joinDifferences += 1 }
            let (id, time) = (conflict.id, conflict.record.time)
            let isFound =
                try check.contains(.conflictsOf, check.ownKey.conflict(id, of: conflict.record.pair, time))
                && check.contains(.conflictsAt, check.ownKey.conflict(id, at: time, pair: conflict.record.pair))
                && check.contains(.openConflicts, check.ownKey.openConflict(id, at: time)) == conflict.isOpen
            if !isFound { check.note(.conflicts, key, .conflictIndexMissing) }
        }
    }

    mutating func checkConflictIndexes() throws {
        // Where the number stands in the key.
        for (table, offset) in [(CacheTable.conflictsOf, 16), (.conflictsAt, 8), (.openConflicts, 8)] {
            try forEachRow(table) { check, key, _ in
                guard key.count == (table == .openConflicts ? 16 : 24), let number = key.number(at: offset) else {
                    return check.note(table, key, .unreadable)
                }
                let id = ConflictID(number)
                guard let conflict = try check.cache.storedConflict(id) else {
                    return check.note(table, key, .conflictIndexWrong)
                }
                let (pair, time) = (conflict.record.pair, conflict.record.time)
                let isRight =
                    switch table {
                    case .conflictsOf: check.ownKey.conflict(id, of: pair, time).equals(key)
                    case .conflictsAt: check.ownKey.conflict(id, at: time, pair: pair).equals(key)
                    default: conflict.isOpen && check.ownKey.openConflict(id, at: time).equals(key)
                    }
                if !isRight { check.note(table, key, .conflictIndexWrong) }
            }
        }
    }

    mutating func checkHeldConflicts() throws {
        try forEachRow(.heldConflicts) { check, key, value in
            guard let pair = key.number(at: 0) else { return check.note(.heldConflicts, key, .unreadable) }
            let (name, id) = try check.cache.decodeHeld(key, value)
            try check.checkPair(.heldConflicts, key, pair, name)
            let conflict = try check.cache.storedConflict(id)
            if conflict?.isOpen != true || conflict?.record.pair != PairID(pair) {
                check.note(.heldConflicts, key, .heldConflictWrong)
            }
        }
    }

    mutating func checkSettlements() throws {
        try forEachRow(.settlements) { check, key, value in
            guard let pair = key.number(at: 0) else { return check.note(.settlements, key, .unreadable) }
            let (name, settlement) = try check.cache.decodeSettlement(key, value)
            try check.checkPair(.settlements, key, pair, name)
            if try check.cache.storedConflict(settlement.conflict)?.record.pair != PairID(pair) {
                check.note(.settlements, key, .settlementWrong)
            }
        }
    }

    private mutating func checkPair(
        _ table: CacheTable,
        _ key: UnsafeRawBufferPointer,
        _ pair: UInt64,
        _ name: String
    ) throws {
        if !ownKey.named(PairID(pair), Octets(name)).equals(key) { note(table, key, .unreadable) }
        if try !contains(.pairs, ownKey.number(pair)) { note(table, key, .pairMissing) }
    }
}
