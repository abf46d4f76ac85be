internal import LMDB
import SyncModel

/// The cache within one transaction, for reading, or for reading and writing. It belongs to the thread that runs the closure of
/// `Cache.read` or `Cache.write`, and ends with it.
package final class CacheTransaction: StoreTransaction {
    let cache: Cache
    let tables: CacheTables
    let transaction: Transaction
    private let writing: WriteTransaction?
    let key: CacheKey
    let writer: RecordWriter
    let names: NameTable
    private var loadedCounters: Counters?
    private var countersChanged = false
    private var loadedLinkVersions: LinkVersions?
    private var loadedStampNames: StampNames?
    let workspace: Workspace

    init(_ cache: Cache, _ transaction: Transaction, _ workspace: Workspace) {
        self.cache = cache
        self.tables = cache.tables
        self.transaction = transaction
        self.writing = transaction as? WriteTransaction
        self.workspace = workspace
        self.key = workspace.key
        self.writer = workspace.writer
        self.names = workspace.names
        workspace.begin()
    }

    /// Whether keys hold digests of names, and the records the names.
    var keysAreDigests: Bool { cache.seal != nil }

    /// The transaction, if it may write.
    @inline(__always)
    func writable() throws -> WriteTransaction {
        guard let writing else { throw CacheError(.readOnly, path: cache.path) }
        return writing
    }

    /// Reads the record under `key`; nil where there is none.
    @inline(__always)
    func record<Value>(
        _ table: CacheTable,
        _ handle: SealedTable,
        _ key: UnsafeRawBufferPointer,
        _ decode: (inout RecordReader) throws(RecordDamage) -> Value
    ) throws -> Value? {
        try handle.get(key, in: transaction) { try self.decode(table, key, $0, decode) }
    }

    @inline(__always)
    func decode<Value>(
        _ table: CacheTable,
        _ key: UnsafeRawBufferPointer,
        _ octets: UnsafeRawBufferPointer,
        _ decode: (inout RecordReader) throws(RecordDamage) -> Value
    ) throws -> Value {
        var reader = RecordReader(octets, names: names)
        do throws(RecordDamage) {
            return try decode(&reader)
        } catch {
            throw damaged(table, key, error.text)
        }
    }

    func damaged(_ table: CacheTable, _ key: UnsafeRawBufferPointer, _ reason: String) -> CacheError {
        CacheError(.damaged(table: table, key: [UInt8](key), reason: reason), path: cache.path)
    }

    /// Stores what the writer holds.
    @inline(__always)
    func storeRecord(_ handle: SealedTable, _ key: UnsafeRawBufferPointer) throws {
        try handle.put(key, writer.octets, in: try writable())
    }

    /// Visits the keys of one number, in order, beyond `after`, and no records.
    func forEachNumber(_ table: CacheTable, after: UInt64?, _ body: (UInt64) throws -> Bool) throws {
        if after == .max { return }
        let start = after.map { ($0 + 1).bigEndianOctets }
        try tables[table].scanRows(from: start, in: transaction) { row in
            guard row.key.count == 8, let number = row.key.number(at: 0) else {
                throw damaged(table, row.key, "invalid key")
            }
            return try body(number) ? .next : .stop
        }
    }

    /// Visits the keys of one number, in order, beyond `after`.
    func forEachNumber(
        _ table: CacheTable,
        after: UInt64?,
        _ body: (UInt64, UnsafeRawBufferPointer) throws -> Bool
    ) throws {
        if after == .max { return }
        let start = after.map { ($0 + 1).bigEndianOctets }
        try tables[table].scan(from: start, in: transaction) { key, value in
            guard key.count == 8, let number = key.number(at: 0) else { throw damaged(table, key, "invalid key") }
            return try body(number, value) ? .next : .stop
        }
    }

    /// The same, with the records that the keys stand for.
    func forEachRecord<Record>(
        _ table: CacheTable,
        after: UInt64?,
        _ decodeRecord: (UInt64, inout RecordReader) throws(RecordDamage) -> Record,
        _ body: (UInt64, Record) throws -> Bool
    ) throws {
        try forEachNumber(table, after: after) { number, value in
            let record = try decode(table, key.number(number), value) { reader throws(RecordDamage) in
                try decodeRecord(number, &reader)
            }
            return try body(number, record)
        }
    }

    // MARK: - Counters

    func counters() throws -> Counters {
        if let loadedCounters { return loadedCounters }
        let stored = try Counters.key.withUnsafeBytes { key in
            try record(.meta, tables.meta, key) { reader throws(RecordDamage) in
                try Counters.decode(from: &reader)
            }
        }
        loadedCounters = stored ?? Counters()
        return stored ?? Counters()
    }

    /// Gives the next number of a kind, which this transaction's commit makes used for good.
    func take(_ counter: WritableKeyPath<Counters, UInt64>) throws -> UInt64 {
        let number = try counters()[keyPath: counter]
        try change(counter, by: 1)
        return number
    }

    func change(_ counter: WritableKeyPath<Counters, UInt64>, by difference: Int64) throws {
        _ = try writable()
        var counters = try counters()
        // What a damaged cache counts wrong is a finding of the integrity check, and no reason to end.
        let number = counters[keyPath: counter]
        counters[keyPath: counter] =
            difference < 0 ? number - min(number, difference.magnitude) : number + difference.magnitude
        loadedCounters = counters
        countersChanged = true
    }

    // MARK: - Servers

    func linkVersions() throws -> LinkVersions {
        if let loadedLinkVersions { return loadedLinkVersions }
        let stored = try LinkVersions.key.withUnsafeBytes { key in
            try record(.meta, tables.meta, key) { reader throws(RecordDamage) in
                try LinkVersions.decode(from: &reader)
            }
        }
        let versions = stored ?? LinkVersions()
        loadedLinkVersions = versions
        return versions
    }

    /// Gives the server of a version its code, for good, if there is room for one more.
    func rememberServer(of version: Version, in versions: LinkVersions) throws {
        guard case .usn(_, let server) = version, versions.take(server) else { return }
        versions.encode(into: writer)
        try LinkVersions.key.withUnsafeBytes { try storeRecord(tables.meta, $0) }
    }

    // MARK: - Names of stamps

    func stampNames() throws -> StampNames {
        if let loadedStampNames { return loadedStampNames }
        let stored = try StampNames.key.withUnsafeBytes { key in
            try tables.meta.get(key, in: transaction) { octets in
                // What the last transaction read, as long as it is the same.
                if let last = workspace.stampNames, last.octets.withUnsafeBytes({ $0.equals(octets) }) {
                    return last.names
                }
                let names = try decode(.meta, key, octets) { reader throws(RecordDamage) in
                    try StampNames.decode(from: &reader)
                }
                workspace.stampNames = ([UInt8](octets), names)
                return names
            }
        }
        loadedStampNames = stored ?? StampNames()
        return stored ?? StampNames()
    }

    func store(_ names: StampNames) throws {
        loadedStampNames = names
        names.encode(into: writer)
        try StampNames.key.withUnsafeBytes { try storeRecord(tables.meta, $0) }
    }

    /// Called once, before the commit.
    func storeCounters() throws {
        guard countersChanged, let loadedCounters else { return }
        loadedCounters.encode(into: writer)
        try Counters.key.withUnsafeBytes { try storeRecord(tables.meta, $0) }
    }
}
