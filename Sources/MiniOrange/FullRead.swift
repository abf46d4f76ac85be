internal import LDAPClient
internal import SyncModel

/// A complete read of all scopes, after which the changes are followed from where it began.
struct FullRead: Sendable {
    let session: FeedSession
    let way: FeedWay
    let connection: LDAPConnection
    /// Versions mean nothing against those of the cache.
    let isRewound: Bool
    /// Where the server can go on from: it then tells by itself what is gone since, and what the read has missed.
    let known: FeedPosition.Progress?

    /// The position to follow from.
    func run() async throws -> FeedPosition.Progress {
        session.report(.loading(read: 0, expected: nil))
        let start: FeedPosition.Progress = if let known { known } else { try await startingPoint() }
        let isFirst = session.delivery.cursor == nil
        let tellsPresent = !isFirst && known == nil
        if isFirst {
            // From now on a read that is cut short leaves a cache that has to be compared.
            try await session.delivery(.changes([], cursor: session.cursor(way, .loading)))
        }
        var present: [Anchor] = []
        var count = 0
        let shape = session.wholeShape
        let scan = DirectoryScan(connection: connection, scopes: session.view.scopes, attributes: shape.requested)
        try await scan.run { entries in
            var changes: [Change] = []
            changes.reserveCapacity(entries.count)
            for entry in entries {
                var snapshot = try shape.snapshot(entry)
                if isRewound { snapshot.version = .unordered }
                if tellsPresent { present.append(snapshot.anchor) }
                changes.append(.present(snapshot))
            }
            try await session.delivery(.changes(changes, cursor: nil))
            count += entries.count
            session.report(.loading(read: count, expected: nil))
        }
        // Rights or a base that went meanwhile would look like absence.
        try await session.server.checkRoots(session.shape)
        try await session.delivery(
            .complete(present: tellsPresent ? present.sortedUnique() : nil, cursor: session.cursor(way, start))
        )
        return start
    }

    private func startingPoint() async throws -> FeedPosition.Progress {
        let server = session.server
        switch way {
        case .accesslog: return .cookie(try await server.position(of: session.settings.accesslogBase))
        case .syncrepl: return .cookie(try await server.position(of: server.searchBase))
        case .polling: return .time(PollFollower.startingTime())
        }
    }
}

extension [Anchor] {
    func sortedUnique() -> [Anchor] {
        var unique: [Anchor] = []
        unique.reserveCapacity(count)
        for anchor in sorted() where unique.last != anchor { unique.append(anchor) }
        return unique
    }
}
