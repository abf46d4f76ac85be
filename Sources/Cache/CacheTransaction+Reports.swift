internal import LMDB
package import SyncModel

// The conflict report.
extension CacheTransaction {
    package func append(_ conflict: ConflictRecord) throws {
        let id = try take(\.nextConflict)
        ConflictCodec.encode(conflict, nil, into: writer)
        try storeRecord(tables.conflicts, key.number(id))
    }

    package func conflict(_ id: UInt64) throws -> StoredConflict? {
        try record(.conflicts, tables.conflicts, key.number(id)) { reader throws(RecordDamage) in
            try ConflictCodec.decode(id, from: &reader)
        }
    }

    /// In order of their numbers, which is the order in which they were found.
    package func conflicts(after: UInt64? = nil, limit: Int = .max) throws -> [StoredConflict] {
        guard limit > 0 else { return [] }
        var found: [StoredConflict] = []
        try forEachNumber(.conflicts, after: after) { number, value in
            let conflict = try decode(.conflicts, key.number(number), value) { reader throws(RecordDamage) in
                try ConflictCodec.decode(number, from: &reader)
            }
            found.append(conflict)
            return found.count < limit
        }
        return found
    }

    /// Conflicts that nobody has settled, without reading them.
    package func countOpenConflicts() throws -> Int {
        try count(.conflicts) - Int(clamping: counters().settledConflicts)
    }

    /// Notes how a person settled a conflict, and once more if he thinks better of it. False if there is none with this number.
    package func settleConflict(_ id: UInt64, _ resolution: ConflictResolution) throws -> Bool {
        guard let conflict = try conflict(id) else { return false }
        ConflictCodec.encode(conflict.record, resolution, into: writer)
        try storeRecord(tables.conflicts, key.number(id))
        if conflict.resolution == nil { _ = try take(\.settledConflicts) }
        return true
    }
}
