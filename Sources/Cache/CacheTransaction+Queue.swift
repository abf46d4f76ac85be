internal import LMDB
package import SyncModel

// The work queue, intents, waiting and quarantine.
extension CacheTransaction {
    package func markDirty(_ id: PairID, _ record: DirtyRecord) throws {
        DirtyCodec.encode(record, into: writer)
        try storeRecord(tables.dirty, key.number(id.rawValue))
    }

    package func clearDirty(_ id: PairID) throws {
        try tables.dirty.delete(key.number(id.rawValue), in: try writable())
    }

    package func dirty(_ id: PairID) throws -> DirtyRecord? {
        try record(.dirty, tables.dirty, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try DirtyCodec.decode(from: &reader)
        }
    }

    package func dirty(after: PairID?, limit: Int) throws -> [PairID] {
        guard limit > 0 else { return [] }
        var found: [PairID] = []
        try forEachNumber(.dirty, after: after?.rawValue) { number, _ in
            found.append(PairID(number))
            return found.count < limit
        }
        return found
    }

    // MARK: - Intents

    package func makeIntentID() throws -> IntentID { IntentID(try take(\.nextIntent)) }

    package func put(_ intent: Intent) throws {
        IntentCodec.encode(intent, into: writer)
        try storeRecord(tables.intents, key.number(intent.write.id.rawValue))
    }

    package func intent(_ id: IntentID) throws -> Intent? {
        try record(.intents, tables.intents, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try IntentCodec.decode(id, from: &reader)
        }
    }

    package func removeIntent(_ id: IntentID) throws {
        try tables.intents.delete(key.number(id.rawValue), in: try writable())
    }

    package func intents() throws -> [Intent] {
        var found: [Intent] = []
        try forEachNumber(.intents, after: nil) { number, value in
            let intent = try decode(.intents, key.number(number), value) { reader throws(RecordDamage) in
                try IntentCodec.decode(IntentID(number), from: &reader)
            }
            found.append(intent)
            return true
        }
        return found
    }

    // MARK: - Waiting

    package func park(_ side: Side, name: Octets, waiter: PairID) throws {
        let octets = key.parked(side, name: name, waiter: waiter)
        try tables.parked.put(octets, .nothing, in: try writable())
    }

    /// Takes out who waits for the name. Names that are too long for a key and share a digest share their waiters: one of them may be
    /// woken in vain, and then waits again.
    package func takeParked(_ side: Side, name: Octets) throws -> [PairID] {
        try takeWaiters(.parked, [UInt8](key.parkedPrefix(side, name: name)))
    }

    package func wait(on target: PairID, waiter: PairID) throws {
        let octets = key.waiting(on: target, waiter: waiter)
        try tables.waiting.put(octets, .nothing, in: try writable())
    }

    package func takeWaiters(on target: PairID) throws -> [PairID] {
        try takeWaiters(.waiting, target.rawValue.bigEndianOctets)
    }

    package func noteReferrer(_ referrer: PairID, of target: PairID) throws {
        let octets = key.waiting(on: target, waiter: referrer)
        try tables.referrers.put(octets, .nothing, in: try writable())
    }

    package func takeReferrers(of target: PairID) throws -> [PairID] {
        try takeWaiters(.referrers, target.rawValue.bigEndianOctets)
    }

    /// Deletes the rows with the prefix, which end with the waiter.
    private func takeWaiters(_ table: CacheTable, _ prefix: [UInt8]) throws -> [PairID] {
        _ = try writable()
        var waiters: [PairID] = []
        try tables[table].scan(prefix: prefix, in: transaction) { key, _ in
            guard key.count == prefix.count + 8, let waiter = key.number(at: prefix.count) else {
                throw damaged(table, key, "invalid key")
            }
            waiters.append(PairID(waiter))
            return .delete
        }
        return waiters
    }

    // MARK: - Quarantine

    package func quarantine(_ id: PairID) throws -> QuarantineRecord? {
        try record(.quarantine, tables.quarantine, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try QuarantineCodec.decode(from: &reader)
        }
    }

    package func put(_ record: QuarantineRecord, for id: PairID) throws {
        QuarantineCodec.encode(record, into: writer)
        try storeRecord(tables.quarantine, key.number(id.rawValue))
    }

    package func removeQuarantine(_ id: PairID) throws {
        try tables.quarantine.delete(key.number(id.rawValue), in: try writable())
    }

    package func quarantined(after: PairID?, limit: Int) throws -> [(PairID, QuarantineRecord)] {
        guard limit > 0 else { return [] }
        var found: [(PairID, QuarantineRecord)] = []
        try forEachNumber(.quarantine, after: after?.rawValue) { number, value in
            let record = try decode(.quarantine, key.number(number), value) { reader throws(RecordDamage) in
                try QuarantineCodec.decode(from: &reader)
            }
            found.append((PairID(number), record))
            return found.count < limit
        }
        return found
    }
}
