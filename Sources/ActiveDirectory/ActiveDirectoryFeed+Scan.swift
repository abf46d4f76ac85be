internal import LDAPClient
internal import Logging
package import SyncModel

/// A complete read beside the feed, over a connection of its own to the same server: versions of another one say nothing here.
extension ActiveDirectoryFeed: DirectoryScanner {
    package func scan(
        _ take: @escaping @Sendable ([EntrySnapshot]) async throws -> Void
    ) async throws -> [Anchor] {
        let server = try await settings.connect(preferring: choice.current)
        defer { server.connection.close() }
        if let current = choice.current, current != server.controller.endpoint {
            throw ActiveDirectoryError.anotherServer(current.uri, instead: server.controller.endpoint.uri)
        }
        let progress = FeedProgress(cursor: nil)
        let delivery = FeedDelivery(
            deliver: { event in
                guard case .changes(let changes, _) = event else { return }
                let snapshots = changes.compactMap { change -> EntrySnapshot? in
                    if case .present(let snapshot) = change { snapshot } else { nil }
                }
                try await take(snapshots)
            },
            progress: progress
        )
        let session = FeedSession(
            server: server,
            settings: settings,
            view: view,
            ownWrites: ownWrites,
            progress: progress,
            delivery: delivery,
            board: FeedStatusBoard { _ in },
            logger: logger
        )
        do {
            try await session.scan()
        } catch let failure as DeliveryFailure {
            throw failure.cause
        }
        return session.seen.sorted
    }
}

extension FeedSession {
    /// Tells every entry in scope once, and nothing else. Afterwards the bases must be what they were before.
    func scan() async throws {
        let roots = try await readRoots()
        for scope in scopesByBase {
            let filter = Filter.or([DirectoryView.containerFilter] + scope.filters)
            let request = SearchRequest(
                base: scope.base.description,
                scope: .subtree,
                filter: filter.description,
                attributes: reading.attributes,
                pageSize: Self.scanPage
            )
            do {
                for try await page in connection.searchPages(request) {
                    try await tell(page, controller.invocationID, cursor: nil)
                }
            } catch let error as LDAPError {
                throw ActiveDirectoryError.ldap(error)
            }
        }
        try await delivery.settle()
        try await checkRoots(roots)
    }

    /// Each page keeps the engine for a moment.
    private static let scanPage = 250
}
