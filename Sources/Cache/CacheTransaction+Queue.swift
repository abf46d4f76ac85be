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
        try forEachNumber(.dirty, after: after?.rawValue) { number in
            found.append(PairID(number))
            return found.count < limit
        }
        return found
    }

    package func setUrgent(_ id: PairID, _ isUrgent: Bool) throws {
        let octets = key.number(id.rawValue)
        if isUrgent {
            try tables.urgent.put(octets, .nothing, in: try writable())
        } else {
            try tables.urgent.delete(octets, in: try writable())
        }
    }

    package func urgentPairs() throws -> [PairID] {
        var found: [PairID] = []
        try forEachNumber(.urgent, after: nil) { number in
            found.append(PairID(number))
            return true
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
        try forEachRecord(
            .intents,
            after: nil,
            { number, reader throws(RecordDamage) in try IntentCodec.decode(IntentID(number), from: &reader) },
            { _, intent in
                found.append(intent)
                return true
            }
        )
        return found
    }

    // MARK: - Waiting

    package func park(_ side: Side, name: Octets, waiter: PairID) throws {
        let octets = key.parked(side, name: name, waiter: waiter)
        guard keysAreDigests || octets.parkedNameIsCut else {
            try tables.parked.put(octets, .nothing, in: try writable())
            return
        }
        // For those who make the key anew. Of two names that share a digest the last one stays.
        writer.begin()
        writer.append(name)
        try storeRecord(tables.parked, octets)
    }

    /// The name of a row of parked; nil where neither the key nor the record tells it.
    func parkedName(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Octets? {
        guard value.isEmpty else {
            return try decode(.parked, key, value) { reader throws(RecordDamage) in
                try reader.begin()
                let name = try reader.readOctets()
                try reader.end()
                return name
            }
        }
        if keysAreDigests || key.parkedNameIsCut || key.count < 11 { return nil }
        return Octets([UInt8](key[3..<key.count - 8]))
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

    package func dropWaiters(
        after: PairID?,
        limit: Int,
        unless isWaiting: (PairID) throws -> Bool
    ) throws -> PairID? {
        func waiter(_ key: UnsafeRawBufferPointer, _ table: CacheTable) throws -> PairID {
            guard key.count >= 16, let waiter = key.number(at: key.count - 8) else {
                throw damaged(table, key, "invalid key")
            }
            return PairID(waiter)
        }
        var waiters: Set<PairID> = []
        for table in [CacheTable.parked, .waiting] {
            try tables[table].scanRows(in: transaction) { row in
                let next = try waiter(row.key, table)
                if after.map({ $0 < next }) ?? true { waiters.insert(next) }
                return .next
            }
        }
        let looked = waiters.sorted().prefix(limit)
        let gone = try Set(looked.filter { try !isWaiting($0) })
        if !gone.isEmpty {
            _ = try writable()
            for table in [CacheTable.parked, .waiting] {
                try tables[table].scanRows(in: transaction) { row in
                    gone.contains(try waiter(row.key, table)) ? .delete : .next
                }
            }
        }
        return looked.count < waiters.count ? looked.last : nil
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
        try tables[table].scanRows(prefix: prefix, in: transaction) { row in
            let key = row.key
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
        try forEachRecord(
            .quarantine,
            after: after?.rawValue,
            { _, reader throws(RecordDamage) in try QuarantineCodec.decode(from: &reader) },
            { number, record in
                found.append((PairID(number), record))
                return found.count < limit
            }
        )
        return found
    }
}

extension UnsafeRawBufferPointer {
    /// Of a key of parked: whether the name's length is more than what there is of it.
    fileprivate var parkedNameIsCut: Bool { count >= 11 && Int(self[1]) << 8 | Int(self[2]) != count - 11 }
}
