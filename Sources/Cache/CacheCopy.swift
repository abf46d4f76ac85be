internal import LMDB
import SyncModel

/// Copies all of one cache to an empty one, whose key may be another: keys with names are made anew from the records.
struct CacheCopy {
    private let target: Cache
    private let now: Timestamp
    /// Records of one transaction of the target.
    private static let chunkLimit = 20_000

    init(_ target: Cache, now: Timestamp) {
        self.target = target
        self.now = now
    }

    /// Says how many records the copy has.
    func copy(_ source: Cache, isHalfDone: () throws -> Void) throws -> Int {
        try source.read { source in
            for (index, table) in CacheTable.allCases.enumerated() {
                if index == CacheTable.allCases.count / 2 { try isHalfDone() }
                try copy(table, source)
            }
        }
        return try target.statistics().tables.reduce(0) { $0 + $1.entries }
    }

    private func copy(_ table: CacheTable, _ source: CacheTransaction) throws {
        switch table {
        case .replicas:
            try forEachRow(table, source) { target, key, value in
                try Self.copyRow(table, target, key, value)
                try copyMatchKeys(source, target, key, value)
            }
        case .names: try forEachRow(table, source) { try copyNames(source, $0, $1, $2) }
        case .parked: try forEachRow(table, source) { try copyParked(source, $0, $1, $2) }
        case .parkedLinks: try forEachRow(table, source) { try copyParkedLinks(source, $0, $1, $2) }
        case .meta: try forEachRow(table, source) { try copyMeta(source, $0, $1, $2) }
        // Made with the replicas, and with parkedLinks.
        case .keys, .heldNames: break
        default: try forEachRow(table, source) { try Self.copyRow(table, $0, $1, $2) }
        }
    }

    /// Gives every row to `body`, chunk by chunk in transactions of the target; one that did not fit runs again.
    private func forEachRow(
        _ table: CacheTable,
        _ source: CacheTransaction,
        _ body: (_ target: CacheTransaction, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var last: [UInt8]?
        var isFull = true
        while isFull {
            let start = last
            (last, isFull) = try target.write { target in
                var count = 0
                var end = start
                try source.tables[table].scanRows(from: start, in: source.transaction) { row in
                    if count == 0, let start, start.withUnsafeBytes({ $0.equals(row.key) }) { return .next }
                    count += 1
                    if table != .meta || !row.isInTheClear { try row.withValue { try body(target, row.key, $0) } }
                    guard count == Self.chunkLimit else { return .next }
                    end = [UInt8](row.key)
                    return .stop
                }
                return (end, count == Self.chunkLimit)
            }
        }
    }

    private static func copyRow(
        _ table: CacheTable,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        try target.tables[table].put(key, value, in: try target.writable())
    }

    private func copyMatchKeys(
        _ source: CacheTransaction,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        guard key.count == 17, let side = Side(rawValue: key[0]), let anchor = key.anchor(at: 1) else {
            throw source.damaged(.replicas, key, "invalid key")
        }
        let replica = try source.decode(.replicas, key, value) { reader throws(RecordDamage) in
            try ReplicaCodec.decode(side, anchor, from: &reader)
        }
        for matchKey in replica.keys {
            try target.tables.keys.put(target.key.match(side, key: matchKey, anchor), .nothing, in: target.writable())
        }
    }

    /// Entries that share a row stay in the order in which they came to it. One without a replica leads nowhere, and is left behind.
    private func copyNames(
        _ source: CacheTransaction,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        guard let side = key.first.flatMap(Side.init(rawValue:)) else {
            throw source.damaged(.names, key, "invalid key")
        }
        for anchor in try source.anchors(key, value) {
            guard let replica = try source.replica(side, anchor) else { continue }
            try target.putName(of: replica)
        }
    }

    /// Who waits for a name of which nothing but a digest is left is looked at now, and waits again if need be.
    private func copyParked(
        _ source: CacheTransaction,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        guard let side = key.first.flatMap(Side.init(rawValue:)), let waiter = key.number(at: key.count - 8) else {
            throw source.damaged(.parked, key, "invalid key")
        }
        let pair = PairID(waiter)
        if let name = try source.parkedName(key, value) {
            try target.park(side, name: name, waiter: pair)
        } else if try source.pair(pair) != nil, try source.dirty(pair) == nil {
            try target.markDirty(pair, DirtyRecord(since: now, cause: .retry))
        }
    }

    private func copyParkedLinks(
        _ source: CacheTransaction,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        guard let side = key.first.flatMap(Side.init(rawValue:)), let holder = key.anchor(at: key.count - 16) else {
            throw source.damaged(.parkedLinks, key, "invalid key")
        }
        for name in try source.parkedNames(key, value) { try target.parkLink(side, name: name, holder: holder) }
    }

    /// Facts have names for keys; the others are few and have words of the program.
    private func copyMeta(
        _ source: CacheTransaction,
        _ target: CacheTransaction,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws {
        guard key.first == CacheKey.factMark else { return try Self.copyRow(.meta, target, key, value) }
        let fact = try source.decodeFact(key, value)
        try target.setFact(fact.name, fact.value)
    }
}
