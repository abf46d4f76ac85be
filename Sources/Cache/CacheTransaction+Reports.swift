internal import LMDB
package import SyncModel

// The conflict report: found by number, by pair and by time, and those that are open.
extension CacheTransaction {
    @discardableResult
    package func append(_ conflict: ConflictRecord) throws -> ConflictID {
        let id = ConflictID(try take(\.nextConflict))
        try store(StoredConflict(id: id, record: conflict, resolution: nil), replacing: nil)
        return id
    }

    package func conflict(_ id: ConflictID) throws -> (record: ConflictRecord, resolution: ConflictResolution?)? {
        try storedConflict(id).map { ($0.record, $0.resolution) }
    }

    package func storedConflict(_ id: ConflictID) throws -> StoredConflict? {
        try record(.conflicts, tables.conflicts, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try ConflictCodec.decode(id, from: &reader)
        }
    }

    /// Writes a conflict anew; nothing happens if there is none with this number. What was said of its end stays.
    package func replace(_ id: ConflictID, with conflict: ConflictRecord) throws {
        guard let old = try storedConflict(id) else { return }
        try store(StoredConflict(id: id, record: conflict, resolution: old.resolution), replacing: old)
    }

    /// Notes how a conflict ended, and once more if a person thinks better of it. Nothing happens if there is none with this number.
    package func resolve(_ id: ConflictID, _ resolution: ConflictResolution) throws {
        guard let old = try storedConflict(id) else { return }
        try store(StoredConflict(id: id, record: old.record, resolution: resolution), replacing: old)
    }

    /// Conflicts that wait for a person, without reading them.
    package func countOpenConflicts() throws -> Int { try tables.openConflicts.count(in: transaction) }

    private func store(_ conflict: StoredConflict, replacing old: StoredConflict?) throws {
        let writing = try writable()
        let id = conflict.id.rawValue
        ConflictCodec.encode(conflict.record, conflict.resolution, into: writer)
        try storeRecord(tables.conflicts, key.number(id))
        if old?.record.pair != conflict.record.pair || old?.record.time != conflict.record.time {
            if let old { try removeFromIndexes(old) }
            try tables.conflictsOf.put(key.conflict(conflict.id, of: conflict.record.pair), .nothing, in: writing)
            try tables.conflictsAt.put(key.conflict(conflict.id, at: conflict.record.time), .nothing, in: writing)
        }
        if conflict.isOpen {
            try tables.openConflicts.put(key.number(id), .nothing, in: writing)
        } else if old?.isOpen == true {
            try tables.openConflicts.delete(key.number(id), in: writing)
        }
    }

    func removeFromIndexes(_ conflict: StoredConflict) throws {
        let writing = try writable()
        try tables.conflictsOf.delete(key.conflict(conflict.id, of: conflict.record.pair), in: writing)
        try tables.conflictsAt.delete(key.conflict(conflict.id, at: conflict.record.time), in: writing)
    }

    // MARK: - Listings

    /// In order of their numbers, which is the order in which they were found.
    package func conflicts(after: ConflictID? = nil, limit: Int = .max) throws -> [StoredConflict] {
        guard limit > 0 else { return [] }
        var found: [StoredConflict] = []
        try forEachNumber(.conflicts, after: after?.rawValue) { number, value in
            found.append(try decodeConflict(key.number(number), value))
            return found.count < limit
        }
        return found
    }

    /// Conflicts of one pair, the newest first. No others are looked at.
    package func conflicts(of pair: PairID, limit: Int) throws -> [StoredConflict] {
        guard limit > 0 else { return [] }
        var found: [StoredConflict] = []
        try tables.conflictsOf.scan(prefix: pair.rawValue.bigEndianOctets, .backward, in: transaction) { key, _ in
            guard key.count == 16, let id = key.number(at: 8) else { throw damaged(.conflictsOf, key, "invalid key") }
            if let conflict = try storedConflict(ConflictID(id)) { found.append(conflict) }
            return found.count < limit ? .next : .stop
        }
        return found
    }

    func decodeConflict(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> StoredConflict {
        guard key.count == 8, let id = key.number(at: 0) else { throw damaged(.conflicts, key, "invalid key") }
        return try decode(.conflicts, key, value) { reader throws(RecordDamage) in
            try ConflictCodec.decode(ConflictID(id), from: &reader)
        }
    }
}
