internal import CLMDB
internal import Glibc

/// A named table: octet keys in memcmp order, one value each. Valid as long as its environment.
package struct Table: Sendable {
    package enum PutMode: Sendable {
        case overwrite
        /// Leaves a key that is there as it is.
        case keepExisting
        /// The key is beyond the last one, else `keyExists`: fills pages completely, for loading in order.
        case append
    }

    package let name: String
    let environmentNumber: Int
    let identifier: MDB_dbi

    init(environment: Environment, identifier: MDB_dbi, name: String) {
        environmentNumber = environment.number
        self.identifier = identifier
        self.name = name
    }

    /// Gives the value to `body` without copying it; nil if the key is not there. The octets are valid until the
    /// next write of the transaction, at most until `body` returns.
    package func get<Result>(
        _ key: UnsafeRawBufferPointer,
        in transaction: Transaction,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        let handle = try transaction.live(self, "mdb_get")
        var keyOctets = MDB_val(key)
        var value = MDB_val()
        let code = mdb_get(handle, identifier, &keyOctets, &value)
        if code == MDB_NOTFOUND { return nil }
        try check(code, "mdb_get")
        return try body(UnsafeRawBufferPointer(value))
    }

    package func get<Result>(
        _ key: [UInt8],
        in transaction: Transaction,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) throws -> Result? {
        try key.withUnsafeBytes { try get($0, in: transaction, body) }
    }

    /// A copy of the value.
    package func get(_ key: [UInt8], in transaction: Transaction) throws -> [UInt8]? {
        try get(key, in: transaction) { [UInt8]($0) }
    }

    package func contains(_ key: [UInt8], in transaction: Transaction) throws -> Bool {
        try get(key, in: transaction) { _ in true } ?? false
    }

    /// Stores a value. False only in `keepExisting`, where the key was there.
    @discardableResult
    package func put(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        mode: PutMode = .overwrite,
        in transaction: WriteTransaction
    ) throws -> Bool {
        let handle = try transaction.live(self, "mdb_put")
        var keyOctets = MDB_val(key)
        var valueOctets = MDB_val(value)
        let code = mdb_put(handle, identifier, &keyOctets, &valueOctets, mode.flags)
        if code == MDB_KEYEXIST && mode == .keepExisting { return false }
        try transaction.checkWrite(code, "mdb_put")
        return true
    }

    @discardableResult
    package func put(
        _ key: [UInt8],
        _ value: [UInt8],
        mode: PutMode = .overwrite,
        in transaction: WriteTransaction
    ) throws -> Bool {
        try key.withUnsafeBytes { key in
            try value.withUnsafeBytes { try put(key, $0, mode: mode, in: transaction) }
        }
    }

    /// Stores a value of `octets` octets which `fill` writes in place, all of them, before it uses the transaction.
    package func put(
        _ key: UnsafeRawBufferPointer,
        octets: Int,
        in transaction: WriteTransaction,
        fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        let handle = try transaction.live(self, "mdb_put")
        var keyOctets = MDB_val(key)
        var value = MDB_val(mv_size: octets, mv_data: nil)
        let code = mdb_put(handle, identifier, &keyOctets, &value, UInt32(MDB_RESERVE))
        try transaction.checkWrite(code, "mdb_put")
        try fill(UnsafeMutableRawBufferPointer(start: value.mv_data, count: value.mv_size))
    }

    /// False if the key was not there.
    @discardableResult
    package func delete(_ key: UnsafeRawBufferPointer, in transaction: WriteTransaction) throws -> Bool {
        let handle = try transaction.live(self, "mdb_del")
        var keyOctets = MDB_val(key)
        let code = mdb_del(handle, identifier, &keyOctets, nil)
        if code == MDB_NOTFOUND { return false }
        try transaction.checkWrite(code, "mdb_del")
        return true
    }

    @discardableResult
    package func delete(_ key: [UInt8], in transaction: WriteTransaction) throws -> Bool {
        try key.withUnsafeBytes { try delete($0, in: transaction) }
    }

    /// Empties the table. The table stays.
    package func removeAll(in transaction: WriteTransaction) throws {
        let handle = try transaction.live(self, "mdb_drop")
        try transaction.checkWrite(mdb_drop(handle, identifier, 0), "mdb_drop")
    }

    /// Number of keys, without looking at them.
    package func count(in transaction: Transaction) throws -> Int {
        try statistics(in: transaction).entries
    }

    package func statistics(in transaction: Transaction) throws -> TableStatistics {
        let handle = try transaction.live(self, "mdb_stat")
        var statistics = MDB_stat()
        try check(mdb_stat(handle, identifier, &statistics), "mdb_stat")
        return TableStatistics(
            entries: statistics.ms_entries,
            depth: Int(statistics.ms_depth),
            branchPages: statistics.ms_branch_pages,
            leafPages: statistics.ms_leaf_pages,
            overflowPages: statistics.ms_overflow_pages
        )
    }
}

extension Table.PutMode {
    fileprivate var flags: UInt32 {
        switch self {
        case .overwrite: 0
        case .keepExisting: UInt32(MDB_NOOVERWRITE)
        case .append: UInt32(MDB_APPEND)
        }
    }
}

extension MDB_val {
    /// LMDB takes a mutable pointer and does not write through it.
    @inline(__always)
    init(_ octets: UnsafeRawBufferPointer) {
        self.init(mv_size: octets.count, mv_data: UnsafeMutableRawPointer(mutating: octets.baseAddress))
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    init(_ value: MDB_val) {
        self.init(start: value.mv_data, count: value.mv_size)
    }
}
