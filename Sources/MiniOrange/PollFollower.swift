internal import Glibc
internal import LDAPClient
internal import SyncModel

/// Asks again and again what changed since, and now and then what is still there: for servers that tell nothing by themselves.
struct PollFollower: Sendable {
    /// Changes become visible a little out of the order of their stamps.
    static let overlapSeconds: Int64 = 2
    /// Allowed between this machine's clock and the server's, in seconds.
    static let clockSkewSeconds: Int64 = 3600
    static let pollsPerScan = 10

    let session: FeedSession
    let connection: LDAPConnection

    /// Where a complete read begins: before everything that changes during it.
    static func startingTime() -> GeneralizedTime {
        GeneralizedTime(seconds: Int64(time(nil)) - clockSkewSeconds)
    }

    func run(from progress: FeedPosition.Progress) async throws {
        guard case .time(var newest) = progress else { throw MiniOrangeError.feedEnded }
        let clock = ContinuousClock()
        var recent: [Anchor: Seen] = [:]
        var polls = 0
        var nextScan = clock.now
        while true {
            let floor = GeneralizedTime(seconds: newest.seconds - Self.overlapSeconds)
            recent = recent.filter { $0.value.stamp >= floor }
            var changes: [Change] = []
            for (snapshot, stamp) in try await unseen(since: floor, recent, newest) {
                newest = max(newest, stamp)
                let seen = recent[snapshot.anchor]
                let isSame = seen?.stamp == stamp
                recent[snapshot.anchor] = Seen(
                    stamp: stamp,
                    first: isSame ? seen?.first ?? clock.now : clock.now,
                    last: clock.now,
                    snapshot: snapshot
                )
                if seen?.snapshot != snapshot { changes.append(.present(snapshot)) }
            }
            let cursor = session.cursor(.polling, .time(newest))
            if !changes.isEmpty { try await session.delivery(.changes(changes, cursor: cursor)) }
            if polls % Self.pollsPerScan == 0, clock.now >= nextScan {
                let began = clock.now
                try await tellPresent(cursor)
                // At most a twentieth of the time goes into these scans.
                nextScan = clock.now + (clock.now - began) * 20
            }
            if polls == 0 { session.report(.live) }
            polls += 1
            try await Task.sleep(for: session.settings.pollInterval)
        }
    }

    /// An entry as it was told lately.
    private struct Seen {
        var stamp: GeneralizedTime
        /// When it was read with this stamp for the first and for the last time.
        var first: ContinuousClock.Instant
        var last: ContinuousClock.Instant
        var snapshot: EntrySnapshot

        /// Whether there is nothing to be read under the same stamp and version. One without version may change again while its stamp is young.
        func isCurrent(_ stamp: GeneralizedTime, _ version: Version) -> Bool {
            guard self.stamp == stamp && snapshot.version == version else { return false }
            return version != .unordered || last - first > .seconds(PollFollower.overlapSeconds)
        }
    }

    /// The latest entries, whole, where one of them was not seen as it is: as long as nothing changes none of the latest is read again and again.
    private func unseen(
        since floor: GeneralizedTime,
        _ recent: [Anchor: Seen],
        _ newest: GeneralizedTime
    ) async throws -> [(EntrySnapshot, GeneralizedTime)] {
        let marks = try await entries(since: floor, ["entryuuid", "entrycsn"])
        let isNew = try marks.contains { entry in
            let snapshot = try session.shape.snapshot(entry)
            let stamp = Self.stamp(entry, snapshot) ?? newest
            return recent[snapshot.anchor]?.isCurrent(stamp, snapshot.version) != true
        }
        guard isNew else { return [] }
        let shape = session.wholeShape
        return try await entries(since: floor, shape.requested).map { entry in
            let snapshot = try shape.snapshot(entry)
            return (snapshot, Self.stamp(entry, snapshot) ?? newest)
        }
    }

    private func entries(since floor: GeneralizedTime, _ attributes: [String]) async throws -> [LDAPEntry] {
        let time = floor.textInSeconds
        let filter = "(|(entryCSN>=\(time.dropLast()).000000Z#000000#000#000000)(modifyTimestamp>=\(time)))"
        let request = SearchRequest(
            base: session.server.searchBase.description,
            scope: .subtree,
            filter: filter,
            attributes: attributes + ["modifyTimestamp"],
            pageSize: 1000
        )
        do {
            return try await connection.search(request).entries
        } catch {
            guard DirectoryScan.isLimit(error.code) else { throw error }
            throw MiniOrangeError.limited(session.server.searchBase, error)
        }
    }

    private static func stamp(_ entry: LDAPEntry, _ snapshot: EntrySnapshot) -> GeneralizedTime? {
        if case .csn(let number) = snapshot.version { return number.time }
        return entry.first("modifyTimestamp").flatMap(GeneralizedTime.init(parsing:))
    }

    private func tellPresent(_ cursor: Cursor) async throws {
        var present: [Anchor] = []
        let scan = DirectoryScan(connection: connection, scopes: session.view.scopes, attributes: ["entryUUID"])
        try await scan.run { entries in
            for entry in entries {
                guard let anchor = entry.first("entryUUID").flatMap(Anchor.init(entryUUID:)) else {
                    throw MiniOrangeError.entryUnreadable(dn: entry.dn, lacks: "entryUUID")
                }
                present.append(anchor)
            }
        }
        try await session.server.checkRoots(session.shape)
        try await session.delivery(.complete(present: present.sortedUnique(), cursor: cursor))
    }
}
