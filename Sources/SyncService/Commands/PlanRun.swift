import Cache
import Configuration
import Foundation
import Logging
import SyncEngine
import SyncModel
import Synchronization

/// Runs the engine, with the real feeds, on a copy of the cache until it has decided everything that there is to decide now.
struct PlanRun {
    /// Quiet for this long, with nothing under way, counts as done.
    private static let quiet = Duration.milliseconds(600)
    private static let poll = Duration.milliseconds(50)

    let wiring: Wiring
    /// The copy; it may be changed.
    let cache: Cache
    let progress: @Sendable (String) -> Void

    /// Throws ``PlanFailure`` where a side can't be followed.
    func run() async throws -> PerSide<[Write]> {
        let logger = Logger(label: "plan") { _ in SwiftLogNoOpLogHandler() }
        var configuration = wiring.engineConfiguration()
        // Nothing recorded is ever answered, so no window may be full of it.
        configuration.writesInFlight = PerSide(both: .max / 4)
        var engine = Engine(configuration: configuration)
        let digest = Octets(wiring.configuration.mappingDigest)
        engine = try cache.write { transaction in
            var attempt = engine
            try attempt.recover(transaction, mapping: digest, now: .now)
            return attempt
        }
        let real = try wiring.writers(logger: logger)
        let ad = PlanWriter(real.ad, .ad, mappings: wiring.mappings)
        let miniorange = PlanWriter(real.miniorange, .miniorange, mappings: wiring.mappings)
        let board = FeedBoard()
        let feeds = try wiring.feeds(logger: logger) { board.post($0) }
        let loop = EngineLoop(
            cache: cache,
            writers: PerSide(ad: ad, miniorange: miniorange),
            logger: logger
        )
        loop.start(engine)
        let cursors = try cache.read {
            PerSide(ad: try $0.cursor(.ad), miniorange: try $0.cursor(.miniorange))
        }
        let followers = Side.allCases.map { side in
            Task {
                try await feeds[side].run(from: cursors[side]) { try await loop.deliver($0, from: side) }
            }
        }
        func end() async {
            for follower in followers { follower.cancel() }
            // The loop takes nothing more once it stops, and waits for no answer that is here already.
            async let stopped: Void = loop.stop()
            ad.abandon()
            miniorange.abandon()
            await stopped
            await ad.close()
            await miniorange.close()
        }
        do {
            try await waitUntilDecided(loop, board, PerSide(ad: ad, miniorange: miniorange))
        } catch {
            await end()
            throw error
        }
        await end()
        return PerSide(ad: ad.recorded, miniorange: miniorange.recorded)
    }

    private func waitUntilDecided(
        _ loop: EngineLoop,
        _ board: FeedBoard,
        _ writers: PerSide<PlanWriter>
    ) async throws {
        var last = [Int]()
        var since = ContinuousClock.now
        var told = ContinuousClock.now
        while true {
            try await Task.sleep(for: Self.poll)
            for side in Side.allCases {
                if let problem = loop.current.refused[side] { throw PlanFailure(description: problem) }
                switch board[side].state {
                case .waiting, .failed:
                    throw PlanFailure(
                        description: "\(side.name): \(board[side].problem ?? "the directory can't be followed")"
                    )
                case .connecting, .loading, .live: break
                }
            }
            if let problem = loop.current.problem { throw PlanFailure(description: problem) }
            if ContinuousClock.now - told > .seconds(2) {
                told = .now
                progress(Side.allCases.map { "\($0.name) \(board[$0].state.word)" }.joined(separator: ", "))
            }
            let counters = loop.current.counters
            let now = [
                counters.changes.ad, counters.changes.miniorange, counters.reconciled,
                writers.ad.recordedCount,
                writers.miniorange.recordedCount,
            ]
            // `reconciled` also counts pairs that are looked at again and again because they wait for what is never done.
            let isMoving = now.enumerated().contains {
                $0.offset != 2 && $0.element != (last.isEmpty ? -1 : last[$0.offset])
            }
            let isLive = Side.allCases.allSatisfy { board[$0].state == .live }
            let isReading = Side.allCases.contains { writers[$0].readsUnderWay > 0 }
            let isWorking = !last.isEmpty && now[2] - last[2] > 200
            last = now
            if isMoving || !isLive || isReading || isWorking {
                since = .now
            } else if ContinuousClock.now - since > Self.quiet, try !hasUndecided() {
                return
            }
        }
    }

    /// Whether the durable queue holds pairs that were never looked at: what is left otherwise waits for recorded writes.
    private func hasUndecided() throws -> Bool {
        try cache.read { transaction in
            let loaded = try transaction.isLoaded(.ad) && transaction.isLoaded(.miniorange)
            return !loaded
        }
    }
}

/// Why nothing can be said about what would be written.
struct PlanFailure: Error, CustomStringConvertible {
    var description: String
}
