internal import LDAPClient
internal import Logging
internal import SyncModel

/// Reads and delivers what changed since a USN, and of groups, where they are configured, the members.
///
/// Memberships are asked for before the entries and delivered behind them, so that no group is unknown of which members are told.
struct ChangeFollower {
    /// A position this far ahead of the delivered cursor is worth an event of its own.
    static let longestSilence: UInt64 = 1000
    private static let pageSize = 1000
    /// Asking for memberships costs little where USNs are indexed: from time to time it is done although no group seems to have changed.
    private static let memberPulse = Duration.seconds(1)
    let session: FeedSession
    private(set) var position: UInt64
    private var deliveredPosition: UInt64
    private let rangeCost: Duration
    private var members: MemberFeeding
    private var expectsMembers = false
    private var hasMoreMembers = false
    private var lastMembers: ContinuousClock.Instant?

    init(session: FeedSession, position: UInt64, members: MemberFeeding, rangeCost: Duration) {
        self.session = session
        self.position = position
        self.members = members
        self.rangeCost = rangeCost
        deliveredPosition = position
    }

    private var connection: LDAPConnection { session.connection }
    private var query: DirSyncQuery { DirSyncQuery(session: session) }

    mutating func catchUp(_ wake: FeedSession.Wake) async throws {
        let begin = ContinuousClock.now
        // A notification says that there is something: where a range is cheap both questions go in one round trip.
        if wake == .notification && DeltaQuery.isCheap(rangeCost) {
            if try await ask(.range(first: position + 1), since: begin), !hasMoreMembers { return }
        }
        while true {
            let highest = try await session.highestUSN()
            var query = DeltaQuery.choose(after: position, upTo: highest, rangeCost: rangeCost)
            if query == .nothing && hasMoreMembers { query = .range(first: position + 1) }
            switch query {
            case .nothing: return
            case .serverWentBack: throw ServerWentBack(from: position, to: highest)
            case .part:
                if try await !ask(query, since: begin) { try await askInPages(query, upTo: highest, since: begin) }
            case .range, .each:
                session.board.update { $0.serverPosition = highest }
                let isSmall = highest - position <= DeltaQuery.partLength
                let isAsked = isSmall ? try await ask(query, since: begin) : false
                if !isAsked { try await askInPages(query, upTo: highest, since: begin) }
                if !hasMoreMembers { return }
            }
        }
    }

    /// Whether the answer was small enough to come at once.
    private mutating func ask(_ query: DeltaQuery, since begin: ContinuousClock.Instant) async throws -> Bool {
        guard let filter = query.filter else { return true }
        let delta = session.deltaRequest(filter: filter, sizeLimit: 2 * Int(DeltaQuery.partLength))
        let usn = DomainController.usnRequest
        let memberQuestion = asksMembers(query) ? memberRequests : []
        let requests = [usn] + memberQuestion + [delta]
        let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
        let highest = try session.highestUSN(answers[0])
        if highest < position { throw ServerWentBack(from: position, to: highest) }
        guard let found = try entries(in: answers[answers.count - 1]) else { return false }
        var news: News?
        if !memberQuestion.isEmpty {
            news = try await self.news(answers[1], before: highest, after: answers[2])
            // What changed from the new cookie on is to be told by it: the entries are asked for after it.
            if news == nil { return try await ask(query, since: begin) }
        }
        expectsMembers = found.contains(where: session.isGroupToTell) || news?.answer.members.isEmpty == false
        if expectsMembers, news == nil, members.position != nil, !query.isPart {
            return try await ask(.range(first: position + 1), since: begin)
        }
        try await tell(found, news, upTo: min(query.last ?? highest, highest), since: begin, isPart: query.isPart)
        return true
    }

    private mutating func askInPages(
        _ query: DeltaQuery,
        upTo highest: UInt64,
        since begin: ContinuousClock.Instant
    ) async throws {
        guard let filter = query.filter else { return }
        var news: News?
        if members.position != nil && !query.isPart {
            let requests = [DomainController.usnRequest] + memberRequests
            let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
            news = try await self.news(answers[1], before: session.highestUSN(answers[0]), after: answers[2])
        }
        var request = session.deltaRequest(filter: filter)
        request.pageSize = Self.pageSize
        do {
            for try await page in connection.searchPages(request) {
                let changes = try await session.changes(in: page, tellingMembers: members.isWhole)
                try await session.delivery.behind { .changes(changes, cursor: nil) }
            }
        } catch let error as LDAPError {
            throw ActiveDirectoryError.ldap(error)
        }
        let last = min(query.last ?? highest, highest)
        try await tell([], news, upTo: last, since: begin, isPart: query.isPart, mustDeliver: true)
    }

    private func entries(
        in answer: Result<PipelinedAnswer, LDAPError>
    ) throws(ActiveDirectoryError) -> [LDAPEntry]? {
        switch answer {
        case .success(.search(let result)): return result.entries
        case .success(.response): return nil
        case .failure(let error):
            guard error.serverResult?.code == .sizeLimitExceeded else { throw .ldap(error) }
            return nil
        }
    }

    private mutating func tell(
        _ entries: [LDAPEntry],
        _ news: News?,
        upTo highest: UInt64,
        since begin: ContinuousClock.Instant,
        isPart: Bool,
        mustDeliver: Bool = false
    ) async throws {
        let reached = max(position, highest)
        var changes = try await session.changes(in: entries, tellingMembers: members.isWhole)
        if let news {
            changes += try await session.changes(of: news.answer.members, asOf: news.usn, besides: changes)
            var asked = members.position ?? DirSyncPosition(cookie: news.answer.cookie)
            try asked.move(to: news.answer, isExact: news.isExact)
            members = .incremental(asked)
        } else if !isPart, case .whole(let next?) = members {
            members = .incremental(next)
        }
        hasMoreMembers = news?.answer.hasMore ?? false
        if !changes.isEmpty || mustDeliver || reached - deliveredPosition > Self.longestSilence {
            // In between, entries are told further than members.
            let isComplete = !isPart || members.position == nil
            try await session.deliver(changes, cursor: isComplete ? cursor(at: reached) : nil)
            if isComplete { deliveredPosition = reached }
        }
        position = reached
        let hasChanges = !changes.isEmpty || mustDeliver
        session.board.update {
            $0.position = reached
            $0.serverPosition = max(reached, highest)
            guard hasChanges else { return }
            $0.lastChange = FeedStatusBoard.now
            $0.lastDelay = ContinuousClock.now - begin
        }
    }

    private func cursor(at position: UInt64) -> Cursor {
        let state: FeedCursor.State = members.position.map { .dirSync(cookie: $0.cookie) } ?? .live
        return FeedCursor(invocationID: session.controller.invocationID, position: position, state: state).cursor
    }
}

/// Memberships.
extension ChangeFollower {
    /// What DirSync told: not older than `usn`.
    private struct News {
        var answer: DirSyncQuery.Answer
        var usn: UInt64
        /// Whether it is not newer either.
        var isExact: Bool
    }

    private func asksMembers(_ query: DeltaQuery) -> Bool {
        guard members.position != nil, case .range = query else { return false }
        guard !expectsMembers && !hasMoreMembers else { return true }
        guard DeltaQuery.isCheap(rangeCost) else { return false }
        return lastMembers.map { ContinuousClock.now - $0 > Self.memberPulse } ?? true
    }

    private var memberRequests: [SearchRequest] {
        guard let cookie = members.position?.cookie else { return [] }
        return [query.memberRequest(after: cookie), DomainController.usnRequest]
    }

    /// Nil where the server does not take the cookie any more: then members are told whole, up to a new one.
    private mutating func news(
        _ answer: Result<PipelinedAnswer, LDAPError>,
        before: UInt64,
        after: Result<PipelinedAnswer, LDAPError>
    ) async throws(ActiveDirectoryError) -> News? {
        lastMembers = .now
        let didStandStill = try session.highestUSN(after) == before
        do throws(LDAPError) {
            guard case .search(let result) = try answer.get() else { return nil }
            let told = try query.memberAnswer(in: result)
            return News(answer: told, usn: before, isExact: told.members.isEmpty || didStandStill)
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else { throw .ldap(error) }
            session.logger.warning(
                "the server refuses its DirSync cookie: changed groups are read whole up to a new one",
                metadata: ["reason": "\(error)"]
            )
            members = try await session.firstMemberFeeding()
            return nil
        }
    }
}

/// The server was restored under a live connection: the next session reads everything.
struct ServerWentBack: Error, CustomStringConvertible {
    let from: UInt64
    let to: UInt64

    var description: String { "the server's highestCommittedUSN went back from \(from) to \(to)" }
}

extension FeedSession {
    /// In the order in which they were made: a new container comes before what was put in it. With `tellingMembers` the groups come last, with
    /// their members, and what is too much for one event is delivered on the way.
    func changes(in entries: [LDAPEntry], tellingMembers: Bool = false) async throws -> [Change] {
        let ordered = entries.map { (usn: EntryReading.usn(of: $0) ?? 0, entry: $0) }.sorted { $0.usn < $1.usn }
        var changes: [Change] = []
        changes.reserveCapacity(entries.count)
        var groups: [LDAPEntry] = []
        for (_, entry) in ordered {
            if tellingMembers && isGroupToTell(entry) {
                groups.append(entry)
            } else if let change = try await change(of: entry, invocationID: controller.invocationID) {
                changes.append(change)
            }
        }
        guard !groups.isEmpty else { return changes }
        return try await self.changes(ofGroups: groups, invocationID: controller.invocationID, behind: changes)
    }

    func highestUSN() async throws(ActiveDirectoryError) -> UInt64 {
        try highestUSN(await connection.pipeline([.search(DomainController.usnRequest)])[0])
    }

    func highestUSN(_ answer: Result<PipelinedAnswer, LDAPError>) throws(ActiveDirectoryError) -> UInt64 {
        switch answer {
        case .success(.search(let result)):
            guard let usn = DomainController.usn(in: result) else {
                throw .notADomainController(endpoint: connection.endpoint.uri, missing: "highestCommittedUSN")
            }
            return usn
        case .success(.response):
            throw .notADomainController(endpoint: connection.endpoint.uri, missing: "highestCommittedUSN")
        case .failure(let error): throw .ldap(error)
        }
    }

    /// Nil, with a word in the log, for an entry that the account may see but not read: others must not wait for it.
    func change(of entry: LDAPEntry, invocationID: Anchor?) async throws(ActiveDirectoryError) -> Change? {
        do throws(LDAPError) {
            let complete = try await reading.complete(entry, over: connection)
            return change(ofComplete: complete, invocationID: invocationID)
        } catch {
            throw .ldap(error)
        }
    }

    func change(ofComplete entry: LDAPEntry, members: [LDAPAttribute]? = nil, invocationID: Anchor?) -> Change? {
        do throws(ActiveDirectoryError) {
            return try reading.change(of: entry, members: members, invocationID: invocationID)
        } catch {
            logger.warning("an entry is left out", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}
