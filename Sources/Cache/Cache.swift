internal import Glibc
internal import LMDB
internal import Synchronization

/// What Syncline knows of both sides: one LMDB environment in a directory of its own, written by one process and read by any.
package final class Cache: Sendable {
    package enum Mode: Sendable {
        /// The only writer. Makes the directory (0700, files 0600) and upgrades an older format.
        case readWrite
        /// Beside a writer or without one. Changes nothing.
        case readOnly
    }

    package let path: String
    package let mode: Mode
    let environment: Environment
    let tables: CacheTables
    /// Nil where the cache is not encrypted.
    let seal: CacheSeal?
    private let workspaces = Mutex<[Workspace]>([])

    /// Throws ``CacheError``: `missing`, `notACache`, `newerFormat`, `olderFormat`, `inUse`, `damaged`, `permission`, `diskFull`, `keyMissing`, `keyWrong`,
    /// `keyUnusable`, `notEncrypted`.
    ///
    /// - Parameter key: what the cache is encrypted with, or is to be if it is made now; nil for one that is not. Nothing else than `rekey` changes that.
    package static func open(
        at path: String,
        mode: Mode = .readWrite,
        options: CacheOptions = CacheOptions(),
        key: CacheEncryptionKey? = nil
    ) throws -> Cache {
        try open(at: path, mode: mode, options: options, key: key, format: .current)
    }

    static func open(
        at path: String,
        mode: Mode,
        options: CacheOptions,
        key: CacheEncryptionKey? = nil,
        format: CacheFormat
    ) throws -> Cache {
        do {
            return try Cache(path, mode, options, key, format)
        } catch let error as LMDBError {
            throw CacheError(error, path: path)
        } catch is CacheFormat.Foreign {
            throw CacheError(.notACache("its table meta is of another program"), path: path)
        }
    }

    private init(
        _ path: String,
        _ mode: Mode,
        _ options: CacheOptions,
        _ key: CacheEncryptionKey?,
        _ format: CacheFormat
    ) throws {
        self.path = path
        self.mode = mode
        try Self.refuseOtherFiles(path)
        var settings = EnvironmentOptions(access: .readOnly)
        if mode == .readWrite {
            if Self.hasDataFile(path) {
                // A look before the first write: what is not ours, or of a later version, or under another key, stays as it is.
                let environment = try Environment(directory: path, options: settings)
                if let found = try Self.inspect(environment, path, format) { _ = try found.seal(key, path) }
                try environment.close()
            }
            settings.access = .exclusiveWriter
            settings.durability = options.durability
            settings.initialMapOctets = options.initialMapOctets
            settings.maximumMapOctets = options.maximumMapOctets
        }
        let environment = try Environment(directory: path, options: settings)
        self.environment = environment
        let found = try Self.inspect(environment, path, format)
        if mode == .readOnly {
            guard let found else { throw CacheError(.missing, path: path) }
            if found.format < format.number {
                throw CacheError(.olderFormat(found: found.format, supported: format.number), path: path)
            }
            seal = try found.seal(key, path)
            tables = try CacheTables(environment, seal: seal)
            return
        }
        Self.removeUnfinishedRekey(path)
        let seal: CacheSeal?
        if let found {
            seal = try found.seal(key, path)
        } else {
            seal = try key.map { try CacheSeal($0, path: path) }
        }
        self.seal = seal
        let tables = try CacheTables(environment, seal: seal)
        self.tables = tables
        try environment.write { try format.establish(tables, seal: seal, path: path, in: $0) }
    }

    /// Runs `body` with the right to change; everything it did commits together, or nothing if it throws. One writer at a time,
    /// others wait. The transaction belongs to the calling thread and ends with `body`.
    ///
    /// **`body` runs again from the start if the map was too small for it** and has grown; what it does outside of the
    /// transaction must allow that.
    ///
    /// Throws what `body` throws, and ``CacheError``. After `diskFull` and `mapFull` nothing has changed and the cache goes on working.
    package func write<Result>(_ body: (CacheTransaction) throws -> Result) throws -> Result {
        try withWorkspace { workspace in
            try environment.write { transaction in
                let cacheTransaction = CacheTransaction(self, transaction, workspace)
                let result = try body(cacheTransaction)
                try cacheTransaction.storeCounters()
                return result
            }
        }
    }

    /// Runs `body` with one consistent view of the cache; writes within it throw `readOnly`. Be brief: the file can't use free
    /// pages again that an open view may see.
    package func read<Result>(_ body: (CacheTransaction) throws -> Result) throws -> Result {
        try withWorkspace { workspace in
            try environment.read { try body(CacheTransaction(self, $0, workspace)) }
        }
    }

    /// Waits for the transactions of this process and closes. Without it the last reference closes.
    package func close() throws {
        try wrapping { try environment.close() }
    }

    func wrapping<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as LMDBError {
            throw CacheError(error, path: path)
        }
    }

    private func withWorkspace<Result>(_ body: (Workspace) throws -> Result) throws -> Result {
        let workspace = try workspaces.withLock { $0.popLast() } ?? Workspace(seal)
        defer { workspaces.withLock { $0.append(workspace) } }
        return try wrapping { try body(workspace) }
    }
}

// MARK: - What is under the path

extension Cache {
    private static func refuseOtherFiles(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return }
        throw CacheError(.notACache("it is a file, not a directory"), path: path)
    }

    static func hasDataFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path + "/data.mdb", &status) == 0
    }

    /// What is told in the clear of a cache that is there.
    private struct Found {
        let format: Int
        /// What it is encrypted with.
        let row: [UInt8]?

        /// Throws where the key is not the one of the cache, or where only one of them is encrypted.
        func seal(_ key: CacheEncryptionKey?, _ path: String) throws -> CacheSeal? {
            switch (row, key) {
            case (nil, nil): return nil
            case (nil, let key?): throw CacheError(.notEncrypted(file: key.file), path: path)
            case (_, nil): throw CacheError(.keyMissing, path: path)
            case (let row?, let key?): return try CacheSeal(key, row: row, path: path)
            }
        }
    }

    /// Nil for an environment in which nothing was stored yet.
    private static func inspect(_ environment: Environment, _ path: String, _ format: CacheFormat) throws -> Found? {
        let meta: Table
        do {
            meta = try environment.table(CacheTable.meta.rawValue)
        } catch let error as LMDBError where error.kind == .missing {
            guard try environment.statistics().lastTransaction == 0 else {
                throw CacheError(.notACache("it is the database of another program"), path: path)
            }
            return nil
        }
        let found = try environment.read { transaction -> Found? in
            guard let number = try CacheFormat.stored(meta, in: transaction) else {
                if try meta.count(in: transaction) > 0 { throw CacheFormat.Foreign() }
                return nil
            }
            return Found(format: number, row: try meta.get(CacheSeal.rowKey, in: transaction))
        }
        if let found { try format.refuseNewer(found.format, path: path) }
        return found
    }
}
