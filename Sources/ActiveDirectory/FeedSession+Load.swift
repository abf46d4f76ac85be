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
            let request = loadRequest(base: search.base, filter: DirectoryView.containerFilter.description, breadth)
            told += try await readPages(request, versions)
        }
        var window = LoadWindow(overhead: try await windowCost(searches, between: position, and: end))
        var reached = position
        while reached < end {
            try Task.checkCancellation()
            let last = window.last(from: reached + 1, end: end)
            var found: [LDAPEntry] = []
            var inPages = 0
            for search in searches {
                let filter = "(&(uSNChanged>=\(reached + 1))(uSNChanged<=\(last))\(search.filter))"
                let request = loadRequest(base: search.base, filter: filter, breadth)
                if let entries = window.isPaged ? nil : try await readAtOnce(request, limit: window.entryLimit) {
                    found += entries
                } else {
                    inPages += try await readPages(request, versions)
                }
            }
            reached = last
            let state = reached < end ? FeedCursor.State.loading(breadth, end: end) : nil
            try await tellWindow(found, versions, reached: reached, state)
            window.adapt(entries: found.count + inPages, wasRefused: inPages > 0 && !window.isPaged)
            told += found.count + inPages
            let (count, position) = (told, reached)
            board.update {
                $0.phase = .loading(entries: count)
                $0.position = position
            }
        }
        if !breadth.isEverything { try await readTombstones() }
        // What came since is yet to be told.
        let (highest, shown) = try await highestUSN()
        let cursor = FeedCursor(invocationID: controller.invocationID, position: end, state: .live)
            .cursor(knownUntil: highest == end ? shown : nil)
        // Of the whole naming context, and of one that was read in one go. The first load has nothing to compare it with.
        let present = breadth.isEverything && position == 0 ? seen.sorted : nil
        try await delivery.now(.complete(present: present, cursor: cursor))
        board.update {
            $0.position = end
            $0.reloadReason = nil
        }
        return end
    }

    private func loadSearches(_ breadth: LoadBreadth) -> [(base: String, filter: String)] {
        if breadth.isEverything { return [(controller.namingContext, "(objectClass=*)")] }
        return scopesByBase.map { scope in
            let filter = scope.filters.count == 1 ? scope.filters[0] : Filter.or(scope.filters)
            return (scope.base.description, filter.description)
        }
    }

    private func loadRequest(base: String, filter: String, _ breadth: LoadBreadth) -> SearchRequest {
        SearchRequest(
            base: base,
            scope: .subtree,
            filter: filter,
            attributes: reading.attributes,
            controls: breadth.isEverything ? [.showDeleted] : []
        )
    }

    /// With the cursor behind the last of them. The server reads the next window meanwhile.
    private func tellWindow(
        _ entries: [LDAPEntry],
        _ versions: Anchor?,
        reached: UInt64,
        _ state: FeedCursor.State?
    ) async throws {
        let cursor = state.map {
            FeedCursor(invocationID: controller.invocationID, position: reached, state: $0).cursor
        }
        var rest = entries[...]
        while rest.count > Self.batch {
            let batch = rest.prefix(Self.batch)
            rest = rest.dropFirst(Self.batch)
            try await tell(Array(batch), versions, cursor: nil)
        }
        try await tell(Array(rest), versions, cursor: cursor)
    }

    private static let batch = 1000

    func tell(_ entries: [LDAPEntry], _ versions: Anchor?, cursor: Cursor?) async throws {
        var complete = entries
        for index in complete.indices where !EntryReading.isComplete(complete[index]) {
            do throws(LDAPError) {
                complete[index] = try await reading.complete(complete[index], over: connection)
            } catch {
                throw ActiveDirectoryError.ldap(error)
            }
        }
        seen.note(complete)
        guard !reading.tellsMembers else {
            return try await tellWithMembers(complete, versions, cursor: cursor)
        }
        try await delivery.behind { [complete] in
            let changes = complete.compactMap { change(ofComplete: $0, invocationID: versions) }
            return changes.isEmpty && cursor == nil ? nil : .changes(changes, cursor: cursor)
        }
    }

    private func tellWithMembers(_ entries: [LDAPEntry], _ versions: Anchor?, cursor: Cursor?) async throws {
        let groups = entries.filter(isGroupToTell)
        let others = entries.filter { !isGroupToTell($0) }
        let changes = try await self.changes(
            ofGroups: groups,
            invocationID: versions,
            behind: others.compactMap { change(ofComplete: $0, invocationID: versions) }
        )
        try await delivery.behind { changes.isEmpty && cursor == nil ? nil : .changes(changes, cursor: cursor) }
    }

    /// Nil where there are too many for one answer.
    private func readAtOnce(_ request: SearchRequest, limit: Int) async throws(ActiveDirectoryError) -> [LDAPEntry]? {
        var request = request
        request.sizeLimit = limit
        do throws(LDAPError) {
            return try await connection.search(request).entries
        } catch {
            guard error.serverResult?.code == .sizeLimitExceeded else { throw .ldap(error) }
            return nil
        }
    }

    /// Delivers one page while the server reads the next. How many entries there were.
    private func readPages(_ request: SearchRequest, _ versions: Anchor?) async throws -> Int {
        var request = request
        request.pageSize = Self.batch
        var count = 0
        do {
            for try await page in connection.searchPages(request) {
                try await tell(page, versions, cursor: nil)
                count += page.count
            }
        } catch let error as LDAPError {
            throw ActiveDirectoryError.ldap(error)
        }
        return count
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
                let changes = anchors.map { Change.deleted($0) }
                try await delivery.behind { changes.isEmpty ? nil : .changes(changes, cursor: nil) }
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
