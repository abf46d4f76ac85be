internal import LDAPClient
internal import Logging
internal import SyncModel

/// The members of groups.
extension FeedSession {
    /// So many groups are asked for their members at once: each may have many.
    private static let groupBatch = 16

    /// How members are told from here on, where the cache may have a cookie.
    func memberFeeding(_ stored: Octets?) async throws(ActiveDirectoryError) -> MemberFeeding {
        guard reading.tellsMembers else { return .none }
        guard settings.feeding != .usn else { return .whole(next: nil) }
        if let stored { return .incremental(DirSyncPosition(cookie: stored)) }
        return try await firstMemberFeeding()
    }

    func firstMemberFeeding() async throws(ActiveDirectoryError) -> MemberFeeding {
        do throws(ActiveDirectoryError) {
            return .whole(next: DirSyncPosition(cookie: try await DirSyncQuery(session: self).firstCookie()))
        } catch {
            guard case .dirSyncRefused = error else { throw error }
            logger.warning("all members of each changed group are read", metadata: ["reason": "\(error)"])
            board.update {
                $0.remarks.append("DirSync is refused, so that all members of each changed group are read: \(error)")
            }
            return .whole(next: nil)
        }
    }

    /// Whether an entry's members are of interest.
    func isGroupToTell(_ entry: LDAPEntry) -> Bool {
        reading.tellsMembers && EntryReading.isGroup(entry) && !EntryReading.isTombstone(entry)
            && reading.isInScope(entry)
    }

    /// Whether it tells of an entry that our own writes alone may have made what it is.
    func mayBeOurs(_ event: SearchEvent) -> Bool {
        if case .entry(let entry, _) = event { mayBeOurs(entry) } else { false }
    }

    /// Whether our own writes alone may have made it what it is.
    func mayBeOurs(_ entry: LDAPEntry) -> Bool {
        guard let anchor = EntryReading.anchor(of: entry), let usn = EntryReading.usn(of: entry) else { return false }
        return ownWrites.mayHaveMade(.usn(usn, invocationID: controller.invocationID), of: anchor)
    }

    /// `others`, and the groups with all their members. What is too much for one event is delivered on the way.
    func changes(
        ofGroups groups: [LDAPEntry],
        invocationID: Anchor?,
        behind others: [Change]
    ) async throws -> [Change] {
        var changes = others
        var rest = groups[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Self.groupBatch))
            rest = rest.dropFirst(Self.groupBatch)
            for group in try await readGroups(part) {
                if let change = change(of: group, invocationID: invocationID) { changes.append(change) }
            }
            var batches = ChangeBatches.split(changes)
            changes = batches.removeLast()
            for batch in batches { try await delivery.behind { .changes(batch, cursor: nil) } }
        }
        return changes
    }

    /// What DirSync told, as of `usn` or later. Nothing of groups that are out of scope, or are deleted by `entries`.
    func changes(of news: [MemberNews], asOf usn: UInt64, besides entries: [Change]) async throws -> [Change] {
        guard !news.isEmpty else { return [] }
        let deleted = Set(entries.compactMap { if case .deleted(let anchor, _) = $0 { anchor } else { nil } })
        let version = Version.usn(usn, invocationID: controller.invocationID)
        var changes: [Change] = []
        for group in news where !deleted.contains(group.anchor) && reading.isBelowScope(group.name) {
            guard group.isWhole else {
                changes += group.changes(version: version)
                continue
            }
            if let found = try await readGroup(group.anchor),
                let change = change(of: found, invocationID: controller.invocationID)
            {
                changes.append(change)
            }
        }
        return changes
    }

    /// In as many events as the number of values wants, the last with the cursor.
    func deliver(_ changes: [Change], cursor: Cursor?) async throws {
        var batches = ChangeBatches.split(changes)
        let last = batches.removeLast()
        for batch in batches { try await delivery.behind { .changes(batch, cursor: nil) } }
        try await delivery.now(.changes(last, cursor: cursor))
    }

    private func readGroups(_ entries: [LDAPEntry]) async throws(ActiveDirectoryError) -> [GroupReading.Group] {
        do throws(LDAPError) {
            return try await GroupReading(reading: reading, connection: connection).complete(entries)
        } catch {
            throw .ldap(error)
        }
    }

    private func readGroup(_ anchor: Anchor) async throws(ActiveDirectoryError) -> GroupReading.Group? {
        do throws(LDAPError) {
            return try await GroupReading(reading: reading, connection: connection).read(anchor)
        } catch {
            throw .ldap(error)
        }
    }

    private func change(of group: GroupReading.Group, invocationID: Anchor?) -> Change? {
        if group.members == nil {
            logger.warning("a group changes faster than it can be read: its members are not told this time")
        }
        return change(ofComplete: group.entry, members: group.members, invocationID: invocationID)
    }
}
