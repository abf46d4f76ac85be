import Dispatch

/// Blocks a thread until another one opens the gate.
struct BlockingGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func wait() { semaphore.wait() }
    func open() { semaphore.signal() }
}
