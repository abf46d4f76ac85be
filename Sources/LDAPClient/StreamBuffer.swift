internal import Synchronization

/// The events of a stream between the connection's thread and their consumer.
final class StreamBuffer: Sendable {
    private struct State {
        var events: [SearchEvent] = []
        var head = 0
        var isFull = false
        var isFinished = false
        var error: LDAPError?
        var waiter: CheckedContinuation<Void, Never>?

        var count: Int { events.count - head }

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    enum Taken {
        case events([SearchEvent], hasRoomAgain: Bool)
        case end
        case failed(LDAPError)
        case nothingYet
    }

    private let highWater: Int
    private let state = Mutex(State())

    /// More than `capacity` events make the connection stop reading until half of them are gone.
    init(capacity: Int) {
        highWater = max(2, capacity)
    }

    /// The thread's side: true if the stream is now full.
    func append(_ event: SearchEvent) -> Bool {
        let (becameFull, waiter) = state.withLock { state in
            guard !state.isFinished else { return (false, nil as CheckedContinuation<Void, Never>?) }
            state.events.append(event)
            let becameFull = !state.isFull && state.count >= highWater
            if becameFull { state.isFull = true }
            return (becameFull, state.takeWaiter())
        }
        waiter?.resume()
        return becameFull
    }

    /// The thread's side: nothing more comes. What has come can still be taken, before the error.
    func finish(_ error: LDAPError?) {
        let waiter = state.withLock { state in
            guard !state.isFinished else { return nil as CheckedContinuation<Void, Never>? }
            state.isFinished = true
            state.error = error
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// The consumer's side: up to `limit` events, without waiting.
    func take(_ limit: Int) -> Taken {
        state.withLock { state in
            guard state.count > 0 else {
                guard state.isFinished else { return .nothingYet }
                guard let error = state.error else { return .end }
                // An error is thrown once; after it the stream is at its end.
                state.error = nil
                return .failed(error)
            }
            let count = min(limit, state.count)
            var taken: [SearchEvent]
            if state.head == 0 && count == state.events.count {
                taken = []
                swap(&taken, &state.events)
            } else {
                taken = Array(state.events[state.head..<(state.head + count)])
                state.head += count
                if state.head > 256 && state.head * 2 > state.events.count {
                    state.events.removeFirst(state.head)
                    state.head = 0
                }
            }
            let hasRoomAgain = state.isFull && state.count <= highWater / 2
            if hasRoomAgain { state.isFull = false }
            return .events(taken, hasRoomAgain: hasRoomAgain)
        }
    }

    /// The consumer's side: returns when there is something to take. One consumer at a time.
    func wait() async {
        await withCheckedContinuation { continuation in
            let resumesNow = state.withLock { state in
                precondition(state.waiter == nil, "a stream has one consumer")
                guard state.count == 0 && !state.isFinished else { return true }
                state.waiter = continuation
                return false
            }
            if resumesNow { continuation.resume() }
        }
    }
}
