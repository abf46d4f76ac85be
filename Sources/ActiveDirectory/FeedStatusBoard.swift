internal import Glibc
internal import SyncModel
internal import Synchronization

/// Holds the feed's status and tells each change of it.
final class FeedStatusBoard: Sendable {
    private let status = Mutex(ActiveDirectoryFeedStatus())
    private let report: @Sendable (ActiveDirectoryFeedStatus) -> Void

    init(report: @escaping @Sendable (ActiveDirectoryFeedStatus) -> Void) {
        self.report = report
    }

    func update(_ change: (inout ActiveDirectoryFeedStatus) -> Void) {
        let changed = status.withLock { status -> ActiveDirectoryFeedStatus? in
            let before = status
            change(&status)
            return status == before ? nil : status
        }
        if let changed { report(changed) }
    }

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
