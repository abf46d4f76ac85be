internal import LDAPClient
internal import SyncModel

/// Follows the tree by content synchronisation (RFC 4533): each message is a whole entry, or the entryUUID of one that was deleted.
struct SyncFollower: Sendable {
    let session: FeedSession
    let connection: LDAPConnection

    func run(from progress: FeedPosition.Progress) async throws {
        guard case .cookie(let start) = progress else { throw MiniOrangeError.feedEnded }
        // All of the tree: an entry that leaves a filter or a base would come as deleted.
        let request = SearchRequest(
            base: session.server.searchBase.description,
            scope: .subtree,
            attributes: session.wholeShape.requested,
            controls: [SyncRequest(mode: .refreshAndPersist, cookie: start?.octets).control]
        )
        let stream = connection.stream(request)
        var state = SyncProgress(cookie: start)
        do {
            while case let events = try await stream.nextBatch(), !events.isEmpty {
                var changes: [Change] = []
                var isCookieNew = false
                for event in events {
                    let before = state.cookie
                    if let change = try state.take(event, session.wholeShape) { changes.append(change) }
                    changes += state.takeDeletes()
                    if state.cookie != before { isCookieNew = true }
                    if state.endsRefresh(event) {
                        try await finishRefresh(&state, changes)
                        changes = []
                        isCookieNew = false
                    }
                }
                // During the refresh the cookie is that of its end.
                let cursor = isCookieNew && !state.isRefreshing ? session.cursor(.syncrepl, .cookie(state.cookie)) : nil
                if !changes.isEmpty || cursor != nil { try await session.delivery(.changes(changes, cursor: cursor)) }
            }
        } catch let error as LDAPError {
            throw PositionRefused(error) ?? error
        }
    }

    private func finishRefresh(_ state: inout SyncProgress, _ changes: [Change]) async throws {
        let cursor = session.cursor(.syncrepl, .cookie(state.cookie))
        if let present = state.takePresent() {
            if !changes.isEmpty { try await session.delivery(.changes(changes, cursor: nil)) }
            try await session.server.checkRoots(session.shape)
            try await session.delivery(.complete(present: present, cursor: cursor))
        } else {
            try await session.delivery(.changes(changes, cursor: cursor))
        }
        session.report(.live)
    }
}

/// What the messages of one content synchronisation add up to.
struct SyncProgress: Sendable {
    private(set) var cookie: SyncCookie?
    private(set) var isRefreshing = true
    private let hadCookie: Bool
    private var named: [Anchor] = []
    private var isPresentPhase = false

    init(cookie: SyncCookie?) {
        self.cookie = cookie
        hadCookie = cookie != nil
    }

    mutating func take(_ event: SearchEvent, _ shape: EntryShape) throws -> Change? {
        switch event {
        case .entry(let entry, let controls):
            guard let state = try SyncState(in: controls), let anchor = Anchor(octets: state.entryUUID.bytes) else {
                throw MiniOrangeError.entryUnreadable(dn: entry.dn, lacks: "sync state")
            }
            advance(state.cookie)
            switch state.state {
            case .delete: return .deleted(anchor)
            case .present:
                named.append(anchor)
                return nil
            case .add, .modify:
                if isRefreshing { named.append(anchor) }
                return .present(try shape.snapshot(entry))
            }
        case .intermediate(let oid, let value, _):
            switch try SyncInfo(oid: oid, value: value) {
            case .newCookie(let cookie)?: advance(cookie)
            case .refreshDelete(let cookie, _)?: advance(cookie)
            case .refreshPresent(let cookie, _)?:
                isPresentPhase = true
                advance(cookie)
            case .idSet(let cookie, let refreshDeletes, let entryUUIDs)?:
                advance(cookie)
                let anchors = entryUUIDs.compactMap { Anchor(octets: $0.bytes) }
                if refreshDeletes { pendingDeletes += anchors } else { named += anchors }
            case nil: break
            }
            return nil
        case .reference: return nil
        case .done: throw MiniOrangeError.feedEnded
        }
    }

    private(set) var pendingDeletes: [Anchor] = []

    /// The deletes that came as a set since the last time.
    mutating func takeDeletes() -> [Change] {
        defer { pendingDeletes = [] }
        return pendingDeletes.map { .deleted($0) }
    }

    /// Whether this message, which was just taken, was the last of the refresh.
    mutating func endsRefresh(_ event: SearchEvent) -> Bool {
        guard isRefreshing, case .intermediate(let oid, let value, _) = event else { return false }
        switch try? SyncInfo(oid: oid, value: value) {
        case .refreshDelete(_, true)?, .refreshPresent(_, true)?:
            isRefreshing = false
            return true
        default: return false
        }
    }

    /// All that exists, sorted, where the refresh named it all.
    mutating func takePresent() -> [Anchor]? {
        defer { named = [] }
        return isPresentPhase || !hadCookie ? named.sortedUnique() : nil
    }

    private mutating func advance(_ octets: Octets?) {
        guard let octets, let newer = SyncCookie(parsing: octets) else { return }
        cookie = cookie?.merged(with: newer) ?? newer
    }
}
