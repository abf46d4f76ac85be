internal import LDAPClient
internal import SyncModel

/// Follows the access log by content synchronisation (RFC 4533): each record is one write, with the edits that it made.
struct LogFollower: Sendable {
    let session: FeedSession
    let connection: LDAPConnection
    private let ownName: Octets?

    init(session: FeedSession, connection: LDAPConnection) {
        self.session = session
        self.connection = connection
        ownName = session.settings.credentials?.distinguishedName?.normalized
    }

    func run(from progress: FeedPosition.Progress) async throws {
        guard case .cookie(var cookie) = progress else { throw MiniOrangeError.feedEnded }
        try await checkPurge(cookie)
        let base = session.settings.accesslogBase.description
        let request = SearchRequest(
            base: base,
            scope: .subtree,
            filter: LogRecord.filter,
            attributes: LogRecord.requested,
            controls: [SyncRequest(mode: .refreshAndPersist, cookie: cookie?.octets).control]
        )
        let stream = connection.stream(request)
        var order = LogOrder()
        do {
            while case let events = try await stream.nextBatch(), !events.isEmpty {
                var batch = Batch()
                for event in events { try take(event, &order, &batch) }
                let changes = try await resolved(batch.steps)
                if let newer = batch.cookie { cookie = cookie?.merged(with: newer) ?? newer }
                if !changes.isEmpty || batch.cookie != nil {
                    let cursor = batch.cookie == nil ? nil : session.cursor(.accesslog, .cookie(cookie))
                    try await session.delivery(.changes(changes, cursor: cursor))
                }
                if batch.isRefreshDone { session.report(.live) }
            }
        } catch let error as LDAPError {
            throw PositionRefused(error) ?? error
        }
    }

    private struct Batch {
        enum Step {
            case change(Change)
            /// `isOutOfOrder`: the entry may already have a newer entryCSN and yet hold something else than the cache.
            case read(Anchor, withMembers: Bool, isOutOfOrder: Bool)
        }
        var steps: [Step] = []
        var cookie: SyncCookie?
        var isRefreshDone = false

        mutating func advance(_ octets: Octets?) {
            guard let octets, let newer = SyncCookie(parsing: octets) else { return }
            cookie = cookie?.merged(with: newer) ?? newer
        }
    }

    private func take(_ event: SearchEvent, _ order: inout LogOrder, _ batch: inout Batch) throws {
        switch event {
        case .entry(let entry, let controls):
            let state = try SyncState(in: controls)
            batch.advance(state?.cookie)
            // Records that are purged.
            guard state?.state != .delete else { return }
            let record = LogRecord(entry)
            let isInOrder = order.accept(record.number)
            switch record.meaning(shape: session.shape, scopes: session.view.bases, ownName: ownName) {
            case .nothing: break
            case .read(let anchor, let withMembers):
                batch.steps.append(.read(anchor, withMembers: withMembers, isOutOfOrder: !isInOrder))
            case .change(let change):
                if case .deleted = change {
                    batch.steps.append(.change(change))
                } else if isInOrder {
                    batch.steps.append(.change(change))
                } else {
                    let withMembers = change.tellsMembers(session.shape)
                    batch.steps.append(.read(change.anchor, withMembers: withMembers, isOutOfOrder: true))
                }
            case .unreadable:
                throw MiniOrangeError.wayUnavailable(.accesslog, reason: "a record lacks reqEntryUUID or reqType")
            }
        case .intermediate(let oid, let value, _):
            switch try SyncInfo(oid: oid, value: value) {
            case .newCookie(let cookie)?: batch.advance(cookie)
            case .refreshDelete(let cookie, let isDone)?, .refreshPresent(let cookie, let isDone)?:
                batch.advance(cookie)
                if isDone { batch.isRefreshDone = true }
            case .idSet(let cookie, _, _)?: batch.advance(cookie)
            case nil: break
            }
        case .reference: break
        case .done: throw MiniOrangeError.feedEnded
        }
    }

    /// In the records' order, with one read for each entry that needs it: what it gives is at least as new as every record here.
    private func resolved(_ steps: [Batch.Step]) async throws -> [Change] {
        var reads: [Anchor: (withMembers: Bool, isOutOfOrder: Bool)] = [:]
        for case .read(let anchor, let withMembers, let isOutOfOrder) in steps {
            let known = reads[anchor] ?? (false, false)
            reads[anchor] = (known.withMembers || withMembers, known.isOutOfOrder || isOutOfOrder)
        }
        var entries: [Anchor: EntrySnapshot] = [:]
        for (withMembers, shape) in [(false, session.shape), (true, session.wholeShape)] {
            let anchors = reads.filter { $0.value.withMembers == withMembers }.map(\.key)
            if anchors.isEmpty { continue }
            entries.merge(try await session.server.read(anchors, shape)) { first, _ in first }
        }
        return steps.compactMap { step in
            switch step {
            case .change(let change): return change
            case .read(let anchor, _, _):
                // Not found: it went on to be deleted, and that record is still to come.
                guard var entry = entries[anchor] else { return nil }
                if reads[anchor]?.isOutOfOrder == true { entry.version = .unordered }
                return .present(entry)
            }
        }
    }

    /// slapd keeps the CSN in minCSN up to which it has purged.
    private func checkPurge(_ cookie: SyncCookie?) async throws {
        guard let cookie else { return }
        let request = SearchRequest(
            base: session.settings.accesslogBase.description,
            scope: .base,
            attributes: ["minCSN"]
        )
        let values = try await session.server.connection.search(request).entries.first?["minCSN"] ?? []
        let purged = values.compactMap(ChangeSequenceNumber.init(parsing:))
        let isPast = purged.contains { number in
            cookie.numbers.contains { $0.replica == number.replica && $0 < number }
        }
        if isPast { throw PositionRefused(purgedBefore: MiniOrangeError.feedEnded) }
    }
}

/// Whether records come in the order of their versions. Where several providers write, a late one is merged by the server in ways that its record doesn't tell.
struct LogOrder: Sendable {
    private var newest: ChangeSequenceNumber?

    /// False for a version that is older than one before, or of another replica than the last.
    mutating func accept(_ number: ChangeSequenceNumber?) -> Bool {
        guard let number else { return true }
        guard let newest else {
            self.newest = number
            return true
        }
        let isInOrder = number >= newest && number.replica == newest.replica
        self.newest = max(newest, number)
        return isInOrder
    }
}

extension Change {
    /// Whether members come with this.
    fileprivate func tellsMembers(_ shape: EntryShape) -> Bool {
        switch self {
        case .present(let entry): entry.tellsMembers
        case .edited(_, let edits, _, _, _): edits.contains { shape.holdsMembers($0.name) }
        case .members: true
        case .deleted: false
        }
    }
}
