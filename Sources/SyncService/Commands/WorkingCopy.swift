import Cache
import Configuration
import LMDB

/// A copy of the cache in which a command lets the engine decide; the service's own stays as it is.
struct WorkingCopy {
    let path: String
    let cache: Cache
    /// False where there is no cache yet: the copy is empty, as the service would begin.
    let isOfCache: Bool

    /// - Parameter folder: in which the copy lies. Reading the cache is allowed beside the daemon.
    init(of configuration: Configuration, in folder: String) throws {
        path = folder + "/cache"
        do {
            let cache = try Cache.open(at: configuration.cachePath, mode: .readOnly, key: configuration.cacheKey)
            defer { try? cache.close() }
            try cache.backup(to: path)
            isOfCache = true
        } catch let error as CacheError where error.kind == .missing {
            isOfCache = false
        }
        let options = CacheOptions(durability: .allButTheLast)
        cache = try Cache.open(at: path, options: options, key: configuration.cacheKey)
    }
}
