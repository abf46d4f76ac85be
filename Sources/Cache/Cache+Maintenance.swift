internal import LMDB

/// What one table of the cache holds.
package struct CacheTableStatistics: Sendable, Equatable {
    package let table: CacheTable
    package let entries: Int
    /// Whole pages that the table takes.
    package let octets: Int
}

/// What the cache holds and takes.
package struct CacheStatistics: Sendable, Equatable {
    package let tables: [CacheTableStatistics]
    /// Octets up to the last page ever used, free pages among them.
    package let usedOctets: Int
    /// Octets of address space; the file is as long, without taking blocks beyond `usedOctets`.
    package let mapOctets: Int
    /// Number of transactions ever committed.
    package let transactions: Int
    /// Processes and threads that may read at this moment.
    package let readers: Int
}

extension Cache {
    package func statistics() throws -> CacheStatistics {
        try wrapping {
            let whole = try environment.statistics()
            let tables = try environment.read { transaction in
                try CacheTable.allCases.map { table in
                    let statistics = try self.tables[table].statistics(in: transaction)
                    return CacheTableStatistics(
                        table: table,
                        entries: statistics.entries,
                        octets: statistics.pages * whole.pageOctets
                    )
                }
            }
            return CacheStatistics(
                tables: tables,
                usedOctets: whole.usedOctets,
                mapOctets: whole.mapOctets,
                transactions: whole.lastTransaction,
                readers: whole.readers
            )
        }
    }

    /// Writes one consistent state to `directory`, which is made where there is none and must hold no database, while others read and
    /// write. `compact` leaves free pages out, and takes longer.
    package func backup(to directory: String, compact: Bool = true) throws {
        do {
            try environment.copy(to: directory, compact: compact)
        } catch let error as LMDBError {
            throw CacheError(error, path: directory)
        }
    }

    /// Brings to the disk what `EnvironmentOptions.Durability.allButTheLast` left in memory.
    package func sync() throws {
        try wrapping { try environment.sync() }
    }

    /// Forgets readers whose process died, so that the pages they saw can be used again; says how many there were.
    @discardableResult
    package func clearStaleReaders() throws -> Int {
        try wrapping { try environment.clearStaleReaders() }
    }
}
