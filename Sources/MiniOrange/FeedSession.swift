internal import LDAPClient
internal import Logging
internal import SyncModel
internal import Synchronization

/// One connection to one server, from the choice of the way to the loss of the connection.
final class FeedSession: Sendable {
    static let heartbeat = Duration.seconds(10)

    let settings: MiniOrangeSettings
    let view: DirectoryView
    /// Without members.
    let shape: EntryShape
    /// With members.
    let wholeShape: EntryShape
    let server: DirectoryServer
    let delivery: Delivery
    let logger: Logger
    private let onStatus: @Sendable (FeedStatus) -> Void
    private let status: Mutex<FeedStatus>
    private let live = Mutex(false)

    init(feed: MiniOrangeFeed, shape: EntryShape, server: DirectoryServer, delivery: Delivery) {
        settings = feed.settings
        view = feed.view
        logger = feed.logger
        onStatus = feed.onStatus
        self.shape = shape
        wholeShape = EntryShape(view: feed.view, tellsMembers: true)
        self.server = server
        self.delivery = delivery
        status = Mutex(FeedStatus(side: .miniorange, server: server.endpoint.uri, state: .connecting))
    }

    /// Whether all that had happened was told at some time.
    var wasLive: Bool { live.withLock(\.self) }

    /// Returns never but by throwing.
    func run() async throws {
        try await delivery(.connected(server: Octets(server.endpoint.uri), roots: server.roots))
        let kept = delivery.cursor.flatMap(FeedPosition.init)
        let choice = try await FeedChoice.choose(settings, server, kept: kept?.way)
        status.withLock {
            $0.way = choice.way.name
            $0.reason = choice.reason
        }
        logger.info("\(server.endpoint.uri): feeding by \(choice.way.name): \(choice.reason)")
        let stream = try await settings.open(server.endpoint)
        defer { stream.close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.follow(choice.way, kept, over: stream) }
            group.addTask { try await self.watch(choice.way) }
            defer { group.cancelAll() }
            // What waits for an answer that never comes ends with its connection.
            do {
                try await group.next()
            } catch {
                stream.close()
                throw error
            }
        }
        throw MiniOrangeError.feedEnded
    }

    func report(_ state: FeedStatus.State) {
        if state == .live { live.withLock { $0 = true } }
        let now = status.withLock { status in
            status.state = state
            return status
        }
        onStatus(now)
    }

    func cursor(_ way: FeedWay, _ progress: FeedPosition.Progress) -> Cursor {
        // The bases are checked at every connect; any of them names the directory.
        FeedPosition(way: way, base: server.roots.first?.anchor ?? Anchor(high: 0, low: 0), progress: progress).cursor
    }

    private func follow(_ way: FeedWay, _ kept: FeedPosition?, over stream: LDAPConnection) async throws {
        var progress: FeedPosition.Progress?
        if let kept, kept.way == way, kept.base == server.roots.first?.anchor, kept.progress != .loading {
            progress = kept.progress
        }
        var isRewound = false
        var refusals = 0
        while true {
            let start: FeedPosition.Progress
            if let progress {
                start = progress
            } else {
                start = try await FullRead(session: self, way: way, connection: stream, isRewound: isRewound).run()
            }
            do {
                switch way {
                case .accesslog: try await LogFollower(session: self, connection: stream).run(from: start)
                case .syncrepl: try await SyncFollower(session: self, connection: stream).run(from: start)
                case .polling: try await PollFollower(session: self, connection: stream).run(from: start)
                }
                throw MiniOrangeError.feedEnded
            } catch let error as PositionRefused {
                refusals += 1
                guard refusals == 1 else { throw error.cause }
                logger.notice("\(server.endpoint.uri): everything is read again: \(error.reason)")
                isRewound = error.isRewound
                progress = nil
            }
        }
    }

    /// Finds out that a server is silent, a base gone, or a log incomplete.
    private func watch(_ way: FeedWay) async throws {
        let first = way == .accesslog ? try await server.position(of: server.searchBase) : nil
        var suspected: SyncCookie?
        while true {
            try await Task.sleep(for: Self.heartbeat)
            try await server.checkRoots(shape)
            guard way == .accesslog, let now = try await server.position(of: server.searchBase), now != first else {
                continue
            }
            let log = try await server.position(of: settings.accesslogBase)
            if log?.covers(now) == true {
                suspected = nil
            } else if let suspected, log?.covers(suspected) != true {
                throw MiniOrangeError.logIncomplete
            } else {
                suspected = suspected ?? now
            }
        }
    }
}

/// The server can't go on from a position: everything must be read.
struct PositionRefused: Error {
    let reason: String
    let cause: any Error
    /// The directory is older than the position: it was restored, and its entries' versions may be older than those in the cache.
    var isRewound = false

    /// Nil where the error doesn't concern the position.
    init?(_ error: LDAPError) {
        switch error.serverResult?.code {
        case .syncRefreshRequired?, .other?: break
        case .unwillingToPerform?: isRewound = true
        default: return nil
        }
        reason = "the server can't go on from the last position (\(error))"
        cause = error
    }

    init(purgedBefore cause: any Error) {
        reason = "the log was purged past the last position"
        self.cause = cause
    }
}
