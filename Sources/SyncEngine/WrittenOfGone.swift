import SyncModel

/// Memberships that we wrote to groups of the LDAP side, and that were not told yet, of who was gone when that was told, or when we were answered: they may have been
/// written after he was. Then no server takes them away, others who change the group leave them there, and whoever gets the name has not been put into it.
struct WrittenOfGone: Sendable {
    private static let limit = 10_000
    private static let mostKept = 100
    private var rows: [Anchor: [Anchor: Link]] = [:]
    /// The last of them, oldest first, which outlive the process.
    private var last: [LinkID] = []
    private var isChanged = false

    var isEmpty: Bool { rows.isEmpty }

    mutating func note(_ link: LinkID, _ row: Link) {
        guard row.value != nil, row.version != .unordered else { return }
        if rows.count >= Self.limit { rows = [:] }
        rows[link.group, default: [:]][link.member] = row
        last.removeAll { $0 == link }
        if last.count == Self.mostKept { last.removeFirst() }
        last.append(link)
        isChanged = true
    }

    /// Whether what a group holds as of a version was written so.
    func contains(_ link: LinkID, asOf version: Version) -> Bool {
        guard let row = rows[link.group]?[link.member] else { return false }
        return version == row.version || version.supersedes(row.version)
    }

    /// Those of a group, by their members.
    func rows(in group: Anchor) -> [(key: Anchor, value: Link)] {
        (rows[group] ?? [:]).sorted { $0.key < $1.key }
    }

    /// Some do not stand in a group any more: by the same value somebody else may be added.
    mutating func forget(in group: Anchor, where isTakenAway: (Link) -> Bool) {
        guard let known = rows[group] else { return }
        let kept = known.filter { !isTakenAway($0.value) }
        guard kept.count < known.count else { return }
        rows[group] = kept.isEmpty ? nil : kept
        last.removeAll { $0.group == group && kept[$0.member] == nil }
        isChanged = true
    }

    /// The last of them, to be written down. Nil where they are.
    mutating func takeChanged() -> Octets? {
        guard isChanged else { return nil }
        isChanged = false
        var bytes: [UInt8] = []
        for link in last {
            guard let row = rows[link.group]?[link.member], let value = row.value, value.count <= UInt16.max else {
                continue
            }
            let version = row.version.octets.bytes
            bytes += link.group.octets + link.member.octets + [UInt8(version.count)] + version
            bytes += [UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value.bytes
        }
        return Octets(bytes)
    }

    /// Knows again what was written down.
    mutating func recall(_ octets: Octets) {
        var rest = octets.bytes[...]
        func take(_ count: Int) -> [UInt8]? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        while let group = take(16).flatMap({ Anchor(octets: $0) }),
            let member = take(16).flatMap({ Anchor(octets: $0) }),
            let length = take(1), let version = take(Int(length[0])).flatMap({ Version(octets: Octets($0)) }),
            let size = take(2), let value = take(Int(size[0]) << 8 | Int(size[1]))
        {
            note(
                LinkID(side: .miniorange, group: group, member: member),
                Link(sources: .group, version: version, value: Octets(value))
            )
        }
        isChanged = false
    }
}
