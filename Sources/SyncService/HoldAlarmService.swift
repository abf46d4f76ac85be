import Logging
import ServiceLifecycle
import SyncModel

/// Says at the top of one's voice that writes are stopped and a person has to decide: at once, and every hour until somebody has.
struct HoldAlarmService: Service {
    let loop: EngineLoop
    let logger: Logger
    private static let look = Duration.seconds(1)
    private static let interval = Duration.seconds(3600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var said: [HoldID: ContinuousClock.Instant] = [:]
            while !Task.isCancelled {
                let open = loop.current.openHolds
                for (id, hold) in open.sorted(by: { $0.key < $1.key }) {
                    if let last = said[id], ContinuousClock.now - last < HoldAlarmService.interval { continue }
                    said[id] = .now
                    logger.critical(
                        "\(hold.kind.words) stopped; a person must decide: syncline holds",
                        metadata: ["hold": "\(id.rawValue)", "cause": "\(hold.cause)", "since": "\(hold.since.text)"]
                    )
                }
                for id in said.keys where open[id] == nil {
                    said[id] = nil
                    logger.notice("The hold has ended", metadata: ["hold": "\(id.rawValue)"])
                }
                do { try await Task.sleep(for: HoldAlarmService.look) } catch { return }
            }
        }
    }
}

extension Hold.Kind {
    /// What is stopped, at the head of a sentence.
    var words: String {
        switch self {
        case .deletions(let object, let side): "deletions of \(object) on \(side.name) are"
        }
    }

    /// One word for machines.
    var word: String {
        switch self {
        case .deletions: "deletions"
        }
    }
}
