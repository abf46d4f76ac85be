internal import LDAPClient
internal import Logging
internal import SyncModel

/// Reads and delivers what changed since a USN.
struct ChangeFollower {
    /// A position this far ahead of the delivered cursor is worth an event of its own.
    static let longestSilence: UInt64 = 1000
    private static let pageSize = 1000
    let session: FeedSession
    private(set) var position: UInt64
    private var deliveredPosition: UInt64
    private let rangeCost: Duration

    init(session: FeedSession, position: UInt64, rangeCost: Duration) {
        self.session = session
        self.position = position
        deliveredPosition = position
        self.rangeCost = rangeCost
    }

    private var connection: LDAPConnection { session.connection }

    mutating func catchUp(_ wake: FeedSession.Wake) async throws {
        let begin = ContinuousClock.now
        // A notification says that there is something: where a range is cheap both questions go in one round trip.
        if wake == .notification && DeltaQuery.isCheap(rangeCost) {
            let query = DeltaQuery.range(first: position + 1)
            if try await ask(query, since: begin) { return }
        }
        while true {
            let highest = try await session.highestUSN()
            let query = DeltaQuery.choose(after: position, upTo: highest, rangeCost: rangeCost)
            switch query {
            case .nothing: return
            case .serverWentBack: throw ServerWentBack(from: position, to: highest)
            case .part:
                if try await !ask(query, since: begin) { try await askInPages(query, upTo: highest, since: begin) }
            case .range, .each:
                session.board.update { $0.serverPosition = highest }
                let isSmall = highest - position <= DeltaQuery.partLength
                if isSmall, try await ask(query, since: begin) { return }
                return try await askInPages(query, upTo: highest, since: begin)
            }
        }
    }

    /// Whether the answer was small enough to come at once.
    private mutating func ask(_ query: DeltaQuery, since begin: ContinuousClock.Instant) async throws -> Bool {
        guard let filter = query.filter else { return true }
        let request = session.deltaRequest(filter: filter, sizeLimit: 2 * Int(DeltaQuery.partLength))
        let answers = await connection.pipeline([.search(DomainController.usnRequest), .search(request)])
        let highest = try session.highestUSN(answers[0])
        if highest < position { throw ServerWentBack(from: position, to: highest) }
        let found: [LDAPEntry]
        switch answers[1] {
        case .success(.search(let result)): found = result.entries
        case .success(.response): return false
        case .failure(let error):
            guard error.serverResult?.code == .sizeLimitExceeded else { throw ActiveDirectoryError.ldap(error) }
            return false
        }
        try await tell(found, upTo: min(query.last ?? highest, highest), since: begin)
        return true
    }

    private mutating func askInPages(
        _ query: DeltaQuery,
        upTo highest: UInt64,
        since begin: ContinuousClock.Instant
    ) async throws {
        guard let filter = query.filter else { return }
        var request = session.deltaRequest(filter: filter)
        request.pageSize = Self.pageSize
        do {
            for try await page in connection.searchPages(request) {
                let changes = try await session.changes(in: page)
                try await session.delivery.behind { .changes(changes, cursor: nil) }
            }
        } catch let error as LDAPError {
            throw ActiveDirectoryError.ldap(error)
        }
        try await tell([], upTo: min(query.last ?? highest, highest), since: begin, mustDeliver: true)
    }

    private mutating func tell(
        _ entries: [LDAPEntry],
        upTo highest: UInt64,
        since begin: ContinuousClock.Instant,
        mustDeliver: Bool = false
    ) async throws {
        let reached = max(position, highest)
        let changes = try await session.changes(in: entries)
        if !changes.isEmpty || mustDeliver || reached - deliveredPosition > Self.longestSilence {
            let cursor = FeedCursor(invocationID: session.controller.invocationID, position: reached, state: .live)
            try await session.delivery.now(.changes(changes, cursor: cursor.cursor))
            deliveredPosition = reached
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
}

/// The server was restored under a live connection: the next session reads everything.
struct ServerWentBack: Error, CustomStringConvertible {
    let from: UInt64
    let to: UInt64

    var description: String { "the server's highestCommittedUSN went back from \(from) to \(to)" }
}

extension FeedSession {
    /// In the order in which they were made: a new container comes before what was put in it.
    func changes(in entries: [LDAPEntry]) async throws -> [Change] {
        let ordered = entries.map { (usn: EntryReading.usn(of: $0) ?? 0, entry: $0) }.sorted { $0.usn < $1.usn }
        var changes: [Change] = []
        changes.reserveCapacity(entries.count)
        for (_, entry) in ordered {
            if let change = try await change(of: entry, invocationID: controller.invocationID) {
                changes.append(change)
            }
        }
        return changes
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

    func change(ofComplete entry: LDAPEntry, invocationID: Anchor?) -> Change? {
        do throws(ActiveDirectoryError) {
            return try reading.change(of: entry, invocationID: invocationID)
        } catch {
            logger.warning("an entry is left out", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}
