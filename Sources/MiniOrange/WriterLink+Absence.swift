internal import LDAPClient
internal import SyncModel

/// An entry that the server does not show: deleted, or out of the account's sight? LDAP answers both alike, so other things must tell.
extension WriterLink {
    /// By entryUUID; where it is not found, outcome `gone` with proof and `hidden` without.
    func confirmAbsence(
        _ anchor: Anchor,
        _ lastSeen: LastSeen,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        find(anchor) { outcome in
            guard case .gone = outcome else { return completion(outcome) }
            Task { completion(await judgeAbsence(anchor, lastSeen)) }
        }
    }

    private func judgeAbsence(_ anchor: Anchor, _ lastSeen: LastSeen) async -> WriteOutcome {
        do throws(LDAPError) {
            if let wasDeleted = try await logTells(anchor, since: lastSeen.time) { return wasDeleted ? .gone : .hidden }
            return try await isOutOfSight(below: lastSeen.parent) ? .hidden : .gone
        } catch {
            return WriteAnswer.failedRead(error)
        }
    }

    /// Whether the access log has the delete. Nil where it can't tell: it can't be read, does not reach back to when the entry was last there, or lacks
    /// what the directory has.
    private func logTells(_ anchor: Anchor, since time: Timestamp?) async throws(LDAPError) -> Bool? {
        guard log.isOpen else { return nil }
        let logBase = log.base.description
        let requests = [
            SearchRequest(
                base: logBase,
                scope: .oneLevel,
                filter: "(&(objectClass=auditDelete)(reqEntryUUID=\(anchor.entryUUID)))",
                attributes: ["1.1"],
                sizeLimit: 1
            ),
            SearchRequest(base: logBase, scope: .base, attributes: ["minCSN", "contextCSN"]),
            SearchRequest(base: searchBase.description, scope: .base, attributes: ["contextCSN"]),
        ]
        let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
        do throws(LDAPError) {
            let records = try Self.entries(answers[0])
            if !records.isEmpty { return true }
            guard let time, let state = try Self.entries(answers[1]).first,
                let directory = try Self.entries(answers[2]).first.flatMap({ Self.cookie($0, "contextCSN") }),
                Self.cookie(state, "contextCSN")?.covers(directory) == true,
                let horizon = Self.cookie(state, "minCSN")?.newest
            else { return nil }
            return horizon.microseconds / 1000 <= time.milliseconds ? false : nil
        } catch {
            guard error.serverResult != nil, error.disposition == .refuse else { throw error }
            if error.code == .sizeLimitExceeded { return true }
            log.wasRefused()
            return nil
        }
    }

    /// Whether entries below the container may be hidden from the account: the container itself is not shown, or it has subordinates (hasSubordinates tells
    /// of them whatever the account may see) and shows none.
    private func isOutOfSight(below parent: Anchor?) async throws(LDAPError) -> Bool {
        guard let parent else { return true }
        let search = SearchRequest(
            base: searchBase.description,
            scope: .subtree,
            filter: parent.filter,
            attributes: ["hasSubordinates"]
        )
        guard let container = try await connection.search(search).entries.first else { return true }
        if container.first("hasSubordinates")?.text?.uppercased() == "FALSE" { return false }
        let children = SearchRequest(base: container.dn, scope: .oneLevel, attributes: ["1.1"], sizeLimit: 1)
        do throws(LDAPError) {
            return try await connection.search(children).entries.isEmpty
        } catch {
            guard error.code == .sizeLimitExceeded else { throw error }
            return false
        }
    }

    private static func entries(_ answer: Result<PipelinedAnswer, LDAPError>) throws(LDAPError) -> [LDAPEntry] {
        guard case .search(let result) = try answer.get() else { return [] }
        return result.entries
    }

    private static func cookie(_ entry: LDAPEntry, _ attribute: String) -> SyncCookie? {
        let numbers = (entry[attribute] ?? []).compactMap(ChangeSequenceNumber.init(parsing:))
        return numbers.isEmpty ? nil : SyncCookie(numbers)
    }
}
