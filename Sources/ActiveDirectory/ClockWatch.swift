internal import SyncModel
internal import Synchronization

/// Follows a server's clock by what its root DSE shows, and says when there is something to tell of it.
final class ClockWatch: Sendable {
    private let state: Mutex<ClockReadings>

    init(_ first: ClockEstimate?) {
        state = Mutex(ClockReadings(first))
    }

    /// Takes a reading; `sent` and `received` are when the question went and when its answer had come.
    func read(_ shown: Timestamp, sent: Timestamp, received: Timestamp) {
        state.withLock { $0.read(shown, sent: sent, received: received) }
    }

    /// The estimate, where it is worth telling now. It then counts as told.
    func news(at now: Timestamp) -> ClockEstimate? {
        state.withLock { $0.news(at: now) }
    }
}

/// The readings of one server's clock: pure.
struct ClockReadings: Sendable {
    /// currentTime is in whole seconds ([MS-ADTS] 3.1.1.3.2.2), and comes from a clock that is itself moved by ticks: of 16 ms on Windows, 4 to 10 on
    /// Linux. Without those readings at a second's turn would contradict each other.
    static let granularity: Int64 = 1016
    /// Between two that are told, and between two that only confirm, in milliseconds.
    private static let pause: Int64 = 1000
    /// A move of the offset, in milliseconds, that is told.
    private static let move: Int64 = 50

    private(set) var estimate: ClockEstimate?
    private var told: (estimate: ClockEstimate, at: Timestamp)?
    private var hasBegunAnew = false

    init(_ first: ClockEstimate? = nil) {
        estimate = first
    }

    mutating func read(_ shown: Timestamp, sent: Timestamp, received: Timestamp) {
        // The clock was set back between the two: this says nothing.
        guard sent <= received else { return }
        // Our own times are rounded down as well.
        let received = received.advanced(byMilliseconds: 1)
        let new = ClockEstimate(shown: shown, granularity: Self.granularity, sent: sent, received: received)
        guard var current = estimate else {
            estimate = new
            return
        }
        let isApart = new.latest < current.earliest || current.latest < new.earliest
        let narrows = new.earliest > current.earliest || new.latest < current.latest
        let age = received.milliseconds - current.measured.milliseconds
        // Each reading that is taken widens the estimate by what the clocks may have parted since the last, a millisecond at least. So one that
        // tells nothing is taken only to confirm.
        guard isApart || narrows || age < 0 || age >= Self.pause else { return }
        current.narrow(shown: shown, granularity: Self.granularity, sent: sent, received: received)
        if current == new, isApart { hasBegunAnew = true }
        estimate = current
    }

    mutating func news(at now: Timestamp) -> ClockEstimate? {
        guard let estimate else { return nil }
        if let told {
            let pause = now.milliseconds - told.at.milliseconds
            // Time may have been set back.
            guard pause < 0 || pause >= Self.pause, hasBegunAnew || isNews(estimate, after: told.estimate) else {
                return nil
            }
        }
        told = (estimate, now)
        hasBegunAnew = false
        return estimate
    }

    private func isNews(_ estimate: ClockEstimate, after told: ClockEstimate) -> Bool {
        estimate.uncertainty < told.uncertainty && 3 * estimate.uncertainty <= 2 * told.uncertainty
            || abs(estimate.offset - told.offset) > Self.move
    }
}
