package import SyncModel
import Synchronization

/// What each feed last said of itself, for status and metrics.
package final class FeedBoard: Sendable {
    private let statuses: Mutex<PerSide<FeedStatus>>

    package init() {
        statuses = Mutex(
            PerSide(
                ad: FeedStatus(side: .ad, state: .connecting),
                miniorange: FeedStatus(side: .miniorange, state: .connecting)
            )
        )
    }

    package func post(_ status: FeedStatus) {
        statuses.withLock { $0[status.side] = status }
    }

    /// The feed has ended by itself.
    func noteFailure(_ side: Side, _ error: any Error) {
        statuses.withLock { statuses in
            statuses[side].state = .failed
            statuses[side].problem = "\(error)"
        }
    }

    package subscript(side: Side) -> FeedStatus { statuses.withLock { $0[side] } }
}
