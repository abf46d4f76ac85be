import Synchronization

/// Whether the feeds may be connected: always, or, where changes are not followed live, while the schedule's work goes on.
final class FeedGate: Sendable {
    private static let look = Duration.milliseconds(100)
    private let state: Mutex<Bool>

    init(isOpen: Bool) { state = Mutex(isOpen) }

    var isOpen: Bool {
        get { state.withLock(\.self) }
        set { state.withLock { $0 = newValue } }
    }

    /// Returns once the gate is as wanted, or the task is cancelled.
    func wait(untilOpen wanted: Bool) async {
        while isOpen != wanted, !Task.isCancelled { try? await Task.sleep(for: Self.look) }
    }
}
