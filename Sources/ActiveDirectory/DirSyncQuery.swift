internal import LDAPClient
internal import SyncModel

/// Asks a domain controller by DirSync which entries changed ([MS-ADTS] 3.1.1.3.4.1.3). What they hold is read apart:
/// the answer tells changed attributes only.
struct DirSyncQuery: Sendable {
    /// What changed after a cookie.
    struct Answer: Sendable {
        var entries: [ChangedEntry] = []
        /// In the server's order.
        var members: [MemberNews] = []
        var cookie: Octets
        var hasMore: Bool
    }

    struct ChangedEntry: Hashable, Sendable {
        var anchor: Anchor
        var isDeleted: Bool
    }

    /// Object security: what the account may read, without the right to replicate. Of a group's members only those who
    /// came and went.
    private static let flags: DirSync.Flags = [.objectSecurity, .incrementalValues]
    /// Windows sends no more at once. Samba sends everything.
    private static let answerOctets = 4 << 20
    /// Without these a delete, a rename and a move stay hidden.
    private static let ownAttributes = ["objectguid", "objectclass", "isdeleted", "name", "parentguid"]

    private let session: FeedSession
    private let attributes: [String]

    init(session: FeedSession) {
        self.session = session
        let told = session.view.attributes + session.reading.memberAttributes
        attributes = told + Self.ownAttributes.filter { !told.contains($0) }
    }

    private var connection: LDAPConnection { session.connection }

    /// A cookie that stands where the server stands. No entry has the objectGUID that is asked for, so that the server
    /// looks at none and sends none, however large it is.
    func firstCookie() async throws(ActiveDirectoryError) -> Octets {
        let noEntry = "(objectGUID=\(String(repeating: "\\00", count: 16)))"
        var cookie = Octets()
        while true {
            let answer: Answer
            do throws(ActiveDirectoryError) {
                answer = try await ask(cookie: cookie, filter: noEntry, attributes: ["objectGUID"])
            } catch {
                guard let refusal = error.refusal else { throw error }
                throw .dirSyncRefused(endpoint: connection.endpoint.uri, reason: refusal.description)
            }
            guard answer.hasMore, answer.cookie != cookie else { return answer.cookie }
            cookie = answer.cookie
        }
    }

    func changes(after cookie: Octets) async throws(ActiveDirectoryError) -> Answer {
        try await ask(cookie: cookie, filter: "(objectClass=*)", attributes: attributes)
    }

    /// Asks only which members of groups came and went.
    func memberRequest(after cookie: Octets) -> SearchRequest {
        request(
            cookie: cookie,
            filter: "(objectClass=group)",
            attributes: ["objectguid"] + session.reading.memberAttributes
        )
    }

    /// What the answer to ``memberRequest(after:)`` says.
    func memberAnswer(in result: SearchResult) throws(LDAPError) -> Answer {
        var answer = try Self.end(result.result)
        answer.members = result.entries.compactMap(news)
        return answer
    }

    /// What the entries hold now, in the order in which they were changed. Of one that is not there any more nothing is
    /// told, unless the server said that it was deleted.
    func read(_ entries: ArraySlice<ChangedEntry>) async throws -> [Change] {
        let requests = entries.map { PipelinedRequest.search(session.reading.search($0.anchor, showDeleted: true)) }
        var found: [LDAPEntry] = []
        var deleted: [Change] = []
        for (entry, answer) in zip(entries, await connection.pipeline(requests)) {
            switch answer {
            case .success(.search(let result)) where !result.entries.isEmpty: found += result.entries
            case .failure(let error) where !error.isNoSuchObject: throw ActiveDirectoryError.ldap(error)
            // An account that may not read tombstones.
            default: if entry.isDeleted { deleted.append(.deleted(entry.anchor)) }
            }
        }
        return try await session.changes(in: found) + deleted
    }

    private func ask(
        cookie: Octets,
        filter: String,
        attributes: [String]
    ) async throws(ActiveDirectoryError) -> Answer {
        do throws(LDAPError) {
            return try await take(connection.stream(request(cookie: cookie, filter: filter, attributes: attributes)))
        } catch {
            throw .ldap(error)
        }
    }

    private func request(cookie: Octets, filter: String, attributes: [String]) -> SearchRequest {
        let dirSync = DirSync.request(flags: Self.flags, maximumOctets: Self.answerOctets, cookie: cookie)
        return SearchRequest(
            base: session.controller.namingContext,
            scope: .subtree,
            filter: filter,
            attributes: attributes,
            controls: session.reading.tellsMembers ? [dirSync, .extendedDN()] : [dirSync]
        )
    }

    private func news(_ entry: LDAPEntry) -> MemberNews? {
        let attributes = session.reading.memberAttributes
        return attributes.isEmpty ? nil : MemberNews(entry, attributes: attributes)
    }

    private static func end(_ result: LDAPResult) throws(LDAPError) -> Answer {
        guard let control = try? DirSync(in: result.controls) else {
            throw .malformedAnswer(.search, message: "DirSync without a cookie")
        }
        return Answer(cookie: control.cookie, hasMore: control.hasMore)
    }

    /// Keeps who changed, and which members came and went, and lets the other values go, which may be many after a long
    /// absence.
    private func take(_ stream: SearchStream) async throws(LDAPError) -> Answer {
        var seen: Set<ChangedEntry> = []
        var entries: [ChangedEntry] = []
        var members: [MemberNews] = []
        while true {
            let events = try await next(of: stream)
            if events.isEmpty { throw .malformedAnswer(.search, message: "DirSync ended without a result") }
            for event in events {
                switch event {
                case .entry(let entry, _):
                    guard let anchor = EntryReading.anchor(of: entry) else { continue }
                    let changed = ChangedEntry(anchor: anchor, isDeleted: EntryReading.isTombstone(entry))
                    if seen.insert(changed).inserted { entries.append(changed) }
                    if let news = news(entry) { members.append(news) }
                case .done(let result):
                    var answer = try Self.end(result)
                    answer.entries = entries
                    answer.members = members
                    return answer
                case .reference, .intermediate: continue
                }
            }
        }
    }

    /// A stream has no time-out of its own.
    private func next(of stream: SearchStream) async throws(LDAPError) -> [SearchEvent] {
        let timeout = Task { [connection, session] in
            try await Task.sleep(for: session.settings.timeouts.operation)
            connection.close()
        }
        defer { timeout.cancel() }
        return try await stream.nextBatch()
    }
}

extension ActiveDirectoryError {
    /// What the server refused in an operation, and will refuse again.
    var refusal: LDAPError? {
        guard case .ldap(let error) = self, error.serverResult != nil, error.disposition == .refuse else { return nil }
        return error
    }
}
