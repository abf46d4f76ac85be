import Cache
import Logging
import ServiceLifecycle
import SyncModel

/// Forgets what is older than the configuration keeps. Conflicts that wait for a person stay.
struct RetentionService: Service {
    let cache: Cache
    /// Milliseconds; nil: for ever.
    let keepsConflicts: Int64?
    /// Milliseconds; nil: for ever.
    let keepsHistory: Int64?
    let logger: Logger

    private static let interval = Duration.seconds(600)
    /// In one transaction, so that nothing else waits for long.
    private static let most = 500

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await forget(keepsConflicts) { try $0.removeConflicts(before: $1, limit: Self.most) }
                    try await forget(keepsHistory) { try $0.removeHistory(before: $1, limit: Self.most) }
                } catch let error as CacheError {
                    logger.warning(
                        "Old conflicts and old history could not be removed",
                        metadata: ["error": "\(error)"]
                    )
                } catch is CancellationError {
                    return
                }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    /// - Parameters:
    ///   - age: what may stay, in milliseconds.
    ///   - remove: takes away some of what is from before a time, and says how much.
    private func forget(_ age: Int64?, _ remove: (CacheTransaction, Timestamp) throws -> Int) async throws {
        guard let age else { return }
        let horizon = Timestamp.now.advanced(byMilliseconds: -age)
        while try cache.write({ try remove($0, horizon) }) > 0 { try await Task.sleep(for: .milliseconds(100)) }
    }
}
