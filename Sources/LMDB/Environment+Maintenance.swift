internal import CLMDB
internal import Glibc

extension Environment {
    /// Flushes what `Durability.allButTheLast` left to be flushed.
    package func sync() throws {
        try gate.enter(.read)
        defer { gate.leave() }
        let code = mdb_env_sync(handle, 1)
        if code != MDB_SUCCESS { throw failure(code, "mdb_env_sync") }
    }

    /// Clears the slots of readers whose process died, and says how many: such a slot keeps pages from being used
    /// again.
    @discardableResult
    package func clearStaleReaders() throws -> Int {
        try gate.enter(.read)
        defer { gate.leave() }
        var count: Int32 = 0
        try check(mdb_reader_check(handle, &count), "mdb_reader_check")
        return Int(count)
    }

    package func statistics() throws -> EnvironmentStatistics {
        try gate.enter(.read)
        defer { gate.leave() }
        let information = try Self.information(handle)
        var statistics = MDB_stat()
        try check(mdb_env_stat(handle, &statistics), "mdb_env_stat")
        return EnvironmentStatistics(
            pageOctets: Int(statistics.ms_psize),
            mapOctets: information.me_mapsize,
            usedOctets: (information.me_last_pgno + 1) * Int(statistics.ms_psize),
            lastTransaction: information.me_last_txnid,
            readers: Int(information.me_numreaders),
            maximumReaders: Int(information.me_maxreaders)
        )
    }

    /// Writes one consistent state, while others read and write, to `directory`, which is made (0700) where there is
    /// none and must not hold a data file (`EEXIST`). `compact` leaves free pages out and takes longer.
    /// A writer of this process whose map must grow waits for the copy's end.
    /// On an error the part that was written is removed.
    package func copy(to directory: String, compact: Bool) throws {
        if mkdir(directory, 0o700) == -1 && errno != EEXIST { try checkErrno(-1, "mkdir", directory) }
        let path = directory + "/" + DataFileHeader.fileName
        let descriptor = try checkErrno(Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), "open", path)
        do {
            defer { Glibc.close(descriptor) }
            try gate.enter(.read)
            defer { gate.leave() }
            let code = mdb_env_copyfd2(handle, descriptor, compact ? UInt32(MDB_CP_COMPACT) : 0)
            if code != MDB_SUCCESS { throw LMDBError(code: code, operation: "mdb_env_copyfd2") }
            try checkErrno(fsync(descriptor), "fsync", path)
        } catch {
            unlink(path)
            throw error
        }
    }
}
