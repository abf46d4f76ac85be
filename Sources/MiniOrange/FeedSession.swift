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
    private let connected = Mutex(false)

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
        if state == .live {
            live.withLock { $0 = true }
            delivery.noteLive(server.endpoint.uri)
        }
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
        // Of what was read since that was found out nothing proves anything at another server.
        var isRewound = delivery.demand.isSetBack
        var refusals = 0
        var hasWaited = false
        while true {
            do {
                if isRewound {
                    progress = nil
                } else if let progress {
                    try await checkContinuity(progress, way)
                } else if kept != nil {
                    try await checkTold()
                }
                try await connect()
                var start = progress
                if progress == nil || delivery.demand != .none {
                    start = try await FullRead(
                        session: self,
                        way: way,
                        connection: stream,
                        isRewound: isRewound,
                        known: progress
                    ).run()
                }
                guard let start else { throw MiniOrangeError.feedEnded }
                switch way {
                case .accesslog: try await LogFollower(session: self, connection: stream).run(from: start)
                case .syncrepl: try await SyncFollower(session: self, connection: stream).run(from: start)
                case .polling: try await PollFollower(session: self, connection: stream).run(from: start)
                }
                throw MiniOrangeError.feedEnded
            } catch let error as PositionRefused {
                if error.isRewound, !hasWaited, let progress, try await catchesUp(progress, way) {
                    hasWaited = true
                    continue
                }
                refusals += 1
                guard refusals == 1 else { throw error.cause }
                logger.notice("\(server.endpoint.uri): everything is read again: \(error.reason)")
                isRewound = error.isRewound
                if isRewound { try await connect(after: error) }
                status.withLock { $0.reason += "; everything was read again: \(error.reason)" }
                progress = nil
            }
        }
    }

    /// Tells that the server is there, once it is known whether it goes on from where its side was followed to: what is written before would meet what nobody knows.
    private func connect(after refusal: PositionRefused? = nil) async throws {
        if let refusal { logger.warning("\(server.endpoint.uri) holds an older state: \(refusal.reason)") }
        let stepBack = refusal.map { StepBack(cause: nil, reason: $0.reason) }
        let wasConnected = connected.withLock { isConnected in
            defer { isConnected = true }
            return isConnected
        }
        if !wasConnected {
            let name = Octets(server.endpoint.uri)
            try await delivery(.connected(server: name, roots: server.roots, stepBack: stepBack))
        } else if let stepBack {
            try await delivery(.steppedBack(stepBack))
        }
    }

    /// Another server than the last one may only need a moment to have what that one told. Whether it has by now.
    private func catchesUp(_ start: FeedPosition.Progress, _ way: FeedWay) async throws -> Bool {
        guard case .cookie(let cookie?) = start, let last = delivery.liveServer, last != server.endpoint.uri else {
            return false
        }
        let base = way == .accesslog ? settings.accesslogBase : server.searchBase
        logger.notice("\(server.endpoint.uri) is behind \(last): waiting for it")
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end {
            if try await server.position(of: base)?.covers(cookie) == true { return true }
            try await Task.sleep(for: .milliseconds(500))
        }
        return false
    }

    /// How long a server may be behind another one before it is taken for one that lacks something for good.
    private static let patience = Duration.seconds(60)

    /// An entry that was told lately can't have an older version now, whatever else happened to it, unless its server was set back.
    private func checkTold() async throws {
        let told = delivery.told
        for (anchor, entry) in try await server.read(told.keys.sorted(), shape) {
            guard case .csn(let number) = entry.version, let last = told[anchor], number < last else { continue }
            throw PositionRefused(setBackTo: number, from: last)
        }
    }

    /// The server says so itself, but only when it is asked to go on.
    private func checkPosition(_ start: FeedPosition.Progress, _ way: FeedWay) async throws {
        guard case .cookie(let cookie?) = start,
            let position = try await server.position(of: way == .accesslog ? settings.accesslogBase : server.searchBase)
        else { return }
        for last in cookie.numbers {
            guard let number = position.numbers.first(where: { $0.replica == last.replica }), number < last else {
                continue
            }
            throw PositionRefused(behind: last, at: number)
        }
    }

    /// A server may have been restored and written to since, so that its contextCSN is as new as ever. Then its log lacks the last record that was told; or,
    /// where the log is of another database that was not restored, the directory lacks what that record says.
    private func checkContinuity(_ start: FeedPosition.Progress, _ way: FeedWay) async throws {
        try await checkTold()
        try await checkPosition(start, way)
        guard way == .accesslog, case .cookie(let cookie?) = start, let last = cookie.newest else { return }
        let request = SearchRequest(
            base: settings.accesslogBase.description,
            scope: .subtree,
            filter: "(entryCSN=\(last))",
            attributes: ["reqEntryUUID", "reqType", "reqResult"]
        )
        guard let record = try await server.connection.search(request).entries.first else {
            // Unless it was purged.
            let horizon = try await server.horizon(of: settings.accesslogBase)
            guard let horizon, horizon < last else { return }
            throw PositionRefused(recordLost: last)
        }
        guard record.first("reqResult")?.text == "0", record.first("reqType")?.text != "delete",
            let anchor = record.first("reqEntryUUID").flatMap(Anchor.init(entryUUID:))
        else { return }
        let found = try await server.read([anchor], shape)[anchor]
        // One that is not found may be out of sight: that proves nothing.
        if case .csn(let number)? = found?.version, number < last {
            throw PositionRefused(setBackTo: number, from: last)
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

    /// The log's last known write is not in the directory, or was undone there: the directory is older than its log.
    init(setBackTo number: ChangeSequenceNumber, from last: ChangeSequenceNumber) {
        reason = "an entry that was last written at \(last) has its state of \(number) again"
        cause = MiniOrangeError.feedEnded
        isRewound = true
    }

    init(behind last: ChangeSequenceNumber, at number: ChangeSequenceNumber) {
        reason = "the server has everything up to \(number) only, and had told up to \(last)"
        cause = MiniOrangeError.feedEnded
        isRewound = true
    }

    init(recordLost last: ChangeSequenceNumber) {
        reason = "the server was restored: its access log lacks the write of \(last) that it had told"
        cause = MiniOrangeError.feedEnded
        isRewound = true
    }

    init(purgedBefore cause: any Error) {
        reason = "the log was purged past the last position"
        self.cause = cause
    }
}
