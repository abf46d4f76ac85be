internal import LDAPClient
internal import SyncModel

/// Asks a domain controller by DirSync which entries changed ([MS-ADTS] 3.1.1.3.4.1.3). What they hold is read apart: the
/// answer tells changed attributes only.
struct DirSyncQuery: Sendable {
    /// What changed after a cookie.
    struct Answer: Sendable {
        var entries: [ChangedEntry] = []
        var cookie: Octets
        var hasMore: Bool
    }

    struct ChangedEntry: Hashable, Sendable {
        var anchor: Anchor
        var isDeleted: Bool
    }

    /// Object security: what the account may read, without the right to replicate. Of a group's members only those who came
    /// and went.
    private static let flags: DirSync.Flags = [.objectSecurity, .incrementalValues]
    /// Windows sends no more at once. Samba sends everything.
    private static let answerOctets = 4 << 20
    /// Without these a delete, a rename and a move stay hidden.
    private static let ownAttributes = ["objectguid", "objectclass", "isdeleted", "name", "parentguid"]

    private let session: FeedSession
    private let attributes: [String]

    init(session: FeedSession) {
        self.session = session
        let told = session.view.attributes
        attributes = told + Self.ownAttributes.filter { !told.contains($0) }
    }

    private var connection: LDAPConnection { session.connection }

    /// A cookie that stands where the server stands. No entry has the objectGUID that is asked for, so that the server looks
    /// at none and sends none, however large it is.
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
        let request = SearchRequest(
            base: session.controller.namingContext,
            scope: .subtree,
            filter: filter,
            attributes: attributes,
            controls: [DirSync.request(flags: Self.flags, maximumOctets: Self.answerOctets, cookie: cookie)]
        )
        do throws(LDAPError) {
            return try await take(connection.stream(request))
        } catch {
            throw .ldap(error)
        }
    }

    /// Keeps who changed and lets the values go, which may be many after a long absence.
    private func take(_ stream: SearchStream) async throws(LDAPError) -> Answer {
        var seen: Set<ChangedEntry> = []
        var entries: [ChangedEntry] = []
        while true {
            let events = try await next(of: stream)
            if events.isEmpty { throw .malformedAnswer(.search, message: "DirSync ended without a result") }
            for event in events {
                switch event {
                case .entry(let entry, _):
                    guard let anchor = EntryReading.anchor(of: entry) else { continue }
                    let changed = ChangedEntry(anchor: anchor, isDeleted: EntryReading.isTombstone(entry))
                    if seen.insert(changed).inserted { entries.append(changed) }
                case .done(let result):
                    guard let control = try? DirSync(in: result.controls) else {
                        throw .malformedAnswer(.search, message: "DirSync without a cookie")
                    }
                    return Answer(entries: entries, cookie: control.cookie, hasMore: control.hasMore)
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
