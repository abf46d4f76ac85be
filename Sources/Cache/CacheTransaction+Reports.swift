internal import LMDB
package import SyncModel

// The conflict report and the history.
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

    package func append(_ history: HistoryRecord) throws {
        let sequence = try take(\.nextHistory)
        HistoryCodec.encode(history, into: writer)
        try storeRecord(tables.history, key.history(history.time, sequence: sequence, pair: history.pair))
    }

    /// The last lines, the newest first.
    ///
    /// - Parameters:
    ///   - pair: only lines of this pair; all keys of the time asked for are walked, and only its own records read.
    ///   - since: no lines before this time.
    package func history(
        of pair: PairID? = nil,
        since: Timestamp? = nil,
        limit: Int = .max
    ) throws -> [HistoryRecord] {
        guard limit > 0 else { return [] }
        var found: [HistoryRecord] = []
        try tables.history.scan(.backward, in: transaction) { key, value in
            let (time, owner) = try historyKey(key)
            if let since, time < since { return .stop }
            if let pair, owner != pair { return .next }
            let record = try decode(.history, key, value) { reader throws(RecordDamage) in
                try HistoryCodec.decode(owner, time, from: &reader)
            }
            found.append(record)
            return found.count < limit ? .next : .stop
        }
        return found
    }

    /// Forgets lines from before `time`, at most `limit` in this transaction, and says how many.
    package func removeHistory(before time: Timestamp, limit: Int) throws -> Int {
        _ = try writable()
        var count = 0
        try tables.history.scan(in: transaction) { key, _ in
            guard count < limit, try historyKey(key).time < time else { return .stop }
            count += 1
            return .delete
        }
        return count
    }

    private func historyKey(_ key: UnsafeRawBufferPointer) throws -> (time: Timestamp, pair: PairID) {
        guard key.count == 24, let time = key.number(at: 0), let pair = key.number(at: 16) else {
            throw damaged(.history, key, "invalid key")
        }
        return (CacheKey.time(ordered: time), PairID(pair))
    }
}
