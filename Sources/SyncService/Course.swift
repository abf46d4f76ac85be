import Configuration
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// What the signals ask of the daemon, over all its sessions: one that comes while a session ends and the next begins counts for the next.
/// SIGTERM and SIGINT end the daemon. SIGHUP ends the session and begins one with the configuration read anew; where that is bad, it is
/// reported and everything stays.
final class Course: Sendable {
    private struct State {
        var isHeeding = false
        var isStopping = false
        var next: Configuration?
        var waiter: CheckedContinuation<Void, Never>?

        var isAtEnd: Bool { isStopping || next != nil }
    }

    private let configurationPath: String
    private let logger: Logger
    private let state = Mutex(State())

    init(configurationPath: String, logger: Logger) {
        self.configurationPath = configurationPath
        self.logger = logger
    }

    /// What the session to come is to run with; nil where there is to be none.
    var next: Configuration? { state.withLock { $0.isStopping ? nil : $0.next } }

    /// As `next`, and begins to wait for what comes after it.
    func takeNext() -> Configuration? {
        state.withLock { state in
            defer { state.next = nil }
            return state.isStopping ? nil : state.next
        }
    }

    /// Returns once signals are caught, which they are from then on until the process ends. Before, the system does with them what it does by
    /// itself: nothing is under way yet.
    func heedSignals() async {
        let isFirst = state.withLock { state in
            defer { state.isHeeding = true }
            return !state.isHeeding
        }
        guard isFirst else { return }
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        Task {
            for await signal in signals { signal == .sighup ? reload() : change { $0.isStopping = true } }
        }
    }

    /// Returns when the session under way is to end, or the task is cancelled.
    func sessionsEnd() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isAtEnd || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }

    private func reload() {
        do throws(ConfigurationErrors) {
            let configuration = try Configuration.load(path: configurationPath)
            change { $0.next = configuration }
        } catch {
            logger.error("The new configuration is not used", metadata: ["error": "\(error)"])
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            return state.waiter.take()
        }
        waiter?.resume()
    }
}

/// Ends the session when the daemon's course says so.
struct CourseService: Service {
    let course: Course

    func run() async throws {
        await cancelWhenGracefulShutdown { await course.sessionsEnd() }
    }
}
