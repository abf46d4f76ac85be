internal import LDAPClient
internal import SyncModel

/// What DirSync tells of one group's members: those that came, in `member;range=1-1`, and those that went, in
/// `member;range=0-0` ([MS-ADTS] 3.1.1.3.4.1.3, LDAP_DIRSYNC_INCREMENTAL_VALUES).
struct MemberNews: Hashable, Sendable {
    /// More edits of one group are told in parts.
    static let mostValues = 10_000

    var anchor: Anchor
    var name: DistinguishedName
    var edits: [AttributeEdit] = []
    /// The server gave the values as they stand, and perhaps not all: the group is to be read.
    var isWhole = false

    /// Nil where the entry tells nothing of them. `attributes`: lower-cased.
    init?(_ entry: LDAPEntry, attributes: [String]) {
        guard let anchor = EntryReading.anchor(of: entry) else { return nil }
        self.anchor = anchor
        for attribute in entry.attributes where !attribute.values.isEmpty {
            let parts = attribute.name.lowercased().split(separator: ";")
            guard let base = parts.first.map(String.init), attributes.contains(base) else { continue }
            switch parts.dropFirst().first {
            case "range=1-1": edits.append(AttributeEdit(kind: .add, name: base, values: attribute.values))
            case "range=0-0": edits.append(AttributeEdit(kind: .delete, name: base, values: attribute.values))
            default: isWhole = true
            }
        }
        guard isWhole || !edits.isEmpty else { return nil }
        // With extended names of the members comes one of the group itself.
        let name = ExtendedName(parsing: Octets(entry.dn)).name
        guard let parsed = try? DistinguishedName(parsing: name) else { return nil }
        self.name = parsed
    }

    /// What still holds after newer news; nil where nothing does.
    func without(_ newer: [MemberNews]) -> MemberNews? {
        let newer = newer.filter { $0.anchor == anchor }
        if newer.contains(where: \.isWhole) { return nil }
        if newer.isEmpty || isWhole { return self }
        var rest = self
        for index in rest.edits.indices {
            let name = rest.edits[index].name
            let edits = newer.flatMap(\.edits).filter { $0.name == name }
            let members = Set(edits.flatMap(\.values).map(Self.key))
            rest.edits[index].values.removeAll { members.contains(Self.key($0)) }
        }
        rest.edits.removeAll(where: \.values.isEmpty)
        return rest.edits.isEmpty ? nil : rest
    }

    /// Whom the value names, for a renamed member has another value.
    private static func key(_ value: Octets) -> Octets {
        let name = ExtendedName(parsing: value)
        return name.anchor.map { Octets($0.octets) } ?? name.name
    }

    /// True as of `version` or later.
    func changes(version: Version) -> [Change] {
        if edits.reduce(0, { $0 + $1.values.count }) <= Self.mostValues {
            return edits.isEmpty ? [] : [.members(anchor, edits: edits, version: version)]
        }
        return edits.flatMap { edit in
            stride(from: 0, to: edit.values.count, by: Self.mostValues).map { start in
                let part = Array(edit.values[start...].prefix(Self.mostValues))
                let edit = AttributeEdit(kind: edit.kind, name: edit.name, values: part)
                return Change.members(anchor, edits: [edit], version: version)
            }
        }
    }
}
