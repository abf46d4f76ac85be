/// How changes are noticed.
package enum FeedWay: UInt8, Hashable, Sendable {
    case accesslog = 1
    case syncrepl = 2
    case polling = 3

    package var name: String {
        switch self {
        case .accesslog: "accesslog"
        case .syncrepl: "syncrepl"
        case .polling: "polling"
        }
    }

    /// What makes it available.
    var remedy: String {
        switch self {
        case .accesslog:
            "load the accesslog overlay with logops writes, the syncprov overlay on the log, and grant read access to it"
        case .syncrepl: "load the syncprov overlay"
        case .polling: "grant read access to entryCSN or modifyTimestamp"
        }
    }
}
