import Cache
import Configuration
import Foundation
import Logging
import Mapping
import Metrics
import ServiceLifecycle
import SyncEngine
import SyncModel
import Synchronization

/// The parts that one run of the daemon is made of.
final class Session: Sendable {
    let wiring: Wiring
    let cache: Cache
    let loop: EngineLoop
    let writers: PerSide<any DirectoryWriter>
    let feeds: Feeds
    let board: FeedBoard
    let progress = Mutex<StatusReport.Progress?>(nil)
    let gateway: GatewayHost
    let logger: Logger
    let started = Timestamp.now
    private let censuses = CensusKeeper()
    private let gate: FeedGate
    private let comparisons: ComparisonService

    init(wiring: Wiring, cache: Cache, gateway: GatewayHost, logger: Logger) throws {
        self.gateway = gateway
        self.wiring = wiring
        self.cache = cache
        self.logger = logger
        let board = FeedBoard()
        self.board = board
        writers = try wiring.writers(logger: logger)
        let feeds = try wiring.feeds(logger: logger) { board.post($0) }
        self.feeds = feeds
        loop = EngineLoop(cache: cache, writers: writers, logger: logger, audit: AuditLog())
        gate = FeedGate(isOpen: wiring.configuration.isLive)
        comparisons = ComparisonService(
            configuration: wiring.configuration,
            cache: cache,
            loop: loop,
            scanners: feeds.scanners,
            board: board,
            gate: gate,
            logger: logger
        )
    }

    func feedService(_ side: Side) -> any Service {
        FeedService(side: side, feed: feeds[side], gate: gate, cache: cache, loop: loop, board: board, logger: logger)
    }

    func comparisonService() -> any Service { comparisons }

    func progressService() -> any Service { ProgressService(session: self) }

    func adminServer(metrics: PrometheusFactory) -> AdminServer {
        AdminServer(
            status: { [self] in try report() },
            isAlive: { [self] in loop.current.problem == nil && Side.allCases.allSatisfy { board[$0].state != .failed }
            },
            setPaused: { [self] in loop.setPaused($0) },
            resync: { [self] in try await resync($0) },
            metrics: { [self] in
                recordGauges()
                return metrics.render()
            },
            ask: { [self] in try await loop.ask($0) },
            fetchStamps: { [self] in await loop.fetchStamps(of: $0) },
            reconcile: { [self] in comparisons.request() },
            inspected: { [self] in InspectedCache(wiring, cache) },
            access: wiring.configuration.adminAccess
        )
    }

    func report() throws -> StatusReport {
        let now = Timestamp.now
        var report = try StatusReport(cache: cache, census: censuses.census(cache), now: now)
        let current = loop.current
        report.uptimeSeconds = Double(now.milliseconds - started.milliseconds) / 1_000
        report.progress = progress.withLock { $0 }
        report.reconcile = try comparisons.report()
        if let problem = report.reconcile?.problem {
            report.problems.append("the full compare was interrupted, and goes on later: \(problem)")
        }
        if let problem = current.problem { report.problems.append(problem) }
        for side in Side.allCases {
            let status = board[side]
            func fill(_ target: inout StatusReport.SideReport) {
                target.state = status.state.word
                target.server = status.server
                target.feed = status.way
                target.feedReason = status.reason
                target.problem = status.problem
                if case .loading(let read, let expected) = status.state {
                    target.entriesRead = read
                    target.entriesExpected = expected
                }
                target.writesInFlight = current.outstanding[side]
                target.changesSeen = current.counters.changes[side]
                target.writesMade = current.counters.writes[side]
            }
            if side == .ad { fill(&report.ad) } else { fill(&report.miniorange) }
            if let problem = status.problem {
                report.problems.append("\(side.name): \(problem)")
            }
        }
        if let status = gateway.status(now: now) {
            report.gateway = status
            report.problems += status.problems
        }
        let states = Set([report.ad.state, report.miniorange.state])
        report.state =
            current.isPaused
            ? "paused"
            : states == ["live"]
                ? "live"
                : states.contains("loading")
                    ? "loading" : states == ["idle"] ? "idle" : "degraded"
        return report
    }

    private func resync(_ entry: String?) async throws -> String {
        guard let entry else {
            try await loop.resync(nil)
            return "every pair is looked at again"
        }
        let pair = try cache.read { transaction in
            try EntryLookup(transaction, wiring: wiring).pair(entry)
        }
        try await loop.resync(pair)
        return "\(entry) is looked at again"
    }

    private func record(_ last: Comparison) {
        let ended = last.ended ?? last.began
        Gauge(label: "syncline_reconcile_last_timestamp_seconds").record(Double(ended.milliseconds) / 1_000)
        Gauge(label: "syncline_reconcile_last_seconds")
            .record(Double(ended.milliseconds - last.began.milliseconds) / 1_000)
        Gauge(label: "syncline_reconcile_last_drift").record(last.drift)
        Gauge(label: "syncline_reconcile_last_repaired").record(last.repaired)
        for side in Side.allCases {
            Gauge(label: "syncline_reconcile_last_read", dimensions: [("side", side.name)])
                .record(last.sides[side].read)
        }
    }

    /// Counts that the cache holds ready: a scrape must cost the same at any size, so it makes no whole report.
    private func recordGauges() {
        let now = Timestamp.now
        let current = loop.current
        Gauge(label: "syncline_holds").record(current.openHolds.count)
        Gauge(label: "syncline_deletes_held").record(current.heldDeletions)
        try? cache.read { transaction in
            Gauge(label: "syncline_pairs").record(try transaction.count(.pairs))
            Gauge(label: "syncline_backlog").record(try transaction.count(.dirty) + transaction.count(.intents))
            Gauge(label: "syncline_quarantined").record(try transaction.count(.quarantine))
            Gauge(label: "syncline_conflicts").record(try transaction.count(.conflicts))
            Gauge(label: "syncline_conflicts_held").record(try transaction.countOpenConflicts())
            Gauge(label: "syncline_membership_rows").record(try transaction.count(.links))
            Gauge(label: "syncline_memberships_parked").record(try transaction.count(.parkedLinks))
            Gauge(label: "syncline_memberships_refused").record(try transaction.count(.refusedLinks))
            Gauge(label: "syncline_memberships_pending").record(try transaction.count(.pendingLinks))
            Gauge(label: "syncline_lag_seconds").record(try StatusReport.lag(transaction, now: now))
            if let last = try Engine.lastComparison(transaction) { record(last) }
        }
        if let statistics = try? cache.statistics() {
            Gauge(label: "syncline_cache_bytes").record(statistics.usedOctets)
        }
        gateway.recordGauges()
        for side in Side.allCases {
            let live = board[side].state == .live
            Gauge(label: "syncline_feed_live", dimensions: [("side", side.name)]).record(live ? 1 : 0)
        }
    }
}

extension FeedStatus.State {
    var word: String {
        switch self {
        case .connecting: "connecting"
        case .loading: "loading"
        case .live: "live"
        case .waiting: "waiting"
        case .idle: "idle"
        case .failed: "failed"
        }
    }
}

/// Runs the engine's thread; the last to stop, so that the answers to writes under way still find it.
struct EngineService: Service {
    let loop: EngineLoop
    let engine: Engine
    let writers: PerSide<any DirectoryWriter>

    func run() async throws {
        loop.start(engine)
        try? await gracefulShutdown()
        await loop.stop()
        await writers.ad.close()
        await writers.miniorange.close()
    }
}

/// Runs one side's feed until shutdown. A feed that can't go on stops alone: the other side is still taken in.
struct FeedService: Service {
    let side: Side
    let feed: any DirectoryFeed
    let gate: FeedGate
    let cache: Cache
    let loop: EngineLoop
    let board: FeedBoard
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if !gate.isOpen { board.post(FeedStatus(side: side, state: .idle)) }
                await gate.wait(untilOpen: true)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await follow() }
                    group.addTask { await gate.wait(untilOpen: false) }
                    await group.next()
                    group.cancelAll()
                }
                // It was told to end, so that it has not said so itself.
                if !Task.isCancelled { loop.post(.feed(side, .disconnected)) }
            }
        }
    }

    /// How long what needs a person is left before it is looked at again.
    private static let patience = Duration.seconds(10)

    /// Returns only when it is cancelled. What needs a person is in status; once it is mended at the servers, the feed goes on.
    private func follow() async {
        var last = ""
        while !Task.isCancelled {
            do {
                let (cursor, demand) = try cache.read {
                    (try $0.cursor(side), try Engine.readingDemand(side, $0))
                }
                try await feed.run(from: cursor, demand) { event in try await loop.deliver(event, from: side) }
            } catch {
                guard !(error is CancellationError), !Task.isCancelled else { return }
                let problem = "\(error)"
                logger.log(
                    level: problem == last ? .debug : .critical,
                    "The feed can't go on",
                    metadata: ["side": "\(side.name)", "error": "\(problem)"]
                )
                last = problem
                board.noteFailure(side, error)
                loop.post(.feed(side, .disconnected))
            }
            try? await Task.sleep(for: Self.patience)
        }
    }
}

/// Tells in the log and in status how far long work has come.
struct ProgressService: Service {
    let session: Session
    private static let interval = Duration.seconds(2)
    private static let noticeable = 200

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var last = session.loop.current.counters
            while !Task.isCancelled {
                do { try await Task.sleep(for: ProgressService.interval) } catch { return }
                let counters = session.loop.current.counters
                let made = counters.writes.ad + counters.writes.miniorange - last.writes.ad - last.writes.miniorange
                let looked = counters.reconciled - last.reconciled
                last = counters
                let left = try session.cache.read { try $0.count(.dirty) + $0.count(.intents) }
                let rate = Double(max(made, looked / 2)) / ProgressService.interval.inSeconds
                guard left > ProgressService.noticeable else {
                    session.progress.withLock { $0 = nil }
                    continue
                }
                let seconds = rate > 0 ? Double(left) / rate : nil
                session.progress.withLock {
                    $0 = StatusReport.Progress(pairsLeft: left, pairsPerSecond: rate, secondsLeft: seconds)
                }
                session.logger.info(
                    "Working",
                    metadata: [
                        "left": "\(left)", "per second": "\(Int(rate))",
                        "seconds left": "\(seconds.map { "\(Int($0))" } ?? "unknown")",
                    ]
                )
            }
        }
    }
}
