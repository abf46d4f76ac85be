internal import LDAPClient
internal import Logging
internal import SyncModel

/// Reads and delivers what changed since a USN, and of groups, where they are configured, the members.
///
/// Memberships are asked for before the entries and delivered behind them, so that no group is unknown of which members
/// are told.
struct ChangeFollower {
    /// A position this far ahead of the delivered cursor is worth an event of its own.
    static let longestSilence: UInt64 = 1000
    private static let pageSize = 1000
    let session: FeedSession
    private(set) var position: UInt64
    private var deliveredPosition: UInt64
    private let rangeCost: Duration
    private var members: MemberFeeding
    private var pace = MemberPace()

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
        try await catchUpOnce(wake)
        while members.position != nil, let pause = pace.wait(.now) {
            try await Task.sleep(for: pause)
            try await catchUpOnce(.pulse)
        }
    }

    private mutating func catchUpOnce(_ wake: FeedSession.Wake) async throws {
        let begin = ContinuousClock.now
        // A notification says that there is something: where a range is cheap both questions go in one round trip.
        if wake == .notification && DeltaQuery.isCheap(rangeCost) {
            let isSecond = pace.isInStream(.now)
            if try await ask(.range(first: position + 1), since: begin, entriesFirst: isSecond), !owesMembers { return }
        }
        while true {
            let (highest, shown) = try await session.highestUSN()
            var query = DeltaQuery.choose(after: position, upTo: highest, rangeCost: rangeCost)
            let isSecond = query != .nothing && pace.isInStream(.now)
            if query == .nothing && owesMembers { query = .range(first: position + 1) }
            switch query {
            case .nothing: return
            case .serverWentBack: throw ServerWentBack(from: position, to: highest)
            case .part:
                if try await !ask(query, since: begin) {
                    try await askInPages(query, upTo: highest, shown, since: begin)
                }
            case .range, .each:
                session.board.update { $0.serverPosition = highest }
                let isSmall = highest - position <= DeltaQuery.partLength
                let isAsked = isSmall ? try await ask(query, since: begin, entriesFirst: isSecond) : false
                if !isAsked { try await askInPages(query, upTo: highest, shown, since: begin) }
                if !owesMembers { return }
            }
        }
    }

    /// Whether the answer was small enough to come at once. `entriesFirst`: memberships are asked for, if at all, once it is seen which entries changed.
    private mutating func ask(
        _ query: DeltaQuery,
        since begin: ContinuousClock.Instant,
        entriesFirst: Bool = false
    ) async throws -> Bool {
        let answered = session.ownWrites.answered(after: position, at: session.controller.invocationID)
        guard let filter = query.filter(besides: answered) else { return true }
        let delta = session.deltaRequest(filter: filter, sizeLimit: 2 * Int(DeltaQuery.partLength))
        let memberRequest = !entriesFirst && asksMembers(query) ? self.memberRequest : nil
        let requests = [DomainController.usnRequest, memberRequest, delta].compactMap(\.self)
        let asked = ContinuousClock.now
        let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
        let (highest, shown) = try session.highestUSN(answers[0])
        if highest < position { throw ServerWentBack(from: position, to: highest) }
        guard let found = try entries(in: answers[answers.count - 1]) else { return false }
        var news: News?
        if memberRequest != nil {
            news = try await self.news(answers[1], asOf: highest, since: asked)
            // What changed from the new cookie on is to be told by it: the entries are asked for after it.
            if news == nil { return try await ask(query, since: begin) }
            news?.note(found)
        } else if members.position != nil {
            pace.saw(sighting(found), .now)
            if owesMembers && !query.isPart { return try await ask(.range(first: position + 1), since: begin) }
        }
        let last = min(query.last ?? highest, highest)
        let known = last == highest ? shown : nil
        try await tell(
            found,
            news,
            upTo: last,
            known,
            since: begin,
            isPart: query.isPart,
            leavesOut: !answered.isEmpty
        )
        return true
    }

    private mutating func askInPages(
        _ query: DeltaQuery,
        upTo highest: UInt64,
        _ shown: Timestamp?,
        since begin: ContinuousClock.Instant
    ) async throws {
        guard let filter = query.filter else { return }
        var news: News?
        if let memberRequest, !query.isPart {
            let asked = ContinuousClock.now
            let requests = [DomainController.usnRequest, memberRequest]
            let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
            news = try await self.news(answers[1], asOf: session.highestUSN(answers[0]).usn, since: asked)
        }
        var request = session.deltaRequest(filter: filter)
        request.pageSize = Self.pageSize
        do {
            for try await page in connection.searchPages(request) {
                news?.note(page)
                if query.isPart { pace.saw(sighting(page), .now) }
                let changes = try await session.changes(in: page, tellingMembers: members.isWhole)
                try await session.delivery.behind { .changes(changes, cursor: nil) }
            }
        } catch let error as LDAPError {
            throw ActiveDirectoryError.ldap(error)
        }
        let last = min(query.last ?? highest, highest)
        let known = last == highest ? shown : nil
        try await tell([], news, upTo: last, known, since: begin, isPart: query.isPart, mustDeliver: true)
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
        _ shown: Timestamp?,
        since begin: ContinuousClock.Instant,
        isPart: Bool,
        mustDeliver: Bool = false,
        leavesOut: Bool = false
    ) async throws {
        let reached = max(position, highest)
        var changes = try await session.changes(in: entries, tellingMembers: members.isWhole)
        if let news {
            var asked = members.position ?? DirSyncPosition(cookie: news.answer.cookie)
            let told = try asked.take(news.answer, moved: news.moved)
            changes += try await session.changes(of: told, asOf: news.usn, besides: changes)
            members = .incremental(asked)
            if !news.moved.isEmpty { pace.isOvertaken(.now, by: news.moved) }
        } else if !isPart, case .whole(let next?) = members {
            members = .incremental(next)
        }
        // In between, entries are told further than members.
        let isComplete = members.position == nil || !isPart && pace.isSettled
        // What is left out, since it is known, must not be told by a new process either.
        let isFar = reached - deliveredPosition > (leavesOut ? 0 : Self.longestSilence)
        if !changes.isEmpty || mustDeliver || isComplete && isFar {
            try await session.deliver(changes, cursor: isComplete ? cursor(at: reached, knownUntil: shown) : nil)
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

    private func cursor(at position: UInt64, knownUntil: Timestamp?) -> Cursor {
        let state: FeedCursor.State = members.position.map { .dirSync(cookie: $0.settled) } ?? .live
        return FeedCursor(invocationID: session.controller.invocationID, position: position, state: state)
            .cursor(knownUntil: knownUntil)
    }
}

/// Memberships.
extension ChangeFollower {
    /// What DirSync told: not older than `usn`.
    private struct News {
        var answer: DirSyncQuery.Answer
        var usn: UInt64
        /// Entries that may have changed between `usn` and the answer.
        private(set) var moved: Set<Anchor> = []

        init(answer: DirSyncQuery.Answer, usn: UInt64) {
            self.answer = answer
            self.usn = usn
        }

        /// Takes what was asked for after the answer.
        mutating func note(_ entries: [LDAPEntry]) {
            for entry in entries where EntryReading.usn(of: entry) ?? .max > usn {
                if let anchor = EntryReading.anchor(of: entry) { moved.insert(anchor) }
            }
        }
    }

    /// Whether memberships are to be asked for now, since some are surely there.
    private var owesMembers: Bool { members.position != nil && pace.isOwed(.now) && !pace.isPausing(.now) }

    private func sighting(_ entries: [LDAPEntry]) -> MemberPace.Sighting {
        let groups = entries.filter(session.isGroupToTell)
        if groups.isEmpty { return .noGroup }
        return groups.allSatisfy(session.mayBeOurs) ? .ownGroups : .groups(Set(groups.compactMap(EntryReading.anchor)))
    }

    private func asksMembers(_ query: DeltaQuery) -> Bool {
        guard members.position != nil, case .range = query else { return false }
        let now = ContinuousClock.now
        guard !pace.isPausing(now) else { return false }
        return pace.isOwed(now) || pace.isExpected || DeltaQuery.isCheap(rangeCost) && pace.isDue(now)
    }

    private var memberRequest: SearchRequest? {
        members.position.map { query.memberRequest(after: $0.cookie) }
    }

    /// Nil where the server does not take the cookie any more: then members are told whole, up to a new one.
    private mutating func news(
        _ answer: Result<PipelinedAnswer, LDAPError>,
        asOf usn: UInt64,
        since asked: ContinuousClock.Instant
    ) async throws(ActiveDirectoryError) -> News? {
        do throws(LDAPError) {
            guard case .search(let result) = try answer.get() else { return nil }
            let told = try query.memberAnswer(in: result)
            let now = ContinuousClock.now
            pace.answered(now, after: now - asked, groups: told.members.count, hasMore: told.hasMore)
            return News(answer: told, usn: usn)
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
    /// In the order in which they were made: a new container comes before what was put in it. With `tellingMembers` the
    /// groups come last, with their members, and what is too much for one event is delivered on the way.
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

    /// With the time that the server's clock shows, where it tells.
    func highestUSN() async throws(ActiveDirectoryError) -> (usn: UInt64, shown: Timestamp?) {
        let sent = FeedStatusBoard.now
        let answer = await connection.pipeline([.search(DomainController.usnRequest)])[0]
        let (usn, shown) = try highestUSN(answer)
        if let shown { clock.read(shown, sent: sent, received: FeedStatusBoard.now) }
        return (usn, shown)
    }

    func highestUSN(
        _ answer: Result<PipelinedAnswer, LDAPError>
    ) throws(ActiveDirectoryError) -> (usn: UInt64, shown: Timestamp?) {
        switch answer {
        case .success(.search(let result)):
            guard let usn = DomainController.usn(in: result) else {
                throw .notADomainController(endpoint: connection.endpoint.uri, missing: "highestCommittedUSN")
            }
            return (usn, DomainController.time(in: result.entries.first))
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
