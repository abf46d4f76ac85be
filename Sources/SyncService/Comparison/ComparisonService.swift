import Cache
import Configuration
import Foundation
import Logging
import ServiceLifecycle
import SyncEngine
import SyncModel
import Synchronization

/// Begins full compares: when their time has come or was missed, where the last process ended within one, and when a person asks.
final class ComparisonService: Service {
    private struct State {
        var isRequested = false
        /// Why the last attempt did not come to its end.
        var problem: String?
        var notBefore = Date.distantPast
    }

    private static let look = Duration.milliseconds(500)
    /// Seconds after which an attempt that failed is made again.
    private static let retry: TimeInterval = 60

    private let configuration: Configuration
    private let cache: Cache
    private let loop: EngineLoop
    private let compare: FullCompare
    private let board: FeedBoard
    private let gate: FeedGate
    private let logger: Logger
    private let started = Date()
    private let state = Mutex(State())

    init(
        configuration: Configuration,
        cache: Cache,
        loop: EngineLoop,
        scanners: PerSide<any DirectoryScanner>,
        board: FeedBoard,
        gate: FeedGate,
        logger: Logger
    ) {
        self.configuration = configuration
        self.cache = cache
        self.loop = loop
        self.board = board
        self.gate = gate
        self.logger = logger
        compare = FullCompare(loop: loop, scanners: scanners)
    }

    /// Has one begun as soon as both sides can be read. What is told to whoever asked.
    func request() -> String {
        if loop.current.comparison != nil { return "a full compare is under way already" }
        state.withLock { state in
            state.isRequested = true
            state.problem = nil
            state.notBefore = .distantPast
        }
        return "a full compare begins"
    }

    func report() throws -> StatusReport.Reconcile {
        let last = try cache.read { try Engine.lastComparison($0) }
        let (problem, isRequested) = state.withLock { ($0.problem, $0.isRequested) }
        return StatusReport.Reconcile(
            schedule: configuration.reconcile.text,
            mode: configuration.isLive ? "live" : "scheduled",
            next: next(after: last)?.formatted(.iso8601),
            isRequested: isRequested,
            running: loop.current.comparison.map { StatusReport.Comparison($0, now: .now) },
            last: last.map { StatusReport.Comparison($0, now: .now) },
            problem: problem
        )
    }

    private func next(after last: Comparison?) -> Date? {
        // One that has never run is not missed by a daemon that has only just come.
        let reference = last.map { Date(timeIntervalSince1970: Double($0.began.milliseconds) / 1_000) } ?? started
        return configuration.reconcile.next(after: reference, in: .current)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    if try self.isDue() { await self.carryOut() }
                    try await Task.sleep(for: Self.look)
                } catch is CancellationError {
                    return
                } catch {
                    self.logger.warning("The cache can't be read", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    private func isDue() throws -> Bool {
        let now = Date()
        let (isRequested, notBefore) = state.withLock { ($0.isRequested, $0.notBefore) }
        guard notBefore <= now else { return false }
        if isRequested { return true }
        let (unfinished, last) = try cache.read { (try Engine.unfinishedComparison($0), try Engine.lastComparison($0)) }
        if unfinished != nil { return true }
        return next(after: last).map { $0 <= now } ?? false
    }

    private func carryOut() async {
        let isLive = configuration.isLive
        gate.isOpen = true
        defer { gate.isOpen = isLive }
        while !Side.allCases.allSatisfy({ board[$0].state == .live }) {
            guard !Task.isCancelled else { return }
            try? await Task.sleep(for: Self.look)
        }
        state.withLock { state in
            state.isRequested = false
            state.problem = nil
        }
        logger.info("Full compare begins")
        do {
            try await compare.run()
            try tellResult()
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("The full compare was interrupted; it goes on later", metadata: ["reason": "\(error)"])
            state.withLock { state in
                state.problem = "\(error)"
                state.notBefore = Date(timeIntervalSinceNow: Self.retry)
            }
        }
    }

    private func tellResult() throws {
        guard let last = try cache.read({ try Engine.lastComparison($0) }) else { return }
        let shown = StatusReport.Comparison(last, now: .now)
        logger.log(level: last.drift > 0 ? .warning : .notice, "Full compare: \(shown.line)")
    }
}
