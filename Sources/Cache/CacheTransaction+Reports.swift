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

    /// Conflicts that are differences found when entries were joined, without reading them.
    package func countJoinDifferences() throws -> Int { Int(try counters().joinDifferences) }

    private func store(_ conflict: StoredConflict, replacing old: StoredConflict?) throws {
        let writing = try writable()
        let id = conflict.id.rawValue
        ConflictCodec.encode(conflict.record, conflict.resolution, into: writer)
        try storeRecord(tables.conflicts, key.number(id))
        if conflict.record.isJoin != (old?.record.isJoin ?? false) {
            try change(\.joinDifferences, by: conflict.record.isJoin ? 1 : -1)
        }
        if let old, old.place != conflict.place {
            try removeFromOtherIndexes(old.place)
            try tables.conflictsAt.delete(key.conflict(old.id, at: old.place.time, pair: old.place.pair), in: writing)
        }
        if old?.place != conflict.place {
            let place = conflict.place
            try tables.conflictsOf.put(key.conflict(place.id, of: place.pair, place.time), .nothing, in: writing)
            try tables.conflictsAt.put(key.conflict(place.id, at: place.time, pair: place.pair), .nothing, in: writing)
        }
        let openKey = key.openConflict(conflict.id, at: conflict.record.time)
        if conflict.isOpen {
            try tables.openConflicts.put(openKey, .nothing, in: writing)
        } else if old?.isOpen == true {
            try tables.openConflicts.delete(openKey, in: writing)
        }
    }

    private func removeFromOtherIndexes(_ place: ConflictPlace) throws {
        let writing = try writable()
        try tables.conflictsOf.delete(key.conflict(place.id, of: place.pair, place.time), in: writing)
        try tables.openConflicts.delete(key.openConflict(place.id, at: place.time), in: writing)
    }

    /// Forgets conflicts from before `time`, at most `limit` in this transaction, and says how many. Those that wait for a person stay, and those of
    /// which a person's decision is still to be carried out, as long as their pair is there.
    package func removeConflicts(before time: Timestamp, limit: Int) throws -> Int {
        let writing = try writable()
        var count = 0
        try tables.conflictsAt.scan(in: transaction) { key, _ in
            guard let place = ConflictPlace(at: key) else { throw damaged(.conflictsAt, key, "invalid key") }
            guard count < limit, place.time < time else { return .stop }
            if try isNeeded(place) { return .next }
            if try head(place.id)?.isJoin == true { try change(\.joinDifferences, by: -1) }
            try tables.conflicts.delete(self.key.number(place.id.rawValue), in: writing)
            try removeFromOtherIndexes(place)
            count += 1
            return .delete
        }
        return count
    }

    private func isNeeded(_ place: ConflictPlace) throws -> Bool {
        let openKey = key.openConflict(place.id, at: place.time)
        if try tables.openConflicts.get(openKey, in: transaction, { _ in true }) != nil {
            return try outline(place.pair) != nil
        }
        return try settlements(of: place.pair).contains { $0.settlement.conflict == place.id }
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
        try conflicts(ConflictQuery(pair: pair), limit: limit)
    }

    func decodeConflict(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> StoredConflict {
        guard key.count == 8, let id = key.number(at: 0) else { throw damaged(.conflicts, key, "invalid key") }
        return try decode(.conflicts, key, value) { reader throws(RecordDamage) in
            try ConflictCodec.decode(ConflictID(id), from: &reader)
        }
    }
}

/// Where the indexes of the conflict report have a conflict.
struct ConflictPlace: Hashable {
    let id: ConflictID
    let pair: PairID
    let time: Timestamp

    init(id: ConflictID, pair: PairID, time: Timestamp) {
        self.id = id
        self.pair = pair
        self.time = time
    }

    /// Of a key of conflictsAt.
    init?(at key: UnsafeRawBufferPointer) {
        guard key.count == 24, let time = key.number(at: 0), let id = key.number(at: 8), let pair = key.number(at: 16)
        else { return nil }
        self.init(id: ConflictID(id), pair: PairID(pair), time: CacheKey.time(ordered: time))
    }
}

extension StoredConflict {
    fileprivate var place: ConflictPlace { ConflictPlace(id: id, pair: record.pair, time: record.time) }
}
