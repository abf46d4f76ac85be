internal import CLMDB
internal import Glibc

extension Environment {
    /// Runs `body` with a consistent view of all tables. Any number of threads may read at one time, and beside a
    /// writer. The transaction, its cursors and the octets they give end with the closure.
    ///
    /// Be brief: a reader that stays open keeps every page it may see from being used again, so the file grows. And
    /// never wait for a writer in `body`: the writer waits for this process's readers when its map must grow.
    package func read<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        try gate.enter(.read)
        var begun = beginReading()
        if begun.code == MDB_MAP_RESIZED {
            gate.leave()
            try adoptMapSize()
            try gate.enter(.read)
            begun = beginReading()
        }
        defer { gate.leave() }
        try check(begun.code, "mdb_txn_begin")
        let transaction = Transaction(environment: self, handle: begun.handle)
        defer { transaction.abort() }
        return try body(transaction)
    }

    private func beginReading() -> (code: Int32, handle: MDB_txn?) {
        var handle: MDB_txn?
        let code = mdb_txn_begin(self.handle, nil, UInt32(MDB_RDONLY), &handle)
        return (code, handle)
    }

    /// Runs `body` with the right to change, and commits all of it, or none if it throws. One writer at a time: the
    /// others wait. The calling thread must have no other transaction (`nested`).
    ///
    /// **`body` runs again from the start if the map was too small for it**, after the map has grown; what it does
    /// outside of the transaction must allow that.
    ///
    /// Throws what `body` throws; `diskFull`, after which nothing has changed and the environment goes on working;
    /// `readOnly`.
    @discardableResult
    package func write<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Result {
        guard options.access == .exclusiveWriter else {
            throw LMDBError(code: EACCES, operation: "mdb_txn_begin", kind: .readOnly, text: "opened for reading only")
        }
        while true {
            switch try attempt(body) {
            case .committed(let result): return result
            case .mapTooSmall(let octets): try grow(beyond: octets)
            }
        }
    }

    private enum Attempt<Result> {
        case committed(Result)
        case mapTooSmall(octets: Int)
    }

    private func attempt<Result>(_ body: (WriteTransaction) throws -> Result) throws -> Attempt<Result> {
        try gate.enter(.write)
        defer { gate.leave() }
        var begun: MDB_txn?
        try check(mdb_txn_begin(handle, nil, 0, &begun), "mdb_txn_begin")
        let transaction = WriteTransaction(environment: self, handle: begun)
        defer { transaction.abort() }
        do {
            let result = try body(transaction)
            if !transaction.mapWasTooSmall { try transaction.commit() }
            if !transaction.mapWasTooSmall { return .committed(result) }
        } catch {
            // Asked of the transaction, because `body` may have put an error of its own in place of LMDB's.
            if !transaction.mapWasTooSmall { throw error }
        }
        return .mapTooSmall(octets: try Self.information(handle).me_mapsize)
    }
}
