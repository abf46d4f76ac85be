internal import LMDB
package import SyncModel

// Queries of the conflict report. They stream: no more is read than what the index that fits best leads to, and of that no more than the head unless it matches.
extension CacheTransaction {
    /// Visits conflicts in order of their time, then of their number, until `body` returns false. Nothing may be written meanwhile.
    ///
    /// - Parameter after: goes on beyond this one; where it is gone by now, from where it was by its number.
    package func forEachConflict(
        _ query: ConflictQuery,
        _ order: ConflictQuery.Order = .newestFirst,
        after: ConflictID? = nil,
        _ body: (StoredConflict) throws -> Bool
    ) throws {
        var start: ConflictPlace?
        if let after {
            guard let place = try place(beyond: after, order) else { return }
            start = place
        }
        try scanIndex(query, order, from: start) { id in
            if id == after { return true }
            return try visit(id, query, body)
        }
    }

    /// At most `limit` conflicts, as `forEachConflict` visits them. The last one's number gives the next page.
    package func conflicts(
        _ query: ConflictQuery,
        _ order: ConflictQuery.Order = .newestFirst,
        after: ConflictID? = nil,
        limit: Int
    ) throws -> [StoredConflict] {
        guard limit > 0 else { return [] }
        var found: [StoredConflict] = []
        try forEachConflict(query, order, after: after) { conflict in
            found.append(conflict)
            return found.count < limit
        }
        return found
    }

    /// Counts what matches, in one walk.
    package func countConflicts(_ query: ConflictQuery = ConflictQuery()) throws -> ConflictCounts {
        var counts = ConflictCounts()
        func add(_ head: ConflictHead) { if query.matches(head) { counts.add(head) } }
        if query.pair != nil || query.state == .held || query.since != nil || query.until != nil {
            try scanIndex(query, .oldestFirst, from: nil) { id in
                if let head = try head(id) { add(head) }
                return true
            }
        } else {
            // Without an index in between.
            try forEachNumber(.conflicts, after: nil) { number, value in
                add(try decodeHead(ConflictID(number), value))
                return true
            }
        }
        return counts
    }

    private func visit(
        _ id: ConflictID,
        _ query: ConflictQuery,
        _ body: (StoredConflict) throws -> Bool
    ) throws -> Bool {
        let found = try record(.conflicts, tables.conflicts, key.number(id.rawValue)) { reader throws(RecordDamage) in
            var glance = reader
            guard query.matches(try ConflictCodec.decodeHead(id, from: &glance)) else { return nil as StoredConflict? }
            return try ConflictCodec.decode(id, from: &reader)
        }
        guard let conflict = found ?? nil else { return true }
        return try body(conflict)
    }

    func head(_ id: ConflictID) throws -> ConflictHead? {
        try record(.conflicts, tables.conflicts, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try ConflictCodec.decodeHead(id, from: &reader)
        }
    }

    private func decodeHead(_ id: ConflictID, _ value: UnsafeRawBufferPointer) throws -> ConflictHead {
        try decode(.conflicts, key.number(id.rawValue), value) { reader throws(RecordDamage) in
            try ConflictCodec.decodeHead(id, from: &reader)
        }
    }

    /// Where a walk beyond a conflict goes on: at the conflict itself, or at the next one by number if it is gone. Nil where nothing follows.
    private func place(beyond id: ConflictID, _ order: ConflictQuery.Order) throws -> ConflictPlace? {
        var found: ConflictPlace?
        let start = id.rawValue.bigEndianOctets
        let direction: ScanDirection = order == .oldestFirst ? .forward : .backward
        try tables.conflicts.scan(from: start, direction, in: transaction) { key, value in
            guard key.count == 8, let number = key.number(at: 0) else { throw damaged(.conflicts, key, "invalid key") }
            let head = try decodeHead(ConflictID(number), value)
            found = ConflictPlace(id: head.id, pair: head.pair, time: head.time)
            return .stop
        }
        return found
    }

    /// Visits the numbers of all conflicts that may match, and only those within the query's time.
    private func scanIndex(
        _ query: ConflictQuery,
        _ order: ConflictQuery.Order,
        from start: ConflictPlace?,
        _ body: (ConflictID) throws -> Bool
    ) throws {
        let table: CacheTable = query.pair != nil ? .conflictsOf : query.state == .held ? .openConflicts : .conflictsAt
        let prefix = query.pair?.rawValue.bigEndianOctets ?? []
        let direction: ScanDirection = order == .oldestFirst ? .forward : .backward
        try tables[table].scan(
            prefix: prefix,
            from: Self.start(query, order, prefix, start),
            direction,
            in: transaction
        ) { key, _ in
            guard let time = key.number(at: prefix.count).map(CacheKey.time), let id = key.number(at: prefix.count + 8)
            else { throw damaged(table, key, "invalid key") }
            if let since = query.since, time < since { return direction == .forward ? .next : .stop }
            if let until = query.until, time >= until { return direction == .forward ? .stop : .next }
            return try body(ConflictID(id)) ? .next : .stop
        }
    }

    /// The key to begin with: that of the place, or the first within the query's time, whichever comes later in this order.
    private static func start(
        _ query: ConflictQuery,
        _ order: ConflictQuery.Order,
        _ prefix: [UInt8],
        _ start: ConflictPlace?
    ) -> [UInt8]? {
        func octets(_ time: Timestamp, _ id: UInt64) -> [UInt8] {
            prefix + CacheKey.ordered(time).bigEndianOctets + id.bigEndianOctets
        }
        // A longer key, as those of conflictsAt are, comes after its beginning: backward the greatest number with all that may follow.
        let last: [UInt8] = order == .newestFirst ? (UInt64.max).bigEndianOctets : []
        let place = start.map { octets($0.time, $0.id.rawValue) + last }
        let bound: [UInt8]? =
            switch order {
            case .oldestFirst: query.since.map { octets($0, 0) }
            case .newestFirst: query.until.map { octets($0, 0) }
            }
        guard let place, let bound else { return place ?? bound }
        let isPlaceLater = bound.lexicographicallyPrecedes(place) == (order == .oldestFirst)
        return isPlaceLater ? place : bound
    }
}
