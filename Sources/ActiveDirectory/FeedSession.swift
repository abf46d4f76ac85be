internal import LDAPClient
internal import Logging
internal import SyncModel

/// One connection's worth of feeding: the roots, the load where it is needed, then changes.
struct FeedSession: Sendable {
    let server: ConnectedServer
    let settings: ActiveDirectorySettings
    let view: DirectoryView
    let reading: EntryReading
    let ownWrites: OwnWrites
    let progress: FeedProgress
    let delivery: FeedDelivery
    let board: FeedStatusBoard
    let logger: Logger
    let clock: ClockWatch
    /// What a complete read has shown.
    let seen = SeenAnchors()

    init(
        server: ConnectedServer,
        settings: ActiveDirectorySettings,
        view: DirectoryView,
        ownWrites: OwnWrites,
        progress: FeedProgress,
        delivery: FeedDelivery,
        board: FeedStatusBoard,
        logger: Logger
    ) {
        self.server = server
        self.settings = settings
        self.view = view
        self.ownWrites = ownWrites
        self.progress = progress
        self.delivery = delivery
        self.board = board
        self.logger = logger
        reading = EntryReading(view: view)
        clock = ClockWatch(server.controller.clock)
    }

    var connection: LDAPConnection { server.connection }
    var controller: DomainController { server.controller }

    /// Returns only when the task is cancelled.
    func run() async throws {
        let roots = try await readRoots()
        let start = progress.start(
            invocationID: controller.invocationID,
            highestCommittedUSN: controller.highestCommittedUSN
        )
        let cause: StepBack.Cause? =
            if case .loading(.everythingRestored, _) = start.cursor.state { .restored } else { nil }
        try await delivery.connect(
            server: Octets(controller.service),
            roots: roots,
            stepBack: start.reason.map { StepBack(cause: cause, reason: $0) }
        )
        try await tellClock()
        logger.info(
            "the feed is connected",
            metadata: ["server": "\(controller.endpoint)", "usn": "\(controller.highestCommittedUSN)"]
        )
        let remarks = try await self.remarks()
        board.update {
            $0.server = controller.endpoint.uri
            $0.hostName = controller.hostName
            $0.invocationID = controller.invocationID
            $0.position = start.cursor.position
            $0.serverPosition = controller.highestCommittedUSN
            $0.reloadReason = start.reason
            $0.error = nil
            $0.remarks = remarks
        }
        if let reason = start.reason { logger.warning("everything is read again", metadata: ["reason": "\(reason)"]) }
        let rangeCost = try await self.rangeCost()
        let usesNotifications = DeltaQuery.isCheap(rangeCost)
        let pulse = usesNotifications ? settings.pulse : min(settings.pulse, Self.quickPulse)
        if !usesNotifications {
            tellPulseOnly("uSNChanged has no index for ranges here: each notification would read the whole directory")
        }
        let (wakes, waker) = AsyncStream.makeStream(of: Wake.self, bufferingPolicy: .bufferingNewest(1))
        let (ownWakes, ownWaker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            if usesNotifications {
                group.addTask {
                    try await watchNotifications { isOurs in
                        if isOurs { ownWaker.yield() } else { waker.yield(.notification) }
                    }
                }
                group.addTask {
                    for await _ in ownWakes {
                        try await Task.sleep(for: Self.ownPatience)
                        waker.yield(.notification)
                    }
                }
            }
            group.addTask { try await feed(from: start, wakes, rangeCost) }
            group.addTask { try await watchRoots(roots) }
            group.addTask {
                while true {
                    try await Task.sleep(for: pulse)
                    waker.yield(.pulse)
                }
            }
            defer { group.cancelAll() }
            while try await group.next() != nil {}
        }
    }

    /// Where it must do without notifications. One look costs the server a tenth of a millisecond.
    private static let quickPulse = Duration.milliseconds(20)

    /// What we do ourselves is known by its answer: nobody waits for the feed to tell it, and the server has better to do than to be asked at each write.
    private static let ownPatience = Duration.milliseconds(50)

    enum Wake: Sendable { case notification, pulse }

    private func feed(from start: FeedStart, _ wakes: AsyncStream<Wake>, _ rangeCost: Duration) async throws {
        var position = start.cursor.position
        let stored = start.cursor.dirSyncCookie
        var cookie: Octets?
        if settings.feeding == .dirsync {
            // Before a load, so that a refusal shows at once.
            cookie = if let stored { stored } else { try await DirSyncQuery(session: self).firstCookie() }
        }
        let members = cookie == nil ? try await memberFeeding(stored) : .none
        if case .loading(let breadth, let end) = start.cursor.state {
            position = try await load(breadth, after: position, end: end)
        }
        board.update { $0.phase = .live }
        if let cookie {
            var follower = DirSyncFollower(session: self, position: position, cookie: cookie, rangeCost: rangeCost)
            if stored == nil { try await follower.bridge() }
            try await follower.catchUp()
            for await _ in wakes {
                try await follower.catchUp()
                try await tellClock()
            }
        } else {
            var follower = ChangeFollower(session: self, position: position, members: members, rangeCost: rangeCost)
            try await follower.catchUp(.pulse)
            for await wake in wakes {
                try await follower.catchUp(wake)
                try await tellClock()
            }
        }
    }

    /// Behind the changes, which don't wait for it.
    private func tellClock() async throws {
        guard let estimate = clock.news(at: FeedStatusBoard.now) else { return }
        try await delivery.behind { .clock(estimate) }
    }

    /// The configured bases. One that can't be found is an error, never absence.
    func readRoots() async throws(ActiveDirectoryError) -> [EntrySnapshot] {
        guard let context = try? DistinguishedName(parsing: controller.namingContext) else {
            throw .notADomainController(endpoint: controller.endpoint.uri, missing: "a readable defaultNamingContext")
        }
        var roots: [EntrySnapshot] = []
        for base in scopesByBase.map(\.base) {
            guard base.isEqualOrDescendant(of: context) else {
                throw .baseOutside(base, namingContext: controller.namingContext)
            }
            let request = reading.search(at: base.description, showDeleted: false)
            guard let entry = try await connection.only(request) else {
                throw .baseMissing(base, endpoint: controller.endpoint.uri)
            }
            roots.append(try reading.snapshot(of: entry, invocationID: controller.invocationID))
        }
        return roots
    }

    /// The bases must be what they were: else nobody can tell what is not there any more from what stands elsewhere now.
    func checkRoots(_ known: [EntrySnapshot]) async throws(ActiveDirectoryError) {
        for (before, now) in zip(known, try await readRoots()) where before.anchor != now.anchor {
            throw .baseMissing(before.name, endpoint: controller.endpoint.uri)
        }
    }

    /// No feed tells that a base, or what it stands in, has another name now.
    private func watchRoots(_ known: [EntrySnapshot]) async throws {
        while true {
            try await Task.sleep(for: Self.heartbeat)
            try await checkRoots(known)
        }
    }

    private static let heartbeat = Duration.seconds(10)

    /// Each base once, with the filters of all scopes there.
    var scopesByBase: [(base: DistinguishedName, filters: [Filter])] {
        var bases: [(base: DistinguishedName, filters: [Filter])] = []
        for scope in view.scopes {
            let key = scope.base.normalized
            if let index = bases.firstIndex(where: { $0.base.normalized == key }) {
                if !bases[index].filters.contains(scope.filter) { bases[index].filters.append(scope.filter) }
            } else {
                bases.append((scope.base, [scope.filter]))
            }
        }
        return bases
    }

    /// The well-known name holds in every language and after a rename ([MS-ADTS] 6.1.1.4).
    var deletedObjects: String {
        "<WKGUID=18e2ea80684f11d2b9aa00c04f79f805,\(controller.namingContext)>"
    }

    private func remarks() async throws(ActiveDirectoryError) -> [String] {
        let request = SearchRequest(base: deletedObjects, scope: .base, attributes: ["1.1"], controls: [.showDeleted])
        if try await connection.only(request) != nil { return [] }
        return ["the account may not read the container of deleted objects: deletes at this side will not be noticed"]
    }

    /// What a range search that finds nothing takes beyond the way to the server and back: the best of several each, since any may have
    /// waited for something else. Where that looks dear it is asked again for a while: on a busy machine everything looks dear at first, and
    /// being wrong lasts as long as the connection.
    private func rangeCost() async throws(ActiveDirectoryError) -> Duration {
        let request = deltaRequest(filter: "(uSNChanged>=\(UInt64(Int64.max)))")
        let begin = ContinuousClock.now
        var way = try await took(DomainController.usnRequest)
        var range = try await took(request)
        for turn in 1..<Self.mostProbes {
            let isLongEnough = turn >= Self.fewestProbes && ContinuousClock.now - begin > Self.longestProbing
            if isLongEnough || turn >= Self.fewestProbes && DeltaQuery.isCheap(range - way) { break }
            way = min(way, try await took(DomainController.usnRequest))
            range = min(range, try await took(request))
        }
        return max(.zero, range - way)
    }

    private static let fewestProbes = 3
    private static let mostProbes = 100
    private static let longestProbing = Duration.seconds(2)

    private func took(_ request: SearchRequest) async throws(ActiveDirectoryError) -> Duration {
        let begin = ContinuousClock.now
        do throws(LDAPError) { _ = try await connection.search(request) } catch { throw .ldap(error) }
        return ContinuousClock.now - begin
    }

    /// All of the naming context, since what left the scope must be told, too.
    func deltaRequest(filter: String, sizeLimit: Int = 0) -> SearchRequest {
        SearchRequest(
            base: controller.namingContext,
            scope: .subtree,
            filter: filter,
            attributes: reading.attributes,
            sizeLimit: sizeLimit,
            controls: [.showDeleted]
        )
    }

    /// Wakes at each change until the connection fails; `isOurs`: by what may all be our own doing. A server that refuses is left to the pulse.
    private func watchNotifications(_ wake: @Sendable (_ isOurs: Bool) -> Void) async throws {
        let notifier: LDAPConnection
        do throws(ActiveDirectoryError) {
            notifier = try await settings.open(controller.endpoint)
        } catch {
            return tellPulseOnly("no second connection: \(error)")
        }
        defer { notifier.close() }
        let request = SearchRequest(
            base: controller.namingContext,
            scope: .subtree,
            attributes: ["objectGUID", "uSNChanged"],
            controls: [.notification, .showDeleted]
        )
        let stream = notifier.stream(request)
        board.update {
            $0.way = "\(wayOfReading)-notification"
            $0.wayReason = "the server takes searches with change notifications; highestCommittedUSN is the pulse below"
        }
        do throws(LDAPError) {
            // Of what changed before the server had taken the search no notification comes. It answers in order.
            _ = try await notifier.search(DomainController.usnRequest)
            wake(false)
            while case let batch = try await stream.nextBatch(), !batch.isEmpty { wake(batch.allSatisfy(mayBeOurs)) }
            tellPulseOnly("the server ended the notifications")
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else {
                throw ActiveDirectoryError.ldap(error)
            }
            tellPulseOnly("no change notifications: \(error)")
        }
    }

    private var wayOfReading: String { settings.feeding == .dirsync ? "dirsync" : "usn" }

    private func tellPulseOnly(_ reason: String) {
        logger.warning("changes are noticed by the pulse alone", metadata: ["reason": "\(reason)"])
        board.update {
            $0.way = "\(wayOfReading)-pulse"
            $0.wayReason = reason
        }
    }
}
