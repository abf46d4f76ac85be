internal import LDAPClient
package import SyncModel
internal import Synchronization

/// A complete read beside the feed, over a connection of its own.
extension MiniOrangeFeed: DirectoryScanner {
    package func scan(
        _ take: @escaping @Sendable ([EntrySnapshot]) async throws -> Void
    ) async throws -> [Anchor] {
        let server = try await connectToAny()
        defer { server.connection.close() }
        let shape = EntryShape(view: view, tellsMembers: true)
        let anchors = Mutex<[Anchor]>([])
        let scan = DirectoryScan(connection: server.connection, scopes: view.scopesByBase, attributes: shape.requested)
        // In pages: the server may forget each before the next is asked for, however long that takes.
        do {
            try await scan.run(inPages: true) { page in
                let snapshots = try page.map { try shape.snapshot($0) }
                anchors.withLock { $0 += snapshots.map(\.anchor) }
                var rest = snapshots[...]
                while !rest.isEmpty {
                    try await take(Array(rest.prefix(Self.scanBatch)))
                    rest = rest.dropFirst(Self.scanBatch)
                }
            }
        } catch let error as LDAPError where DirectoryScan.isLimit(error.code) {
            throw MiniOrangeError.limited(server.searchBase, error)
        }
        // Rights or a base that went meanwhile would look like absence.
        try await server.checkRoots(shape)
        return anchors.withLock(\.self).sortedUnique()
    }

    /// Each batch keeps the engine for a moment.
    private static let scanBatch = 250

    private func connectToAny() async throws -> DirectoryServer {
        var last: any Error = MiniOrangeError.feedEnded
        for endpoint in settings.endpoints {
            try Task.checkCancellation()
            do {
                return try await DirectoryServer.connect(endpoint, settings, view, EntryShape(view: view))
            } catch {
                last = error
            }
        }
        throw last
    }
}

extension DirectoryView {
    /// Each base once, with the filters of all scopes there.
    fileprivate var scopesByBase: [Scope] {
        bases.map { base in
            let filters = scopes.filter { $0.base.normalized == base.normalized }.map(\.filter)
            return Scope(base: base, filter: filters.count == 1 ? filters[0] : .or(filters))
        }
    }
}
