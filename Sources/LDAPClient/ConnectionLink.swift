internal import CLDAP
internal import Glibc
internal import Synchronization

/// What callers and the connection's thread share: requests on their way to it, and its end.
final class ConnectionLink: Sendable {
    enum Submission: Sendable {
        case send(Exchange)
        /// Gives up an exchange with an error of its own, and tells the server.
        case abandon(Exchange)
        /// A stream's consumer has caught up.
        case resume(StreamBuffer)
    }

    private struct State {
        var queue: [Submission] = []
        var isSleeping = false
        var closeRequested = false
        /// Set when the thread is gone: why.
        var end: LDAPError?
        var waiters: [CheckedContinuation<LDAPError, Never>] = []
    }

    /// An eventfd that is readable when the sleeping thread has something to do.
    let wakeDescriptor: Int32
    private let state = Mutex(State())

    init() throws(LDAPError) {
        wakeDescriptor = cldap_eventfd()
        guard wakeDescriptor >= 0 else {
            throw .invalidRequest(.open, .localError, message: "eventfd: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        Glibc.close(wakeDescriptor)
    }

    /// Queues the exchanges in their order, with nothing between them. After the connection's end they fail at once.
    func submit(_ exchanges: [Exchange]) {
        let end = state.withLock { state -> LDAPError? in
            guard state.end == nil else { return state.end }
            for exchange in exchanges { state.queue.append(.send(exchange)) }
            wake(&state)
            return nil
        }
        guard let end else { return }
        for exchange in exchanges { exchange.fail(Self.notSent(exchange.kind, end)) }
    }

    func submit(_ exchange: Exchange) {
        let end = state.withLock { state -> LDAPError? in
            guard state.end == nil else { return state.end }
            state.queue.append(.send(exchange))
            wake(&state)
            return nil
        }
        if let end { exchange.fail(Self.notSent(exchange.kind, end)) }
    }

    func submit(_ submission: Submission) {
        state.withLock { state in
            guard state.end == nil else { return }
            state.queue.append(submission)
            wake(&state)
        }
    }

    func requestClose() {
        state.withLock { state in
            state.closeRequested = true
            wake(&state)
        }
    }

    /// Why the connection is at its end, or nil as long as it lives.
    var end: LDAPError? { state.withLock { $0.end } }

    /// Waits for the end, and says why.
    func waitForEnd() async -> LDAPError {
        await withCheckedContinuation { continuation in
            let end = state.withLock { state -> LDAPError? in
                if state.end == nil { state.waiters.append(continuation) }
                return state.end
            }
            if let end { continuation.resume(returning: end) }
        }
    }

    /// The thread's side: takes everything queued.
    func take() -> (submissions: [Submission], closeRequested: Bool) {
        state.withLock { state in
            let queue = state.queue
            state.queue = []
            return (queue, state.closeRequested)
        }
    }

    /// The thread's side: true if it may sleep, from when on a submission writes to the eventfd.
    func prepareToSleep() -> Bool {
        state.withLock { state in
            guard state.queue.isEmpty && !state.closeRequested else { return false }
            state.isSleeping = true
            return true
        }
    }

    /// The thread's side: it is awake.
    func awake(wasSignalled: Bool) {
        state.withLock { $0.isSleeping = false }
        guard wasSignalled else { return }
        var count: UInt64 = 0
        // EAGAIN only says that there was no signal.
        _ = read(wakeDescriptor, &count, 8)
    }

    /// The thread's side: the last call. Returns what was still queued.
    func finish(_ error: LDAPError) -> [Submission] {
        let (queue, waiters) = state.withLock { state in
            state.end = error
            defer {
                state.queue = []
                state.waiters = []
            }
            return (state.queue, state.waiters)
        }
        for waiter in waiters { waiter.resume(returning: error) }
        return queue
    }

    static func notSent(_ kind: LDAPOperationKind, _ end: LDAPError) -> LDAPError {
        if case .connectionLost(_, let code, let message, _) = end {
            return .connectionLost(kind, code, message: message, wasSent: false)
        }
        return .connectionLost(kind, end.code, message: "\(end)", wasSent: false)
    }

    private func wake(_ state: inout State) {
        guard state.isSleeping else { return }
        state.isSleeping = false
        var one: UInt64 = 1
        // It can only fail where the counter is full, and then the thread is awake.
        _ = write(wakeDescriptor, &one, 8)
    }
}
