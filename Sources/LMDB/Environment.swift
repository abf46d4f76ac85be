internal import CLMDB
internal import Glibc
internal import Synchronization

/// One LMDB environment: a directory with a data file, a reader table, and the writer's lock.
///
/// `@unchecked Sendable`: `handle` is a thread-safe LMDB environment; `tables`, `writerLock` and `isOpen` are touched
/// only in `gate.exclusively`, in `init` and in `deinit`.
package final class Environment: @unchecked Sendable {
    /// Octets of the longest key. The shortest has one.
    package static let maximumKeyOctets = 511

    package let directory: String
    package let options: EnvironmentOptions
    /// Tells environments apart for good; an object's address may be used again.
    let number: Int
    let handle: MDB_env
    let gate = TransactionGate()
    private let identity: OpenDirectories.Identity
    private var writerLock: WriterLock?
    private var tables: [String: MDB_dbi] = [:]
    private var isOpen = true
    private static let opened = Atomic<Int>(0)

    /// Opens a directory; a writer makes it (0700, files 0600) where there is none. Slots of readers that died are
    /// cleared. Throws `writerActive`, `alreadyOpen`, `missing`, `damaged`, `truncated`, `versionMismatch`,
    /// `permission`, `diskFull`.
    package init(directory: String, options: EnvironmentOptions = EnvironmentOptions()) throws {
        self.directory = directory
        self.options = options
        number = Self.opened.add(1, ordering: .relaxed).newValue
        let writes = options.access == .exclusiveWriter
        if writes && mkdir(directory, 0o700) == -1 && errno != EEXIST { try checkErrno(-1, "mkdir", directory) }
        let identity = try OpenDirectories.register(directory)
        do {
            writerLock = writes ? try WriterLock(directory: directory) : nil
            handle = try Self.open(directory, options)
        } catch {
            OpenDirectories.remove(identity)
            throw error
        }
        self.identity = identity
    }

    deinit { if isOpen { closeHandle() } }

    /// Waits for this process's transactions and closes. Every later call throws `closed`. Without it the last
    /// reference closes.
    package func close() throws {
        try gate.exclusively("mdb_env_close") {
            gate.shut(LMDBError(code: EBADF, operation: "mdb_env_close", kind: .closed, text: "closed: \(directory)"))
            closeHandle()
        }
    }

    private func closeHandle() {
        isOpen = false
        mdb_env_close(handle)
        writerLock = nil
        OpenDirectories.remove(identity)
    }

    private static func open(_ directory: String, _ options: EnvironmentOptions) throws -> MDB_env {
        let writes = options.access == .exclusiveWriter
        let header = try soundHeader(directory, attempts: writes ? 1 : 5)
        if header == nil && !writes {
            throw LMDBError(code: ENOENT, operation: "mdb_env_open", text: "\(directory) holds no database")
        }
        try ReaderTable.allocate(directory: directory, slots: options.maximumReaders, access: options.access)
        var created: MDB_env?
        try check(mdb_env_create(&created), "mdb_env_create")
        guard let handle = created else { throw LMDBError(code: ENOMEM, operation: "mdb_env_create") }
        do {
            try check(mdb_env_set_maxdbs(handle, MDB_dbi(options.maximumTables)), "mdb_env_set_maxdbs")
            try check(mdb_env_set_maxreaders(handle, UInt32(options.maximumReaders)), "mdb_env_set_maxreaders")
            var flags = UInt32(MDB_NOTLS)
            if options.durability == .allButTheLast { flags |= UInt32(MDB_NOMETASYNC) }
            if writes {
                let octets = max(options.initialMapOctets, header?.fileOctets ?? 0)
                try check(mdb_env_set_mapsize(handle, roundedUp(octets)), "mdb_env_set_mapsize")
            } else {
                flags |= UInt32(MDB_RDONLY)
            }
            try check(mdb_env_open(handle, directory, flags, 0o600), "mdb_env_open")
            if writes { try extendFile(handle, to: information(handle).me_mapsize) }
            try check(mdb_reader_check(handle, nil), "mdb_reader_check")
            return handle
        } catch {
            mdb_env_close(handle)
            // A data file without its first pages would be taken for a truncated one the next time.
            if header == nil { unlink(directory + "/" + DataFileHeader.fileName) }
            throw error
        }
    }

    /// A reader looks while a writer may be writing a meta page, so it looks again before it calls it damaged.
    private static func soundHeader(_ directory: String, attempts: Int) throws -> DataFileHeader? {
        for _ in 1..<attempts {
            if let header = try? DataFileHeader(directory: directory) { return header }
        }
        return try DataFileHeader(directory: directory)
    }

    /// LMDB wants whole pages, whatever their size.
    private static func roundedUp(_ octets: Int) -> Int { (octets + 0xFFFF) & ~0xFFFF }

    static func information(_ handle: MDB_env) throws -> MDB_envinfo {
        var information = MDB_envinfo()
        try check(mdb_env_info(handle, &information), "mdb_env_info")
        return information
    }

    /// Keeps the file as long as the map (the added part takes no blocks), which is what `DataFileHeader` relies on.
    private static func extendFile(_ handle: MDB_env, to octets: Int) throws {
        var descriptor: mdb_filehandle_t = -1
        try check(mdb_env_get_fd(handle, &descriptor), "mdb_env_get_fd")
        var status = stat()
        try checkErrno(fstat(descriptor, &status), "fstat")
        if status.st_size < octets { try checkErrno(ftruncate(descriptor, off_t(octets)), "ftruncate") }
    }
}

// MARK: - The map

extension Environment {
    /// Doubles the map, unless another thread did so since it had `octets`.
    func grow(beyond octets: Int) throws {
        try gate.exclusively("mdb_env_set_mapsize") { try growAlone(beyond: octets) }
    }

    /// The same for a caller that is alone already.
    private func growAlone(beyond octets: Int) throws {
        guard try Self.information(handle).me_mapsize <= octets else { return }
        let grown = min(octets * 2, Self.roundedUp(options.maximumMapOctets))
        guard grown > octets else {
            throw LMDBError(
                code: MDB_MAP_FULL,
                operation: "mdb_env_set_mapsize",
                text: "\(directory): the map has reached its limit of \(options.maximumMapOctets) octets"
            )
        }
        try Self.extendFile(handle, to: grown)
        try remap(grown)
    }

    /// Takes over the map size of another process.
    func adoptMapSize() throws {
        try gate.exclusively("mdb_env_set_mapsize") { try remap(0) }
    }

    private func remap(_ octets: Int) throws {
        do {
            try check(mdb_env_set_mapsize(handle, octets), "mdb_env_set_mapsize")
        } catch let error as LMDBError {
            // LMDB has unmapped the file by now and would read through the old address.
            let text = "\(directory): the map could not be moved: \(error.text)"
            let panic = LMDBError(code: error.code, operation: error.operation, kind: .panic, text: text)
            gate.shut(panic)
            throw panic
        }
    }
}

// MARK: - Tables

extension Environment {
    /// Opens a table, once; a writer makes it where there is none, a reader throws `missing`. Not within a
    /// transaction of the same thread (`nested`): it waits until this process has none.
    package func table(_ name: String) throws -> Table {
        try gate.exclusively("mdb_dbi_open") {
            if let identifier = tables[name] { return Table(environment: self, identifier: identifier, name: name) }
            let identifier: MDB_dbi
            do {
                identifier = try openTable(name)
            } catch let error as LMDBError where error.code == MDB_MAP_FULL {
                try growAlone(beyond: Self.information(handle).me_mapsize)
                identifier = try openTable(name)
            } catch let error as LMDBError where error.code == MDB_MAP_RESIZED {
                try remap(0)
                identifier = try openTable(name)
            }
            tables[name] = identifier
            return Table(environment: self, identifier: identifier, name: name)
        }
    }

    private func openTable(_ name: String) throws -> MDB_dbi {
        let writes = options.access == .exclusiveWriter
        var begun: MDB_txn?
        try check(mdb_txn_begin(handle, nil, writes ? 0 : UInt32(MDB_RDONLY), &begun), "mdb_txn_begin")
        guard let transaction = begun else { throw LMDBError(code: ENOMEM, operation: "mdb_txn_begin") }
        var identifier: MDB_dbi = 0
        let code = mdb_dbi_open(transaction, name, writes ? UInt32(MDB_CREATE) : 0, &identifier)
        guard code == MDB_SUCCESS else {
            mdb_txn_abort(transaction)
            if code == MDB_NOTFOUND {
                throw LMDBError(code: code, operation: "mdb_dbi_open", text: "\(directory) has no table \(name)")
            }
            throw failure(code, "mdb_dbi_open")
        }
        let committed = mdb_txn_commit(transaction)
        guard committed == MDB_SUCCESS else { throw failure(committed, "mdb_txn_commit") }
        return identifier
    }

    /// The error of a call that may have written. LMDB answers EIO to a write that was cut short, which is how a file
    /// system that has just become full answers.
    func failure(_ code: Int32, _ operation: String) -> LMDBError {
        guard code == EIO else { return LMDBError(code: code, operation: operation) }
        var status = statvfs()
        guard statvfs(directory, &status) == 0, status.f_bavail * status.f_frsize < 1 << 20 else {
            return LMDBError(code: code, operation: operation)
        }
        let text = "\(String(cString: mdb_strerror(code))): no space left in \(directory)"
        return LMDBError(code: code, operation: operation, kind: .diskFull, text: text)
    }
}
