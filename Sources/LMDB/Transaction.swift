internal import CLMDB
internal import Glibc

/// A consistent view of all tables, given to the closure of `Environment.read`. Used after that it throws
/// `transactionEnded`; the compiler keeps it on its thread, since it is not Sendable.
package class Transaction {
    let environment: Environment
    private(set) var handle: MDB_txn?

    init(environment: Environment, handle: MDB_txn?) {
        self.environment = environment
        self.handle = handle
    }

    /// The id of the last commit that this transaction sees; of a writing one, the id that its commit will have.
    package var identifier: Int {
        get throws { mdb_txn_id(try live("mdb_txn_id")) }
    }

    @inline(__always)
    final func live(_ operation: StaticString) throws -> MDB_txn {
        guard let handle else { throw ended(operation) }
        return handle
    }

    /// The handle, for a table which must be of the same environment: a table's number means nothing elsewhere.
    @inline(__always)
    final func live(_ table: borrowing Table, _ operation: StaticString) throws -> MDB_txn {
        guard let handle else { throw ended(operation) }
        guard table.environmentNumber == environment.number else { throw foreign(table.name, operation) }
        return handle
    }

    final func abort() {
        if let handle = take() { mdb_txn_abort(handle) }
    }

    final func take() -> MDB_txn? {
        defer { handle = nil }
        return handle
    }

    private final func ended(_ operation: StaticString) -> LMDBError {
        LMDBError(
            code: EINVAL,
            operation: operation.description,
            kind: .transactionEnded,
            text: "the transaction has ended"
        )
    }

    private final func foreign(_ name: String, _ operation: StaticString) -> LMDBError {
        LMDBError(
            code: EINVAL,
            operation: operation.description,
            kind: .foreignTable,
            text: "table \(name) is of another environment than the transaction"
        )
    }
}

/// A transaction that may change tables, given to the closure of `Environment.write`.
package final class WriteTransaction: Transaction {
    /// Whether anything found the map full: then LMDB allows no commit, and the environment grows and tries again.
    private(set) var mapWasTooSmall = false

    @inline(__always)
    func checkWrite(_ code: Int32, _ operation: StaticString) throws {
        if code != MDB_SUCCESS { throw noted(code, operation) }
    }

    private func noted(_ code: Int32, _ operation: StaticString) -> LMDBError {
        if code == MDB_MAP_FULL { mapWasTooSmall = true }
        return environment.failure(code, operation.description)
    }

    func commit() throws {
        // Commit frees the transaction whether or not it succeeds.
        guard let handle = take() else { return }
        try checkWrite(mdb_txn_commit(handle), "mdb_txn_commit")
    }
}
