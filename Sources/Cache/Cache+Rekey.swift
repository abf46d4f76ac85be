internal import Glibc
internal import LMDB
import SyncModel

/// How far a rekey is: where it may be stopped, and nothing is lost.
enum RekeyStep: CaseIterable {
    case begun
    /// Half of the tables are copied.
    case copying
    /// All is copied and on the disk.
    case copied
    /// The new reader table is in its place, the data is not.
    case exchanging
    /// The new data is in its place.
    case exchanged
}

extension Cache {
    /// Below the cache's own directory, so that it is on the same file system and nobody else may read it.
    private static let unfinishedName = "unfinished-rekey"

    /// Encrypts a cache with another key, or one that was not encrypted, or puts it into the clear. It takes the writer's lock, and as much room again as the cache. Everything is
    /// copied to new files beside the old ones, which are replaced when all of it is on the disk: stopped at any moment, the cache is the old one or the new one.
    /// Other processes that read it meanwhile go on with the old one.
    ///
    /// The old files are unlinked, not overwritten: what they held stays on the medium until the file system uses its blocks again. Backups stay under their key.
    ///
    /// - Parameters:
    ///   - old: as for `open`.
    ///   - new: nil for a cache in the clear.
    /// - Returns: the number of records.
    ///
    /// Throws ``CacheError``, as `open` and as reading and writing do; then the cache is as it was.
    @discardableResult
    package static func rekey(
        at path: String,
        from old: CacheEncryptionKey?,
        to new: CacheEncryptionKey?,
        options: CacheOptions = CacheOptions()
    ) throws -> Int {
        try rekey(at: path, from: old, to: new, options: options) { _ in }
    }

    /// - Parameter reached: an error that it throws stops at once and leaves everything as it is then.
    static func rekey(
        at path: String,
        from old: CacheEncryptionKey?,
        to new: CacheEncryptionKey?,
        options: CacheOptions,
        reached: (RekeyStep) throws -> Void
    ) throws -> Int {
        if !hasDataFile(path) { throw CacheError(.missing, path: path) }
        let source = try open(at: path, options: options, key: old)
        defer { try? source.close() }
        let unfinished = path + "/" + unfinishedName
        do {
            var settings = options
            settings.initialMapOctets = max(options.initialMapOctets, try source.statistics().usedOctets)
            // One flush for everything, at the end.
            settings.durability = .allButTheLast
            let target = try open(at: unfinished, options: settings, key: new)
            try reached(.begun)
            let copied = try CacheCopy(target, now: now()).copy(source) { try reached(.copying) }
            try target.sync()
            try target.close()
            try flush(unfinished)
            try reached(.copied)
            // A reader table belongs to its data. The new one with the old data is as good as none: nobody has it open, and who opens it begins it anew.
            try replace("lock.mdb", from: unfinished, to: path)
            try reached(.exchanging)
            try replace("data.mdb", from: unfinished, to: path)
            try flush(path)
            try reached(.exchanged)
            removeUnfinishedRekey(path)
            return copied
        } catch let error as CacheError {
            removeUnfinishedRekey(path)
            throw error
        }
    }

    /// What a rekey left that was stopped. Only for who holds the writer's lock.
    static func removeUnfinishedRekey(_ path: String) {
        let directory = path + "/" + unfinishedName
        for name in ["data.mdb", "lock.mdb", "writer.lock"] { unlink(directory + "/" + name) }
        rmdir(directory)
    }

    private static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    private static func replace(_ name: String, from: String, to: String) throws {
        guard rename(from + "/" + name, to + "/" + name) == 0 else { throw failure("rename", to) }
    }

    /// Brings the names in a directory to the disk.
    private static func flush(_ directory: String) throws {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", directory) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("fsync", directory) }
    }

    private static func failure(_ operation: String, _ path: String) -> CacheError {
        CacheError(LMDBError(code: errno, operation: operation), path: path)
    }
}
