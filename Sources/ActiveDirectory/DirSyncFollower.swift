internal import LDAPClient
internal import Logging
internal import SyncModel

/// Reads and delivers what changed since a DirSync cookie; by USN where the cookie is new or refused.
///
/// The position, a USN up to which everything is told, says whether there is anything to ask for, and where to go on
/// without the cookie.
struct DirSyncFollower {
    private static let batch = 500
    private let session: FeedSession
    private let query: DirSyncQuery
    private let rangeCost: Duration
    private var position: UInt64
    private var deliveredPosition: UInt64
    private var asked: DirSyncPosition

    init(
        session: FeedSession,
        position: UInt64,
        cookie: Octets,
        rangeCost: Duration
    ) {
        self.session = session
        self.position = position
        asked = DirSyncPosition(cookie: cookie)
        self.rangeCost = rangeCost
        deliveredPosition = position
        query = DirSyncQuery(session: session)
    }

    mutating func catchUp() async throws {
        let begin = ContinuousClock.now
        // Asked for before the changes, so that these reach at least as far.
        let (highest, shown) = try await session.highestUSN()
        // A cookie ahead of the server would bring nothing and no error.
        if highest < position { throw ServerWentBack(from: position, to: highest) }
        if highest == position { return }
        session.board.update { $0.serverPosition = highest }
        try await follow(upTo: highest, shown, since: begin)
    }

    /// Tells by USN what changed up to now, which is at least up to the cookie.
    mutating func bridge() async throws {
        let members = session.reading.tellsMembers ? MemberFeeding.whole(next: nil) : .none
        var follower = ChangeFollower(session: session, position: position, members: members, rangeCost: rangeCost)
        try await follower.catchUp(.pulse)
        position = follower.position
        try await session.delivery.now(.changes([], cursor: cursor(at: position, knownUntil: nil)))
        deliveredPosition = position
    }

    private mutating func follow(
        upTo highest: UInt64,
        _ shown: Timestamp?,
        since begin: ContinuousClock.Instant
    ) async throws {
        var hasChanges = false
        var hasMore = true
        while hasMore {
            guard let answer = try await changes() else { return try await bridge() }
            var moved: Set<Anchor> = []
            var rest = answer.entries[...]
            while rest.count > Self.batch {
                let changes = try await query.read(rest.prefix(Self.batch))
                rest = rest.dropFirst(Self.batch)
                moved.formUnion(changes.filter { $0.isNewer(than: highest) }.map(\.anchor))
                try await session.delivery.behind { .changes(changes, cursor: nil) }
            }
            var changes = try await query.read(rest)
            hasMore = answer.hasMore
            moved.formUnion(changes.filter { $0.isNewer(than: highest) }.map(\.anchor))
            let told = try asked.take(answer, moved: moved)
            changes += try await session.changes(of: told, asOf: highest, besides: changes)
            hasChanges = hasChanges || !answer.entries.isEmpty || !changes.isEmpty
            // Between two answers the cookie alone says how far it is.
            let reached = hasMore ? position : highest
            if hasMore || hasChanges || reached - deliveredPosition > ChangeFollower.longestSilence {
                try await session.deliver(changes, cursor: cursor(at: reached, knownUntil: hasMore ? nil : shown))
                deliveredPosition = reached
            }
            position = reached
        }
        session.board.update {
            $0.position = highest
            guard hasChanges else { return }
            $0.lastChange = FeedStatusBoard.now
            $0.lastDelay = ContinuousClock.now - begin
        }
    }

    /// Nil where the server does not take the cookie any more, and has given another.
    private mutating func changes() async throws(ActiveDirectoryError) -> DirSyncQuery.Answer? {
        do throws(ActiveDirectoryError) {
            return try await query.changes(after: asked.cookie)
        } catch {
            guard let refusal = error.refusal else { throw error }
            asked = DirSyncPosition(cookie: try await query.firstCookie())
            session.logger.warning(
                "the server refuses its DirSync cookie: changes are read by USN up to a new one",
                metadata: ["reason": "\(refusal)"]
            )
            return nil
        }
    }

    private func cursor(at position: UInt64, knownUntil: Timestamp?) -> Cursor {
        let state = FeedCursor.State.dirSync(cookie: asked.settled)
        return FeedCursor(invocationID: session.controller.invocationID, position: position, state: state)
            .cursor(knownUntil: knownUntil)
    }
}

extension Change {
    /// Whether an entry is told that changed after `usn`.
    fileprivate func isNewer(than usn: UInt64) -> Bool {
        guard case .present(let entry) = self, case .usn(let changed, _) = entry.version else { return false }
        return changed > usn
    }
}
