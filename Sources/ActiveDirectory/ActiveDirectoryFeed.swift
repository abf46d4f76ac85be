internal import LDAPClient
package import Logging
package import SyncModel

/// The stream of changes from the domain controllers, by uSNChanged ([MS-ADTS] 3.1.1.1.9).
///
/// A change notification or a risen highestCommittedUSN wakes it; what changed is then asked for by USN. Both ways of
/// waking lose nothing: the USN is the truth, and the server's own. As configured, DirSync tells instead which entries
/// changed, once they have been loaded. Who came to a group and who went is told by DirSync where the server permits
/// it, so that one member of a hundred thousand is one value.
package struct ActiveDirectoryFeed: DirectoryFeed {
    let settings: ActiveDirectorySettings
    let view: DirectoryView
    let logger: Logger
    private let board: FeedStatusBoard
    let choice: ServerChoice
    let ownWrites: OwnWrites

    /// `choice` is told each server that the feed is connected to; `ownWrites` is the writer's. `status` is called on any thread whenever something
    /// in it changed. Throws where the settings can't work.
    package init(
        settings: ActiveDirectorySettings,
        view: DirectoryView,
        logger: Logger,
        choice: ServerChoice = ServerChoice(),
        ownWrites: OwnWrites = OwnWrites(),
        status: @escaping @Sendable (ActiveDirectoryFeedStatus) -> Void = { _ in }
    ) throws(ActiveDirectoryError) {
        try settings.validate()
        self.settings = settings
        self.view = view
        self.logger = logger
        self.choice = choice
        self.ownWrites = ownWrites
        board = FeedStatusBoard(report: status)
    }

    package func run(
        from cursor: Cursor?,
        _ demand: ReadingDemand,
        deliver: @escaping @Sendable (FeedEvent) async throws -> Void
    ) async throws {
        let progress = FeedProgress(cursor: cursor, demand)
        let delivery = FeedDelivery(deliver: deliver, progress: progress)
        var backoff = Backoff()
        var complaint = Complaint()
        while !Task.isCancelled {
            board.update { $0.phase = .connecting }
            let failure = await attempt(progress, delivery)
            if Task.isCancelled { break }
            if let failure = failure as? DeliveryFailure { throw failure.cause }
            if delivery.hasConnected { backoff.reset() }
            try await delivery.disconnect()
            let needsAPerson = (failure as? ActiveDirectoryError)?.needsAPerson ?? false
            let pause = needsAPerson ? RefusalPause.length : backoff.next(random: Double.random(in: 0..<1))
            let isNews = complaint.isWorthTelling("\(failure)", at: .now)
            logger.log(
                level: isNews ? .warning : .debug,
                "the feed is interrupted",
                metadata: ["reason": "\(failure)", "retryIn": "\(pause)"]
            )
            board.update {
                $0.phase = .waiting(pause)
                $0.server = nil
                $0.error = "\(failure)"
            }
            try? await Task.sleep(for: pause)
        }
    }

    /// Connects and feeds until something fails, and says what.
    private func attempt(_ progress: FeedProgress, _ delivery: FeedDelivery) async -> any Error {
        do {
            let server = try await settings.connect()
            defer { server.connection.close() }
            choice.choose(server.controller.endpoint)
            let session = FeedSession(
                server: server,
                settings: settings,
                view: view,
                ownWrites: ownWrites,
                progress: progress,
                delivery: delivery,
                board: board,
                logger: logger
            )
            try await session.run()
            return CancellationError()
        } catch {
            return error
        }
    }
}
