import Cache
import Logging
import ServiceLifecycle
import SyncModel

/// Forgets what is older than the configuration keeps. Conflicts that wait for a person stay.
struct RetentionService: Service {
    let cache: Cache
    /// Milliseconds; nil: for ever.
    let keepsConflicts: Int64?
    let logger: Logger

    private static let interval = Duration.seconds(600)
    /// In one transaction, so that nothing else waits for long.
    private static let most = 500

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let keepsConflicts {
                    let horizon = Timestamp.now.advanced(byMilliseconds: -keepsConflicts)
                    do {
                        while try cache.write({ try $0.removeConflicts(before: horizon, limit: Self.most) }) > 0 {
                            try await Task.sleep(for: .milliseconds(100))
                        }
                    } catch let error as CacheError {
                        logger.warning("Old conflicts could not be removed", metadata: ["error": "\(error)"])
                    }
                }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }
}
