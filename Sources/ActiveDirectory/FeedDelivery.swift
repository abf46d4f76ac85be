internal import SyncModel
internal import Synchronization

/// The engine failed to take an event: no other server mends that.
struct DeliveryFailure: Error {
    let cause: any Error
}

/// The newest cursor of each server, as far as it has been delivered.
final class FeedProgress: Sendable {
    private struct State {
        var cursors: [Anchor: FeedCursor] = [:]
        var hasCache = false
        var demand = ReadingDemand.none
    }

    private let state: Mutex<State>

    init(cursor: Cursor?, _ demand: ReadingDemand = .none) {
        var initial = State()
        initial.demand = demand
        initial.hasCache = cursor != nil
        if let cursor = cursor.flatMap(FeedCursor.init) { initial.cursors[cursor.invocationID] = cursor }
        state = Mutex(initial)
    }

    func start(invocationID: Anchor, highestCommittedUSN: UInt64) -> FeedStart {
        state.withLock { state in
            .decide(
                invocationID: invocationID,
                highestCommittedUSN: highestCommittedUSN,
                known: state.cursors[invocationID],
                hasCache: state.hasCache,
                state.demand
            )
        }
    }

    /// Only one server's cursor is durable; another's, from earlier in this run, still tells where to go on there,
    /// since whatever it tells again is only told twice.
    func delivered(_ event: FeedEvent) {
        state.withLock { state in
            state.demand.note(event)
            guard let cursor = event.cursor.flatMap(FeedCursor.init) else { return }
            state.cursors[cursor.invocationID] = cursor
            state.hasCache = true
        }
    }
}

/// Hands events to the engine, one at a time and in order, with at most one under way while the next is read.
final class FeedDelivery: Sendable {
    private struct State {
        var underWay: Task<Void, any Error>?
        var isConnected = false
        var hasConnected = false
    }

    private let deliver: @Sendable (FeedEvent) async throws -> Void
    private let progress: FeedProgress
    private let state = Mutex(State())

    init(deliver: @escaping @Sendable (FeedEvent) async throws -> Void, progress: FeedProgress) {
        self.deliver = deliver
        self.progress = progress
    }

    /// Whether the last session got as far as telling its roots.
    var hasConnected: Bool { state.withLock { $0.hasConnected } }

    func connect(server: Octets, roots: [EntrySnapshot], stepBack: StepBack?) async throws {
        try await now(.connected(server: server, roots: roots, stepBack: stepBack))
        state.withLock {
            $0.isConnected = true
            $0.hasConnected = true
        }
    }

    /// Says that nothing comes for now, if that isn't known.
    func disconnect() async throws {
        // What is under way may fail with the session; only the next event tells whether the engine still takes any.
        _ = await state.withLock { $0.underWay.take() }?.result
        let wasConnected = state.withLock { state in
            defer {
                state.isConnected = false
                state.hasConnected = false
            }
            return state.isConnected
        }
        guard wasConnected else { return }
        do { try await deliver(.disconnected) } catch { throw error }
    }

    /// Waits for what is under way, and delivers.
    func now(_ event: FeedEvent) async throws {
        try await settle()
        do { try await deliver(event) } catch { throw DeliveryFailure(cause: error) }
        progress.delivered(event)
    }

    /// Waits for what is under way, and begins with an event that `make` then makes; nil: none.
    func behind(_ make: @escaping @Sendable () throws -> FeedEvent?) async throws {
        try await settle()
        let task = Task { [self] in
            guard let event = try make() else { return }
            do { try await deliver(event) } catch { throw DeliveryFailure(cause: error) }
            progress.delivered(event)
        }
        state.withLock { $0.underWay = task }
    }

    func settle() async throws {
        if let task = state.withLock({ $0.underWay.take() }) { try await task.value }
    }
}

extension FeedEvent {
    fileprivate var cursor: Cursor? {
        switch self {
        case .changes(_, let cursor): cursor
        case .complete(_, let cursor): cursor
        case .connected, .steppedBack, .disconnected, .clock: nil
        }
    }
}
