internal import CLMDB
internal import Glibc

/// A place in a table, for walks that `Table.scan` does not cover; given to the closure of `Table.withCursor`.
///
/// `key` and `value` are octets of LMDB: valid until the cursor moves, the transaction writes, or the closure ends.
package struct Cursor: ~Copyable {
    private let handle: MDB_cursor
    private let transaction: Transaction
    package private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
    package private(set) var value = UnsafeRawBufferPointer(start: nil, count: 0)

    init(handle: MDB_cursor, transaction: Transaction) {
        self.handle = handle
        self.transaction = transaction
    }

    /// Each move says whether there is an entry; without one `key` and `value` are empty.
    package mutating func first() throws -> Bool { try move(MDB_FIRST) }
    package mutating func last() throws -> Bool { try move(MDB_LAST) }
    /// The first entry, where the cursor has not been placed yet.
    package mutating func next() throws -> Bool { try move(MDB_NEXT) }
    /// The last entry, where the cursor has not been placed yet.
    package mutating func previous() throws -> Bool { try move(MDB_PREV) }

    /// To the first entry whose key is not below `bound`.
    package mutating func seek(atLeast bound: UnsafeRawBufferPointer) throws -> Bool {
        if bound.isEmpty { return try first() }
        return try move(MDB_SET_RANGE, MDB_val(bound))
    }

    /// To the last entry whose key is below `bound`.
    package mutating func seek(below bound: UnsafeRawBufferPointer) throws -> Bool {
        try seek(atLeast: bound) ? try previous() : try last()
    }

    package mutating func seek(atLeast bound: [UInt8]) throws -> Bool {
        try bound.withUnsafeBytes { try seek(atLeast: $0) }
    }

    package mutating func seek(below bound: [UInt8]) throws -> Bool {
        try bound.withUnsafeBytes { try seek(below: $0) }
    }

    /// Deletes the entry that the cursor is at; `next` then moves to the one after it, `previous` to the one before.
    package mutating func delete() throws {
        _ = try transaction.live("mdb_cursor_del")
        guard let transaction = transaction as? WriteTransaction else {
            throw LMDBError(
                code: EACCES,
                operation: "mdb_cursor_del",
                kind: .readOnly,
                text: "delete in a reading transaction"
            )
        }
        try transaction.checkWrite(mdb_cursor_del(handle, 0), "mdb_cursor_del")
        place(MDB_val(), MDB_val())
    }

    private mutating func move(_ operation: MDB_cursor_op, _ start: MDB_val = MDB_val()) throws -> Bool {
        _ = try transaction.live("mdb_cursor_get")
        var key = start
        var value = MDB_val()
        let code = mdb_cursor_get(handle, &key, &value, operation)
        guard code == MDB_SUCCESS else {
            place(MDB_val(), MDB_val())
            if code == MDB_NOTFOUND { return false }
            throw LMDBError(code: code, operation: "mdb_cursor_get")
        }
        place(key, value)
        return true
    }

    private mutating func place(_ key: MDB_val, _ value: MDB_val) {
        self.key = UnsafeRawBufferPointer(key)
        self.value = UnsafeRawBufferPointer(value)
    }
}

extension Table {
    /// Runs `body` with a cursor that is not placed yet.
    package func withCursor<Result>(
        in transaction: Transaction,
        _ body: (inout Cursor) throws -> Result
    ) throws -> Result {
        let handle = try transaction.live(self, "mdb_cursor_open")
        var opened: MDB_cursor?
        try check(mdb_cursor_open(handle, identifier, &opened), "mdb_cursor_open")
        guard let opened else { throw LMDBError(code: ENOMEM, operation: "mdb_cursor_open") }
        // Runs before the transaction ends, as LMDB demands of a writer's cursors.
        defer { mdb_cursor_close(opened) }
        var cursor = Cursor(handle: opened, transaction: transaction)
        return try body(&cursor)
    }
}
