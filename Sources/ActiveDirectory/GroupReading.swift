internal import LDAPClient
internal import SyncModel

/// Reads groups with all their members, as they are together.
struct GroupReading: Sendable {
    /// A group that changes again and again while its members are read part by part is left for later.
    private static let attempts = 8

    let reading: EntryReading
    let connection: LDAPConnection

    /// An entry, and its members as of its uSNChanged; nil: not told.
    struct Group: Sendable {
        var entry: LDAPEntry
        var members: [LDAPAttribute]?
    }

    /// What has just been read of groups, with the members. Of one that is gone, and of one that moves too fast, none
    /// are told.
    func complete(_ entries: [LDAPEntry]) async throws(LDAPError) -> [Group] {
        let anchors = entries.map { EntryReading.anchor(of: $0) }
        let requests = anchors.compactMap(\.self).map { PipelinedRequest.search(reading.memberSearch($0)) }
        var answers = await connection.pipeline(requests)[...]
        var groups: [Group] = []
        for (entry, anchor) in zip(entries, anchors) {
            guard let anchor, let answer = answers.popFirst() else {
                groups.append(Group(entry: entry))
                continue
            }
            let page = try Self.entry(in: answer)
            if let page, let members = try await members(from: page, of: anchor, asOf: EntryReading.usn(of: entry)) {
                groups.append(Group(entry: entry, members: members))
            } else {
                groups.append(try await read(anchor) ?? Group(entry: entry))
            }
        }
        return groups
    }

    /// Nil where there is no such entry.
    func read(_ anchor: Anchor) async throws(LDAPError) -> Group? {
        var newest: LDAPEntry?
        for _ in 0..<Self.attempts {
            let requests = [reading.search(anchor, showDeleted: false), reading.memberSearch(anchor)]
            let answers = await connection.pipeline(requests.map(PipelinedRequest.search))
            guard let found = try Self.entry(in: answers[0]), let page = try Self.entry(in: answers[1]) else {
                return nil
            }
            let entry = try await reading.complete(found, over: connection)
            if let members = try await members(from: page, of: anchor, asOf: EntryReading.usn(of: entry)) {
                return Group(entry: entry, members: members)
            }
            newest = entry
        }
        return newest.map { Group(entry: $0) }
    }

    /// All members, of which `page` holds the first. Nil where the entry changed on the way: its parts do not fit
    /// together.
    func members(
        from page: LDAPEntry,
        of anchor: Anchor,
        asOf usn: UInt64?
    ) async throws(LDAPError) -> [LDAPAttribute]? {
        guard usn != nil, EntryReading.usn(of: page) == usn else { return nil }
        var members: [LDAPAttribute] = []
        for name in reading.memberAttributes {
            var values: [Octets] = []
            var piece = Self.piece(of: name, in: page)
            var previous: RangedAttribute?
            while let part = piece {
                values.append(contentsOf: part.values)
                let range = RangedAttribute(part.name)
                guard let next = try range?.continuation(after: previous), !part.values.isEmpty else { break }
                previous = range
                var request = reading.memberSearch(anchor)
                request.attributes = [next, "usnchanged"]
                let found = try await Self.entry(in: connection.pipeline([.search(request)])[0])
                guard let found, EntryReading.usn(of: found) == usn else { return nil }
                piece = Self.piece(of: name, in: found)
            }
            members.append(LDAPAttribute(name, values))
        }
        return members
    }

    /// AD gives an empty attribute of the plain name besides the ranged one.
    private static func piece(of name: String, in entry: LDAPEntry) -> LDAPAttribute? {
        entry.attributes.first { RangedAttribute($0.name)?.name.lowercased() == name }
            ?? entry.attributes.first { $0.name.lowercased() == name }
    }

    private static func entry(
        in answer: Result<PipelinedAnswer, LDAPError>
    ) throws(LDAPError) -> LDAPEntry? {
        switch answer {
        case .success(.search(let result)): return result.entries.first
        case .success(.response): return nil
        case .failure(let error):
            guard error.isNoSuchObject else { throw error }
            return nil
        }
    }
}
