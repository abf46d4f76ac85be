/// How the feed of one side stands, for the admin.
package struct FeedStatus: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case connecting
        /// A complete read is under way; `expected` is the number of entries, if the server told.
        case loading(read: Int, expected: Int?)
        /// Every change is told as it happens.
        case live
        /// Connects again after this time.
        case waiting(retryInMilliseconds: Int64)
        /// Not connected before its time has come.
        case idle
        /// Ended: no retry can mend it.
        case failed
    }

    package var side: Side
    /// The server's URL, while connected.
    package var server: String?
    /// How changes are noticed: accesslog, syncrepl, polling, usn-range, usn-equality …; empty until chosen.
    package var way: String
    /// Why this way was chosen.
    package var reason: String
    package var state: State
    /// What is wrong and what mends it.
    package var problem: String?

    package init(
        side: Side,
        server: String? = nil,
        way: String = "",
        reason: String = "",
        state: State,
        problem: String? = nil
    ) {
        self.side = side
        self.server = server
        self.way = way
        self.reason = reason
        self.state = state
        self.problem = problem
    }
}
