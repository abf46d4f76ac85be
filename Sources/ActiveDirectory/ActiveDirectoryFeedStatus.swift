package import SyncModel

/// What the feed is doing, for the admin.
package struct ActiveDirectoryFeedStatus: Hashable, Sendable {
    package enum Phase: Hashable, Sendable {
        case connecting
        /// Reading all entries: how many have been told since the connection came about.
        case loading(entries: Int)
        case live
        /// Not connected; the next attempt comes after this time.
        case waiting(Duration)
    }

    package var phase = Phase.connecting
    /// The URI of the connected server, and the name that it gives itself.
    package var server: String?
    package var hostName: String?
    package var invocationID: Anchor?
    /// By what changes are noticed and read; and why so.
    package var way = ""
    package var wayReason = ""
    /// Up to which USN everything has been delivered.
    package var position: UInt64 = 0
    /// The server's highestCommittedUSN when it was last asked; beyond `position` there is work left.
    package var serverPosition: UInt64 = 0
    /// When a change was last delivered.
    package var lastChange: Timestamp?
    /// From noticing the last change to its having been taken over.
    package var lastDelay: Duration?
    /// Why everything is read again, where it is.
    package var reloadReason: String?
    /// What is wrong now; nil while the feed works.
    package var error: String?
    /// What the admin should know although the feed works.
    package var remarks: [String] = []

    package init() {}

    /// What every side's feed tells.
    package var feedStatus: FeedStatus {
        let state: FeedStatus.State =
            switch phase {
            case .connecting: .connecting
            case .loading(let entries): .loading(read: entries, expected: nil)
            case .live: .live
            case .waiting(let pause):
                .waiting(retryInMilliseconds: Int64(pause / .milliseconds(1)))
            }
        let problem = ([error].compactMap(\.self) + remarks).joined(separator: "; ")
        return FeedStatus(
            side: .ad,
            server: server,
            way: way,
            reason: reloadReason ?? wayReason,
            state: state,
            problem: problem.isEmpty ? nil : problem
        )
    }
}
