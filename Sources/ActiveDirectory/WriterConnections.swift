internal import LDAPClient
internal import Logging
internal import SyncModel
internal import Synchronization

/// The writer's connections: kept up, and opened again with growing delay.
///
/// Two, since a domain controller serves one serially, and more gain next to nothing.
final class WriterConnections: Sendable {
    private static let count = 2
    /// Between two questions on an otherwise idle connection; servers close those that are silent for 15 minutes.
    private static let keepAlive = Duration.seconds(60)

    private enum Slot {
        case connecting
        case ready(ConnectedServer, inFlight: Int)
        case waiting
    }

    private struct State {
        var slots = [Slot](repeating: .connecting, count: WriterConnections.count)
        var queue: [@Sendable (Lease?) -> Void] = []
        var isClosed = false
        var tasks: [Task<Void, Never>] = []
    }

    /// A connection for one write.
    struct Lease: Sendable {
        let server: ConnectedServer
        fileprivate let index: Int
    }

    private let settings: ActiveDirectorySettings
    private let logger: Logger
    private let report: @Sendable (String?) -> Void
    private let state = Mutex(State())

    /// `report` gets what is wrong, or nil once a connection stands.
    init(settings: ActiveDirectorySettings, logger: Logger, report: @escaping @Sendable (String?) -> Void) {
        self.settings = settings
        self.logger = logger
        self.report = report
    }

    func start() {
        state.withLock { state in
            guard state.tasks.isEmpty, !state.isClosed else { return }
            state.tasks = (0..<Self.count).map { index in Task { [weak self] in await self?.keepUp(index) } }
        }
    }

    /// Calls `use` with the connection that has least to do: at once, or as soon as the attempt under way has succeeded; with
    /// nil where there is none. A lease is to be given back.
    func lease(_ use: @escaping @Sendable (Lease?) -> Void) {
        let now: Lease?? = state.withLock { state in
            if state.isClosed { return .some(nil) }
            if let lease = Self.take(&state) { return .some(lease) }
            let isConnecting = state.slots.contains { if case .connecting = $0 { true } else { false } }
            guard isConnecting else { return .some(nil) }
            state.queue.append(use)
            return nil
        }
        if let now { use(now) }
    }

    func giveBack(_ lease: Lease) {
        state.withLock { state in
            guard case .ready(let server, let inFlight) = state.slots[lease.index],
                server.connection === lease.server.connection
            else { return }
            state.slots[lease.index] = .ready(server, inFlight: inFlight - 1)
        }
    }

    func close() async {
        let (tasks, connections, queue) = state.withLock { state in
            state.isClosed = true
            let connections = state.slots.compactMap { slot -> LDAPConnection? in
                if case .ready(let server, _) = slot { server.connection } else { nil }
            }
            defer {
                state.tasks = []
                state.queue = []
                state.slots = state.slots.map { _ in .waiting }
            }
            return (state.tasks, connections, state.queue)
        }
        for task in tasks { task.cancel() }
        for connection in connections { connection.close() }
        for use in queue { use(nil) }
        for task in tasks { await task.value }
    }

    private static func take(_ state: inout State) -> Lease? {
        var best: (index: Int, server: ConnectedServer, inFlight: Int)?
        for (index, slot) in state.slots.enumerated() {
            guard case .ready(let server, let inFlight) = slot, inFlight < best?.inFlight ?? .max else { continue }
            best = (index, server, inFlight)
        }
        guard let best else { return nil }
        state.slots[best.index] = .ready(best.server, inFlight: best.inFlight + 1)
        return Lease(server: best.server, index: best.index)
    }

    private func keepUp(_ index: Int) async {
        var backoff = Backoff()
        while !Task.isCancelled {
            set(index, .connecting)
            do throws(ActiveDirectoryError) {
                let server = try await settings.connect()
                guard set(index, .ready(server, inFlight: 0)) else { return server.connection.close() }
                backoff.reset()
                report(nil)
                logger.info("a writing connection stands", metadata: ["server": "\(server.connection.endpoint)"])
                let reason = await use(server.connection)
                logger.warning("a writing connection is lost", metadata: ["reason": "\(reason)"])
            } catch {
                if Task.isCancelled { return }
                report(error.description)
                let pause = error.needsAPerson ? Backoff.cautious : backoff.next(random: Double.random(in: 0..<1))
                logger.warning("no writing connection", metadata: ["reason": "\(error)", "retryIn": "\(pause)"])
                set(index, .waiting)
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// Returns once the connection is gone, and why.
    private func use(_ connection: LDAPConnection) async -> LDAPError {
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

    /// False where the writer was closed meanwhile.
    @discardableResult
    private func set(_ index: Int, _ slot: Slot) -> Bool {
        let (isOpen, served) = state.withLock { state -> (Bool, [(@Sendable (Lease?) -> Void, Lease?)]) in
            guard !state.isClosed else { return (false, []) }
            state.slots[index] = slot
            let isConnecting = state.slots.contains { if case .connecting = $0 { true } else { false } }
            var served: [(@Sendable (Lease?) -> Void, Lease?)] = []
            while !state.queue.isEmpty {
                let lease = Self.take(&state)
                guard lease != nil || !isConnecting else { break }
                served.append((state.queue.removeFirst(), lease))
            }
            return (true, served)
        }
        for (use, lease) in served { use(lease) }
        return isOpen
    }
}
