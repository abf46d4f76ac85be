internal import LDAPClient
internal import Logging
internal import SyncModel
internal import Synchronization

/// The writer's connections: opened when a write wants one, one after another, and kept as long as they last.
///
/// Two, since a domain controller serves one serially, and more gain next to nothing. Never two attempts at a time: a
/// refused bind counts towards the account's lockout.
final class WriterConnections: Sendable {
    private static let count = 2
    /// Between two questions on an otherwise idle connection; servers close those that are silent for 15 minutes.
    private static let keepAlive = Duration.seconds(60)

    private struct Ready {
        let server: ConnectedServer
        /// The feed's server when this connection was made.
        let wanted: LDAPEndpoint?
        let number: UInt64
        var inFlight = 0
        let watch: Task<Void, Never>

        var endpoint: LDAPEndpoint { server.connection.endpoint }
    }

    private enum Attempt {
        case none
        case underWay(Task<Void, Never>)
        /// None before the pause is over.
        case pausing(Task<Void, Never>)
    }

    private struct State {
        var ready: [Ready] = []
        /// Those to a server that the feed has left, until their last write is done.
        var leaving: [Ready] = []
        var attempt = Attempt.none
        var queue: [@Sendable (Lease?) -> Void] = []
        var backoff = Backoff()
        var complaint = Complaint()
        var lastNumber: UInt64 = 0
        var isClosed = false
    }

    /// A connection for one write.
    struct Lease: Sendable {
        let server: ConnectedServer
        fileprivate let number: UInt64
    }

    private let settings: ActiveDirectorySettings
    private let choice: ServerChoice
    private let asksForPasswords: Bool
    private let logger: Logger
    private let report: @Sendable (String?) -> Void
    private let state = Mutex(State())

    /// Connects to `choice` first. `asksForPasswords`: how long they must be. `report` gets what is wrong, or nil once a connection stands.
    init(
        settings: ActiveDirectorySettings,
        choice: ServerChoice,
        asksForPasswords: Bool,
        logger: Logger,
        report: @escaping @Sendable (String?) -> Void
    ) {
        self.settings = settings
        self.choice = choice
        self.asksForPasswords = asksForPasswords
        self.logger = logger
        self.report = report
    }

    /// Calls `use` with the connection that has least to do: at once, or as soon as there is one; with nil where there
    /// is none and the last attempt has just failed. A lease is to be given back.
    func lease(_ use: @escaping @Sendable (Lease?) -> Void) {
        let current = choice.current
        let (now, idle) = state.withLock { state -> (Lease??, [Ready]) in
            if state.isClosed { return (.some(nil), []) }
            let idle = Self.leave(&state, for: current)
            if state.ready.count < Self.count, case .none = state.attempt {
                state.attempt = .underWay(Task { [weak self] in await self?.connect() })
            }
            if let lease = Self.take(&state) { return (.some(lease), idle) }
            guard case .underWay = state.attempt else { return (.some(nil), idle) }
            state.queue.append(use)
            return (nil, idle)
        }
        end(idle)
        if let now { use(now) }
    }

    func giveBack(_ lease: Lease) {
        let idle = state.withLock { state -> [Ready] in
            if let index = state.ready.firstIndex(where: { $0.number == lease.number }) {
                state.ready[index].inFlight -= 1
            }
            guard let index = state.leaving.firstIndex(where: { $0.number == lease.number }) else { return [] }
            state.leaving[index].inFlight -= 1
            return state.leaving[index].inFlight == 0 ? [state.leaving.remove(at: index)] : []
        }
        end(idle)
    }

    func close() async {
        let (attempt, ready, queue) = state.withLock { state in
            state.isClosed = true
            defer {
                state.attempt = .none
                state.ready = []
                state.leaving = []
                state.queue = []
            }
            return (state.attempt, state.ready + state.leaving, state.queue)
        }
        end(ready)
        for use in queue { use(nil) }
        switch attempt {
        case .none: break
        case .underWay(let task), .pausing(let task):
            task.cancel()
            await task.value
        }
        for connection in ready { await connection.watch.value }
    }

    /// Takes out the connections to a server that the feed has left, and returns the idle ones among them.
    private static func leave(_ state: inout State, for current: LDAPEndpoint?) -> [Ready] {
        let isLeft = { (ready: Ready) in
            ServerChoice.isLeft(ready.endpoint, wanted: ready.wanted, current: current)
        }
        let left = state.ready.filter(isLeft)
        state.ready.removeAll(where: isLeft)
        state.leaving += left.filter { $0.inFlight > 0 }
        return left.filter { $0.inFlight == 0 }
    }

    private static func take(_ state: inout State) -> Lease? {
        let least = state.ready.indices.min { state.ready[$0].inFlight < state.ready[$1].inFlight }
        guard let least else { return nil }
        state.ready[least].inFlight += 1
        return Lease(server: state.ready[least].server, number: state.ready[least].number)
    }

    /// Connects until there are enough, or one attempt fails.
    private func connect() async {
        var hasRoom = true
        while hasRoom {
            let wanted = choice.current
            do throws(ActiveDirectoryError) {
                var server = try await settings.connect(preferring: wanted)
                if asksForPasswords { server.minimumPasswordLength = await PasswordLength.minimum(over: server) }
                // The feed may have moved meanwhile.
                if ServerChoice.isLeft(server.connection.endpoint, wanted: wanted, current: choice.current) {
                    server.connection.close()
                    continue
                }
                logger.info("a writing connection stands", metadata: ["server": "\(server.connection.endpoint)"])
                report(nil)
                hasRoom = add(server, wanted: wanted)
            } catch {
                hasRoom = false
                failed(error)
            }
        }
    }

    /// Whether another is to be made.
    private func add(_ server: ConnectedServer, wanted: LDAPEndpoint?) -> Bool {
        let (hasRoom, isTaken) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.backoff.reset()
            state.lastNumber += 1
            let number = state.lastNumber
            let watch = Task { [weak self] in
                let reason = await Self.watch(server.connection)
                self?.lost(number, reason)
            }
            state.ready.append(Ready(server: server, wanted: wanted, number: number, watch: watch))
            let hasRoom = state.ready.count < Self.count
            if !hasRoom { state.attempt = .none }
            return (hasRoom, true)
        }
        if !isTaken { server.connection.close() }
        serveQueue()
        return hasRoom
    }

    private func failed(_ error: ActiveDirectoryError) {
        let failed = state.withLock { state -> (pause: Duration, isNews: Bool)? in
            guard !state.isClosed else { return nil }
            let pause =
                error.needsAPerson ? RefusalPause.length : state.backoff.next(random: Double.random(in: 0..<1))
            let task = Task { [weak self] in
                do { try await Task.sleep(for: pause) } catch { return }
                self?.state.withLock { if !$0.isClosed { $0.attempt = .none } }
            }
            state.attempt = .pausing(task)
            return (pause, state.complaint.isWorthTelling("\(error)", at: .now))
        }
        guard let failed else { return }
        report(error.description)
        logger.log(
            level: failed.isNews ? .warning : .debug,
            "no writing connection",
            metadata: ["reason": "\(error)", "retryIn": "\(failed.pause)"]
        )
        serveQueue()
    }

    private func serveQueue() {
        let served = state.withLock { state -> [(@Sendable (Lease?) -> Void, Lease?)] in
            defer { state.queue = [] }
            return state.queue.map { ($0, Self.take(&state)) }
        }
        for (use, lease) in served { use(lease) }
    }

    private func lost(_ number: UInt64, _ reason: LDAPError) {
        let isKnown = state.withLock { state in
            let known = state.ready.count + state.leaving.count
            state.ready.removeAll { $0.number == number }
            state.leaving.removeAll { $0.number == number }
            return state.ready.count + state.leaving.count < known
        }
        // What is closed on purpose is taken out before.
        let level: Logger.Level = isKnown ? .warning : .debug
        logger.log(level: level, "a writing connection is lost", metadata: ["reason": "\(reason)"])
    }

    private func end(_ connections: [Ready]) {
        for connection in connections { connection.server.connection.close() }
    }

    /// Returns once the connection is gone, and why.
    private static func watch(_ connection: LDAPConnection) async -> LDAPError {
        let keepAlive = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.keepAlive)
                // A server that doesn't answer this isn't there, whatever TCP says.
                do throws(LDAPError) {
                    if !Task.isCancelled { _ = try await connection.search(DomainController.usnRequest) }
                } catch {
                    if error.disposition == .reconnect { connection.close() }
                }
            }
        }
        defer { keepAlive.cancel() }
        return await connection.closed()
    }
}
