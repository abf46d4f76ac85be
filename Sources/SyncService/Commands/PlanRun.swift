import Cache
import Configuration
import Foundation
import Logging
import SyncEngine
import SyncModel
import Synchronization

/// Runs the engine, with the real feeds, on a copy of the cache until it has decided everything that there is to decide now.
struct PlanRun {
    /// As many turns of the engine in a row, with nothing done and nothing under way, count as the end.
    private static let quietTurns = 8
    /// Feeds look for changes in between.
    private static let poll = Duration.milliseconds(60)
    /// As many pairs looked at in a turn are no work; a turn with work has room for more.
    private static let fewPairs = 100

    let wiring: Wiring
    /// The copy; it may be changed.
    let cache: Cache
    /// Whether both directories are read as a whole besides, whatever the cache believes of them; and nothing is imagined then of what would be written.
    var readsAll = false
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
        // First both sides are brought up to date: what is decided on what one of them held before would be decided again.
        engine.isPaused = true
        let real = try wiring.writers(logger: logger)
        let ad = PlanWriter(real.ad, .ad, mappings: wiring.mappings, imagines: !readsAll)
        let miniorange = PlanWriter(
            real.miniorange,
            .miniorange,
            mappings: wiring.mappings,
            imagines: !readsAll
        )
        let board = FeedBoard()
        let feeds = try wiring.feeds(logger: logger) { board.post($0) }
        let loop = EngineLoop(
            cache: cache,
            writers: PerSide(ad: ad, miniorange: miniorange),
            logger: logger,
            audit: nil
        )
        loop.start(engine)
        let cursors = try cache.read {
            PerSide(ad: try $0.cursor(.ad), miniorange: try $0.cursor(.miniorange))
        }
        let demands = try cache.read {
            PerSide(ad: try Engine.readingDemand(.ad, $0), miniorange: try Engine.readingDemand(.miniorange, $0))
        }
        let followers = Side.allCases.map { side in
            Task {
                do {
                    try await feeds[side].run(from: cursors[side], demands[side]) {
                        try await loop.deliver($0, from: side)
                    }
                } catch {
                    if !Task.isCancelled { board.noteFailure(side, error) }
                }
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
            let writers = PerSide(ad: ad, miniorange: miniorange)
            try await waitUntilQuiet(loop, board, writers)
            if readsAll {
                try await readAll(loop, feeds.scanners)
                try await waitUntilQuiet(loop, board, writers)
            }
            loop.setPaused(false)
            try await waitUntilQuiet(loop, board, writers)
        } catch {
            await end()
            throw error
        }
        await end()
        return PerSide(ad: ad.recorded, miniorange: miniorange.recorded)
    }

    private func readAll(_ loop: EngineLoop, _ scanners: PerSide<any DirectoryScanner>) async throws {
        let teller = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(2))
                guard let sides = loop.current.comparison?.sides else { continue }
                progress("\(sides.ad.read) entries of ad and \(sides.miniorange.read) of miniorange read")
            }
        }
        defer { teller.cancel() }
        try await FullCompare(loop: loop, scanners: scanners, isPolite: false).read()
    }

    /// What has happened so far; the same twice means that nothing happens.
    private struct Activity: Equatable {
        var changes: PerSide<Int>
        var recorded: PerSide<Int>
    }

    /// Returns when both feeds are live and the engine has found nothing to do in several turns. Throws where a side can't be followed.
    private func waitUntilQuiet(
        _ loop: EngineLoop,
        _ board: FeedBoard,
        _ writers: PerSide<PlanWriter>
    ) async throws {
        var last: (activity: Activity, reconciled: Int)?
        var quietTurns = 0
        var told = ContinuousClock.now
        let turn = EngineTurn(loop)
        turn.begin()
        while quietTurns < Self.quietTurns {
            try await Task.sleep(for: Self.poll)
            try refuseProblems(loop.current, board)
            if ContinuousClock.now - told > .seconds(2) {
                told = .now
                let states = Side.allCases.map { "\($0.name) \(board[$0].state.word)" }.joined(separator: ", ")
                progress("\(states), \(loop.current.counters.reconciled) pairs looked at")
            }
            // However long a turn takes: only whole ones say that there was nothing to do.
            guard turn.isOver else { continue }
            let counters = loop.current.counters
            let activity = Activity(
                changes: counters.changes,
                recorded: PerSide(ad: writers.ad.recordedCount, miniorange: writers.miniorange.recordedCount)
            )
            let isLive = Side.allCases.allSatisfy { board[$0].state == .live && writers[$0].readsUnderWay == 0 }
            // A few pairs are looked at again and again: they wait for what is never done.
            let isWorking = counters.reconciled - (last?.reconciled ?? 0) > Self.fewPairs
            quietTurns = isLive && !isWorking && activity == last?.activity ? quietTurns + 1 : 0
            last = (activity, counters.reconciled)
            turn.begin()
        }
    }

    private func refuseProblems(_ current: EngineLoop.Snapshot, _ board: FeedBoard) throws {
        if let problem = current.problem { throw PlanFailure(description: problem) }
        for side in Side.allCases {
            switch board[side].state {
            case .waiting, .failed:
                let problem = board[side].problem ?? "the directory can't be followed"
                throw PlanFailure(description: "\(side.name): \(problem)")
            case .connecting, .loading, .live, .idle: break
            }
        }
    }
}

/// Why nothing can be said about what would be written.
struct PlanFailure: Error, CustomStringConvertible {
    var description: String
}

/// One turn of the engine's loop, which ends when all that came before is committed.
private final class EngineTurn: Sendable {
    private let loop: EngineLoop
    private let isCommitted = Mutex(false)

    init(_ loop: EngineLoop) { self.loop = loop }

    var isOver: Bool { isCommitted.withLock(\.self) }

    func begin() {
        isCommitted.withLock { $0 = false }
        loop.post(.tick) { [self] _ in isCommitted.withLock { $0 = true } }
    }
}
