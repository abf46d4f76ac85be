internal import Synchronization

/// The answer to one exchange, for one task that waits for it.
final class Reply<Answer: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Result<Answer, LDAPError>, Never>)
        case full(Result<Answer, LDAPError>)
    }

    private let state = Mutex(State.empty)

    /// Called once, by whoever completes the exchange.
    func complete(_ result: Result<Answer, LDAPError>) {
        let waiter = state.withLock { state -> CheckedContinuation<Result<Answer, LDAPError>, Never>? in
            defer { state = .full(result) }
            if case .waiting(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume(returning: result)
    }

    /// Waits. Where the task is cancelled the exchange is abandoned, which completes it.
    func result(of exchange: Exchange, on link: ConnectionLink) async -> Result<Answer, LDAPError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state -> Result<Answer, LDAPError>? in
                    if case .full(let result) = state { return result }
                    state = .waiting(continuation)
                    return nil
                }
                if let result { continuation.resume(returning: result) }
            }
        } onCancel: {
            link.submit(.abandon(exchange))
        }
    }
}
