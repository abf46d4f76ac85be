internal import LDAPClient
internal import SyncModel

/// The load: every entry once, in windows of uSNChanged, so that a kill costs one window.
extension FeedSession {
    /// Reads what lies after `position` up to `end`, which is then the position. The load is told as complete.
    func load(_ breadth: LoadBreadth, after position: UInt64, end: UInt64) async throws -> UInt64 {
        let searches = loadSearches(breadth)
        // Versions of before a restore may be higher than the server's, and must not win.
        let versions = breadth == .everythingRestored ? nil : controller.invocationID
        var told = 0
        board.update { $0.phase = .loading(entries: 0) }
        for search in searches {
            try await readPages(base: search.base, filter: containerFilter, showDeleted: false, versions, &told)
        }
        var window = LoadWindow(overhead: try await windowCost(searches, between: position, and: end))
        var reached = position
        while reached < end {
            try Task.checkCancellation()
            let begin = ContinuousClock.now
            let last = window.last(from: reached + 1, end: end)
            for search in searches {
                let filter = "(&(uSNChanged>=\(reached + 1))(uSNChanged<=\(last))\(search.filter))"
                try await readPages(
                    base: search.base,
                    filter: filter,
                    showDeleted: breadth.isEverything,
                    versions,
                    &told
                )
            }
            reached = last
            window.adapt(took: ContinuousClock.now - begin)
            if reached < end { try await tellWindow(breadth, reached: reached, end: end) }
        }
        if !breadth.isEverything { try await readTombstones() }
        let cursor = FeedCursor(invocationID: controller.invocationID, position: end, state: .live)
        try await delivery.now(.complete(present: nil, cursor: cursor.cursor))
        board.update {
            $0.position = end
            $0.reloadReason = nil
        }
        return end
    }

    private var containerFilter: String { DirectoryView.containerFilter.description }

    private func loadSearches(_ breadth: LoadBreadth) -> [(base: String, filter: String)] {
        if breadth.isEverything { return [(controller.namingContext, "(objectClass=*)")] }
        return scopesByBase.map { scope in
            let filter = scope.filters.count == 1 ? scope.filters[0] : Filter.or(scope.filters)
            return (scope.base.description, filter.description)
        }
    }

    private func tellWindow(_ breadth: LoadBreadth, reached: UInt64, end: UInt64) async throws {
        let state = FeedCursor.State.loading(breadth, end: end)
        let cursor = FeedCursor(invocationID: controller.invocationID, position: reached, state: state).cursor
        try await delivery.behind { .changes([], cursor: cursor) }
        board.update { $0.position = reached }
    }

    /// Delivers one page while the server reads the next.
    private func readPages(
        base: String,
        filter: String,
        showDeleted: Bool,
        _ versions: Anchor?,
        _ told: inout Int
    ) async throws {
        let request = SearchRequest(
            base: base,
            scope: .subtree,
            filter: filter,
            attributes: reading.attributes,
            pageSize: 1000,
            controls: showDeleted ? [.showDeleted] : []
        )
        do {
            for try await page in connection.searchPages(request) {
                var entries = page
                for index in entries.indices where !EntryReading.isComplete(entries[index]) {
                    entries[index] = try await reading.complete(entries[index], over: connection)
                }
                let complete = entries
                try await delivery.behind {
                    let changes = complete.compactMap { change(ofComplete: $0, invocationID: versions) }
                    return changes.isEmpty ? nil : .changes(changes, cursor: nil)
                }
                told += page.count
                let count = told
                board.update { $0.phase = .loading(entries: count) }
            }
        } catch let error as LDAPError {
            throw ActiveDirectoryError.ldap(error)
        }
    }

    /// The cache may hold entries although its cursor is gone: those deleted meanwhile are told by their tombstones.
    private func readTombstones() async throws {
        let request = SearchRequest(
            base: deletedObjects,
            scope: .oneLevel,
            filter: "(isDeleted=TRUE)",
            attributes: ["objectGUID", "isDeleted"],
            pageSize: 1000,
            controls: [.showDeleted]
        )
        do {
            for try await page in connection.searchPages(request) {
                let anchors = page.filter(EntryReading.isTombstone).compactMap(EntryReading.anchor)
                try await delivery.behind { anchors.isEmpty ? nil : .changes(anchors.map(Change.deleted), cursor: nil) }
            }
        } catch let error as LDAPError {
            // An account that may not look there is told so by the status.
            guard error.serverResult?.code == .noSuchObject else { throw ActiveDirectoryError.ldap(error) }
        }
    }

    /// What a window of a single USN takes: the price of asking.
    private func windowCost(
        _ searches: [(base: String, filter: String)],
        between position: UInt64,
        and end: UInt64
    ) async throws -> Duration {
        guard position < end else { return .zero }
        let middle = position + (end - position) / 2
        let begin = ContinuousClock.now
        for search in searches {
            let filter = "(&(uSNChanged>=\(middle))(uSNChanged<=\(middle))\(search.filter))"
            let request = SearchRequest(base: search.base, scope: .subtree, filter: filter, attributes: ["1.1"])
            do throws(LDAPError) {
                _ = try await connection.search(request)
            } catch {
                throw ActiveDirectoryError.ldap(error)
            }
        }
        return ContinuousClock.now - begin
    }
}
