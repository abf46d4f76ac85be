internal import Cryptography
internal import LMDB

/// A table of the cache, whose values are sealed where the cache is encrypted: every record passes here, out and in.
///
/// A value is bound to its table and its key, so that none can be moved to another place. One without octets stays as it is: its key says it all.
struct SealedTable: Sendable {
    /// The table as it is stored.
    let stored: Table
    private let seal: TableSeal?

    init(_ stored: Table, _ identity: CacheTable, _ seal: CacheSeal?) {
        self.stored = stored
        self.seal = seal.map { TableSeal($0, identity) }
    }

    /// Gives the value to `body`; nil if the key is not there. Its octets are valid until the next write of the transaction, at most until `body` returns.
    @inline(__always)
    func get<Result>(
        _ key: UnsafeRawBufferPointer,
        in transaction: Transaction,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        guard let seal else { return try stored.get(key, in: transaction, body) }
        return try stored.get(key, in: transaction) { value in
            if value.isEmpty { return try body(value) }
            return try seal.ciphers.withCipher { try body(seal.open(key, value, $0)) }
        }
    }

    func get<Result>(
        _ key: [UInt8],
        in transaction: Transaction,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        try key.withUnsafeBytes { try get($0, in: transaction, body) }
    }

    /// A copy of the value.
    func get(_ key: [UInt8], in transaction: Transaction) throws -> [UInt8]? {
        try get(key, in: transaction) { [UInt8]($0) }
    }

    /// Without looking at the value.
    func contains(_ key: UnsafeRawBufferPointer, in transaction: Transaction) throws -> Bool {
        try stored.get(key, in: transaction) { _ in true } ?? false
    }

    /// Stores a value. False only in `keepExisting`, where the key was there.
    @inline(__always)
    @discardableResult
    func put(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        mode: Table.PutMode = .overwrite,
        in transaction: WriteTransaction
    ) throws -> Bool {
        guard let seal, !value.isEmpty else { return try stored.put(key, value, mode: mode, in: transaction) }
        return try seal.ciphers.withCipher { cipher in
            try stored.put(key, seal.seal(key, value, cipher), mode: mode, in: transaction)
        }
    }

    @discardableResult
    func put(
        _ key: [UInt8],
        _ value: [UInt8],
        mode: Table.PutMode = .overwrite,
        in transaction: WriteTransaction
    ) throws -> Bool {
        try key.withUnsafeBytes { key in
            try value.withUnsafeBytes { try put(key, $0, mode: mode, in: transaction) }
        }
    }

    @discardableResult
    func put(
        _ key: UnsafeRawBufferPointer,
        _ value: [UInt8],
        in transaction: WriteTransaction
    ) throws -> Bool {
        try value.withUnsafeBytes { try put(key, $0, in: transaction) }
    }

    @discardableResult
    func delete(_ key: UnsafeRawBufferPointer, in transaction: WriteTransaction) throws -> Bool {
        try stored.delete(key, in: transaction)
    }

    @discardableResult
    func delete(_ key: [UInt8], in transaction: WriteTransaction) throws -> Bool {
        try stored.delete(key, in: transaction)
    }

    @discardableResult
    func deleteAll(prefix: [UInt8], in transaction: WriteTransaction) throws -> Int {
        try stored.deleteAll(prefix: prefix, in: transaction)
    }

    func count(in transaction: Transaction) throws -> Int { try stored.count(in: transaction) }

    func statistics(in transaction: Transaction) throws -> TableStatistics {
        try stored.statistics(in: transaction)
    }

    /// As `Table.scan`.
    func scan(
        prefix: [UInt8] = [],
        from start: [UInt8]? = nil,
        _ direction: ScanDirection = .forward,
        in transaction: Transaction,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> ScanStep
    ) throws {
        guard seal != nil else {
            return try stored.scan(prefix: prefix, from: start, direction, in: transaction, body)
        }
        try scanRows(prefix: prefix, from: start, direction, in: transaction) { row in
            try row.withValue { try body(row.key, $0) }
        }
    }

    func forEach(
        prefix: [UInt8] = [],
        in transaction: Transaction,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try scan(prefix: prefix, in: transaction) { key, value in
            try body(key, value)
            return .next
        }
    }

    /// As `scan`, for those who may do without the value, or go on after a damaged one.
    func scanRows(
        prefix: [UInt8] = [],
        from start: [UInt8]? = nil,
        _ direction: ScanDirection = .forward,
        in transaction: Transaction,
        _ body: (Row) throws -> ScanStep
    ) throws {
        guard let seal else {
            return try stored.scan(prefix: prefix, from: start, direction, in: transaction) { key, value in
                try body(Row(key: key, stored: value, opening: nil))
            }
        }
        try seal.ciphers.withCipher { cipher in
            try stored.scan(prefix: prefix, from: start, direction, in: transaction) { key, value in
                try body(Row(key: key, stored: value, opening: (seal, cipher)))
            }
        }
    }

    /// A row that a scan is at; valid as long as the call that was given it.
    struct Row {
        let key: UnsafeRawBufferPointer
        /// The value as it is stored.
        let stored: UnsafeRawBufferPointer
        fileprivate let opening: (seal: TableSeal, cipher: RecordCipher)?

        /// Whether it is one of the two rows of `meta` that are read before there is a key.
        var isInTheClear: Bool {
            [CacheFormat.key, CacheSeal.rowKey].contains { $0.withUnsafeBytes { $0.equals(key) } }
        }

        /// Throws ``CacheError`` `damaged` for a value that was changed.
        func withValue<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
            guard let opening, !stored.isEmpty else { return try body(stored) }
            return try body(opening.seal.open(key, stored, opening.cipher))
        }
    }
}

/// What binds the records of one table to it.
private final class TableSeal: Sendable {
    let ciphers: CacheSeal
    private let table: CacheTable
    /// The table's name, and an octet that none has, so that no name and key together read as another name and key.
    private let label: [UInt8]

    init(_ ciphers: CacheSeal, _ table: CacheTable) {
        self.ciphers = ciphers
        self.table = table
        label = [UInt8](table.rawValue.utf8) + [0]
    }

    func seal(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ cipher: RecordCipher
    ) throws -> UnsafeRawBufferPointer {
        try label.withUnsafeBytes { try cipher.seal(value, associated: ($0, key)) }
    }

    func open(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ cipher: RecordCipher
    ) throws -> UnsafeRawBufferPointer {
        let opened = try label.withUnsafeBytes { try cipher.open(value, associated: ($0, key)) }
        // Nothing seals a value without octets.
        guard let opened, !opened.isEmpty else { throw ciphers.changed(table, key) }
        return opened
    }
}
