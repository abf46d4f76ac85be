import Cache
import Foundation
import Logging
package import SyncEngine
package import SyncModel
import Synchronization

/// The shell around the engine: one thread that collects what happened, lets the engine work in one cache transaction, commits, and only then starts
/// the writes that it asks for. What comes in while a transaction runs is taken by the next one, so many small events share a commit.
package final class EngineLoop: Sendable {
    /// What the loop is doing, for status and metrics.
    package struct Snapshot: Sendable {
        package var counters = EngineCounters()
        package var outstanding = PerSide<Int>(both: 0)
        package var isQuiet = false
        package var isPaused = false
        /// The servers' clocks, where they were measured.
        package var clocks = PerSide<ClockEstimate?>(both: nil)
        /// The full compare under way.
        package var comparison: Comparison?
        /// What waits for a person's decision.
        package var openHolds: [HoldID: Hold] = [:]
        package var heldDeletions = 0
        /// What keeps the cache from being written, for the admin.
        package var problem: String?
    }

    /// What came in, and whom to tell when it is committed, or why it can't be.
    private struct Arrival {
        var event: EngineEvent
        var resume: (@Sendable ((any Error)?) -> Void)?
        /// Whom to tell what became of what a person asked for, once it is committed.
        var answer: (@Sendable (EngineAnswer) -> Void)?
    }

    private struct Inbox {
        var events: [Arrival] = []
        var requests: [@Sendable (inout Engine) -> Void] = []
        var isStopping = false
    }

    private let cache: Cache
    private let writers: PerSide<any DirectoryWriter>
    private let logger: Logger
    private let audit: AuditLog?
    private let inbox = Mutex(Inbox())
    private let wake = NSCondition()
    private let snapshot = Mutex(Snapshot())
    private let finished = Mutex<(isDone: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    private static let eventsPerStep = 256
    private static let stopLimit: TimeInterval = 10

    /// - Parameter audit: nil where the writers write nothing: what is only decided has happened to nobody.
    init(cache: Cache, writers: PerSide<any DirectoryWriter>, logger: Logger, audit: AuditLog?) {
        self.cache = cache
        self.writers = writers
        self.logger = logger
        self.audit = audit
    }

    /// Starts the thread. `engine` has been recovered from the cache.
    package func start(_ engine: Engine) {
        let thread = Thread { [self] in run(engine) }
        thread.name = "engine"
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Hands over a feed's event; returns once it is committed.
    ///
    /// Throws `EngineError` where the event can't be taken in: the feed must not go on.
    package func deliver(_ event: FeedEvent, from side: Side) async throws { try await take(.feed(side, event)) }

    /// Moves a full compare on; returns once that is committed.
    package func compare(_ event: ComparisonEvent) async throws { try await take(.comparison(event)) }

    /// Has a pair, or all of them, looked at again; returns once that is noted for good.
    package func resync(_ pair: PairID?) async throws { try await take(.resync(pair)) }

    private func take(_ event: EngineEvent) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            post(event) { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }

    /// Carries out what a person asks for, and says what became of it. Throws where the daemon is stopping or its cache can't be written.
    ///
    /// - Parameter event: one that is answered.
    package func ask(_ event: EngineEvent) async throws -> EngineAnswer {
        let answer = Mutex<EngineAnswer?>(nil)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            post(
                event,
                resume: { error in
                    if let error { continuation.resume(throwing: error) } else { continuation.resume() }
                },
                answer: { given in answer.withLock { $0 = given } }
            )
        }
        guard let given = answer.withLock({ $0 }) else { throw CancellationError() }
        return given
    }

    /// Asks both servers when, where and by whom a pair's values were set, and returns when that is in the cache, or could not be had within a few seconds.
    package func fetchStamps(of pair: PairID) async {
        post(.fetchStamps(pair))
        let end = ContinuousClock.now + EngineLoop.stampLimit
        repeat {
            let isAwaited = await withCheckedContinuation { continuation in
                inbox.withLock { inbox in
                    if inbox.isStopping {
                        continuation.resume(returning: false)
                    } else {
                        inbox.requests.append { continuation.resume(returning: $0.isInFlight(pair)) }
                    }
                }
                signal()
            }
            // The requests are served before the events of the same turn: the first answer says nothing yet.
            try? await Task.sleep(for: .milliseconds(5))
            if !isAwaited && ContinuousClock.now > end - EngineLoop.stampLimit + .milliseconds(50) { return }
        } while ContinuousClock.now < end && !Task.isCancelled
    }

    private static let stampLimit = Duration.seconds(5)

    package func post(
        _ event: EngineEvent,
        resume: (@Sendable ((any Error)?) -> Void)? = nil,
        answer: (@Sendable (EngineAnswer) -> Void)? = nil
    ) {
        let isStopping = inbox.withLock { inbox in
            if !inbox.isStopping || resume == nil {
                inbox.events.append(Arrival(event: event, resume: resume, answer: answer))
            }
            return inbox.isStopping
        }
        if isStopping, let resume { resume(CancellationError()) }
        signal()
    }

    package func setPaused(_ isPaused: Bool) {
        inbox.withLock { $0.requests.append { $0.isPaused = isPaused } }
        signal()
    }

    package var current: Snapshot { snapshot.withLock { $0 } }

    /// Takes no more events, waits for the answers to writes under way as long as that makes sense, and ends the thread.
    package func stop() async {
        let rejected = inbox.withLock { inbox in
            inbox.isStopping = true
            let waiting = inbox.events.filter { $0.resume != nil }
            inbox.events.removeAll { $0.resume != nil }
            return waiting
        }
        for entry in rejected { entry.resume?(CancellationError()) }
        signal()
        await withCheckedContinuation { continuation in
            let isDone = finished.withLock { state in
                if !state.isDone { state.waiters.append(continuation) }
                return state.isDone
            }
            if isDone { continuation.resume() }
        }
    }

    private func signal() {
        wake.lock()
        wake.signal()
        wake.unlock()
    }

    // MARK: The thread

    private func run(_ initial: Engine) {
        var engine = initial
        var stopDeadline: Date?
        while true {
            let isStopping = waitForWork(engine, stopDeadline)
            if isStopping {
                if stopDeadline == nil {
                    stopDeadline = Date(timeIntervalSinceNow: EngineLoop.stopLimit)
                    engine.isPaused = true
                }
                let outstanding = engine.outstandingWrites.ad + engine.outstandingWrites.miniorange
                let isEmpty = inbox.withLock { $0.events.isEmpty }
                if isEmpty && outstanding == 0 || Date() > stopDeadline! { break }
            }
            step(&engine)
        }
        let waiters = finished.withLock { state in
            state.isDone = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns whether the loop is to stop.
    private func waitForWork(_ engine: Engine, _ stopDeadline: Date?) -> Bool {
        wake.lock()
        defer { wake.unlock() }
        while true {
            let (hasEvents, isStopping) = inbox.withLock { (!$0.events.isEmpty || !$0.requests.isEmpty, $0.isStopping) }
            if hasEvents || (engine.hasWork && !isStopping) { return isStopping }
            if isStopping && engine.outstandingWrites == PerSide(both: 0) { return true }
            var limit = Date(timeIntervalSinceNow: 1)
            if let deadline = engine.nextDeadline {
                // A deadline that has passed and could not be met is looked at again soon, not at once.
                let due = Date(timeIntervalSince1970: Double(deadline.milliseconds) / 1_000)
                limit = min(limit, max(due, Date(timeIntervalSinceNow: 0.02)))
            }
            if let stopDeadline { limit = min(limit, stopDeadline) }
            if !wake.wait(until: limit) { return isStopping }
        }
    }

    private func step(_ engine: inout Engine) {
        let (taken, requests) = inbox.withLock { inbox in
            let count = min(inbox.events.count, EngineLoop.eventsPerStep)
            let taken = Array(inbox.events.prefix(count))
            inbox.events.removeFirst(count)
            defer { inbox.requests = [] }
            return (taken, inbox.requests)
        }
        for request in requests { request(&engine) }
        var batch: [Arrival] = []
        for entry in taken {
            // A connect may be refused, and then nothing else of the transaction may suffer.
            if case .feed(_, .connected) = entry.event {
                commit(batch, &engine)
                commit([entry], &engine)
                batch = []
            } else {
                batch.append(entry)
            }
        }
        commit(batch, &engine)
    }

    private func commit(
        _ batch: [Arrival],
        _ engine: inout Engine
    ) {
        let before = engine
        let events = batch.isEmpty ? [EngineEvent.tick] : batch.map(\.event)
        do {
            var attempt = before
            let writes = try cache.write { transaction in
                // The transaction is run again after the map has grown: from the same state.
                attempt = before
                return try attempt.step(events, transaction, now: Timestamp.now)
            }
            engine = attempt
            publish(engine, problem: nil)
            // In the order of their events.
            for (entry, answer) in zip(batch.filter { $0.answer != nil }, engine.answers) {
                entry.answer?(answer)
            }
            for entry in batch { entry.resume?(nil) }
            for write in writes { start(write) }
            if let audit { for change in engine.accountChanges { audit.note(change) } }
        } catch let error as EngineError {
            for entry in batch { entry.resume?(error) }
        } catch {
            logger.error("The cache could not be written; it is tried again", metadata: ["error": "\(error)"])
            publish(engine, problem: "\(error)")
            // Nothing was taken in and nothing was decided: everything is tried again.
            inbox.withLock { $0.events.insert(contentsOf: batch, at: 0) }
            Thread.sleep(forTimeInterval: 1)
            let isStopping = inbox.withLock { $0.isStopping }
            if isStopping { rejectAll(error) }
        }
    }

    private func rejectAll(_ error: any Error) {
        let rejected = inbox.withLock { inbox in
            defer { inbox.events = [] }
            return inbox.events
        }
        for entry in rejected { entry.resume?(error) }
    }

    private func start(_ write: Write) {
        let started = ContinuousClock.now
        writers[write.side].perform(write) { [self] outcome in
            ServiceMetrics.shared.recordWrite(write, outcome, took: ContinuousClock.now - started)
            post(.settled(write.id, outcome))
        }
    }

    private func publish(_ engine: Engine, problem: String?) {
        snapshot.withLock { snapshot in
            snapshot.counters = engine.counters
            snapshot.outstanding = engine.outstandingWrites
            snapshot.isQuiet = engine.isQuiet
            snapshot.isPaused = engine.isPaused
            snapshot.clocks = engine.clocks
            snapshot.comparison = engine.comparisonProgress
            snapshot.openHolds = engine.openHolds
            snapshot.heldDeletions = engine.heldDeletions
            snapshot.problem = problem
        }
    }
}

extension Timestamp {
    /// The clock is read here, in the shell, and handed to the engine.
    package static var now: Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
