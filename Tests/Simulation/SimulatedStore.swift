import Cache
import Foundation
import Support
import SyncModel

/// What the engine keeps: in memory, or in the real cache on a file system in memory.
final class SimulatedStore {
    private enum Backing {
        case memory(InMemoryStore)
        case disk(Cache, URL)
    }

    private var backing: Backing

    init(onDisk: Bool) throws {
        guard onDisk else {
            backing = .memory(InMemoryStore())
            return
        }
        let folder = URL(filePath: "/dev/shm/syncline-simulation-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        backing = .disk(try Cache.open(at: folder.appending(path: "cache").path), folder)
    }

    deinit {
        guard case .disk(let cache, let folder) = backing else { return }
        try? cache.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// As after a kill: what was committed is there.
    func reopen() throws {
        guard case .disk(let cache, let folder) = backing else { return }
        try cache.close()
        backing = .disk(try Cache.open(at: folder.appending(path: "cache").path), folder)
    }

    func write<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        switch backing {
        case .memory(let store): try store.write(body)
        case .disk(let cache, _): try cache.write(body)
        }
    }

    func read<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        switch backing {
        case .memory(let store): try store.read(body)
        case .disk(let cache, _): try cache.read(body)
        }
    }

    func conflicts() throws -> [ConflictRecord] {
        switch backing {
        case .memory(let store): store.contents.conflicts
        case .disk(let cache, _): try cache.read { try $0.conflicts().map(\.record) }
        }
    }

    /// Those that wait for a person.
    func heldConflicts() throws -> [ConflictID] {
        try read { transaction in
            guard try transaction.count(.heldConflicts) > 0 else { return [] }
            var pairs: [PairID] = []
            try transaction.forEachPairID(after: nil) { pair in
                pairs.append(pair)
                return true
            }
            return try pairs.flatMap { try transaction.heldConflicts(of: $0).map(\.id) }.sorted()
        }
    }
}
