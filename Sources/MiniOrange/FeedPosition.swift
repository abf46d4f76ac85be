package import SyncModel

/// What a ``Cursor`` of this side holds: which way of feeding, for which base, how far.
package struct FeedPosition: Hashable, Sendable {
    package enum Progress: Hashable, Sendable {
        /// A first complete read began and did not end: what is in the cache may be gone from the directory.
        case loading
        /// Everything up to here is in the cache; nil: the server had nothing to tell yet.
        case cookie(SyncCookie?)
        /// A modifyTimestamp, for servers without entryCSN.
        case time(GeneralizedTime)
    }

    package var way: FeedWay
    package var base: Anchor
    package var progress: Progress

    package init(way: FeedWay, base: Anchor, progress: Progress) {
        self.way = way
        self.base = base
        self.progress = progress
    }

    package var cursor: Cursor {
        let position: [UInt8] =
            switch progress {
            case .loading: [Self.loading]
            case .cookie(let cookie): [Self.cookie] + (cookie?.octets.bytes ?? [])
            case .time(let time): [Self.time] + Array(time.textInSeconds.utf8)
            }
        return Cursor(
            server: Octets([way.rawValue] + base.octets),
            position: Octets(position),
            knownUntil: knownUntil
        )
    }

    private var knownUntil: Timestamp? {
        switch progress {
        case .loading: nil
        case .cookie(let cookie): cookie?.newest?.timestamp
        case .time(let time): Timestamp(milliseconds: (time.seconds - PollFollower.overlapSeconds) * 1000)
        }
    }

    /// Nil for what ``cursor`` never makes: then everything is read.
    package init?(_ cursor: Cursor) {
        guard let way = cursor.server.bytes.first.flatMap(FeedWay.init(rawValue:)),
            let base = Anchor(octets: cursor.server.bytes.dropFirst())
        else { return nil }
        let rest = Octets(cursor.position.bytes.dropFirst())
        let progress: Progress
        switch cursor.position.bytes.first {
        case Self.loading where rest.isEmpty:
            progress = .loading
        case Self.cookie where rest.isEmpty:
            progress = .cookie(nil)
        case Self.cookie:
            guard let cookie = SyncCookie(parsing: rest) else { return nil }
            progress = .cookie(cookie)
        case Self.time:
            guard let time = GeneralizedTime(parsing: rest) else { return nil }
            progress = .time(time)
        default:
            return nil
        }
        self.init(way: way, base: base, progress: progress)
    }

    private static let loading: UInt8 = 0
    private static let cookie: UInt8 = 1
    private static let time: UInt8 = 2
}
