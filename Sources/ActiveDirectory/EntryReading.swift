internal import LDAPClient
internal import SyncModel

/// How entries are asked for and understood.
struct EntryReading: Sendable {
    /// The view's attributes and those that make a snapshot of an entry.
    let attributes: [String]
    /// What a group's members are in, sorted; empty where members are not told.
    let memberAttributes: [String]
    private let told: Set<String>
    private let scopes: [DirectoryView.Scope]

    private static let ownAttributes = ["objectguid", "objectclass", "usnchanged", "isdeleted"]

    init(view: DirectoryView) {
        told = Set(view.attributes + ["objectclass"])
        attributes = view.attributes + Self.ownAttributes.filter { !view.attributes.contains($0) }
        memberAttributes = view.memberAttributes.sorted()
        scopes = view.scopes
    }

    var tellsMembers: Bool { !memberAttributes.isEmpty }

    /// By objectGUID, at the base ([MS-ADTS] 3.1.1.3.1.2.4).
    func search(_ anchor: Anchor, showDeleted: Bool) -> SearchRequest {
        search(at: Self.target(anchor), showDeleted: showDeleted)
    }

    func search(at base: String, showDeleted: Bool) -> SearchRequest {
        SearchRequest(
            base: base,
            scope: .base,
            attributes: attributes,
            controls: showDeleted ? [.showDeleted] : []
        )
    }

    /// The members and the version as of which they are, each member with its objectGUID: a name may be another's by
    /// the time it is read.
    func memberSearch(_ anchor: Anchor) -> SearchRequest {
        SearchRequest(
            base: Self.target(anchor),
            scope: .base,
            attributes: memberAttributes + ["usnchanged"],
            controls: [.extendedDN()]
        )
    }

    static func isGroup(_ entry: LDAPEntry) -> Bool { isGroup(entry["objectClass"] ?? []) }

    static func isGroup(_ objectClasses: [Octets]) -> Bool {
        objectClasses.contains { $0.lossyText.lowercased() == "group" }
    }

    /// Whether a scope may hold the entry. Where its filter asks for more than is read, it may.
    func isInScope(_ entry: LDAPEntry) -> Bool {
        guard let name = try? DistinguishedName(parsing: entry.dn) else { return false }
        return scopes.contains { scope in
            guard name.isEqualOrDescendant(of: scope.base) else { return false }
            guard scope.filter.attributes.allSatisfy(told.contains) else { return true }
            return scope.filter.matches { entry[$0] ?? [] } ?? true
        }
    }

    func isBelowScope(_ name: DistinguishedName) -> Bool {
        scopes.contains { name.isEqualOrDescendant(of: $0.base) }
    }

    static func target(_ anchor: Anchor) -> String {
        "<GUID=\(anchor.text(on: .ad))>"
    }

    /// Whether the entry is a tombstone.
    static func isTombstone(_ entry: LDAPEntry) -> Bool {
        entry.first("isDeleted").map { $0.bytes == Array("TRUE".utf8) } ?? false
    }

    static func anchor(of entry: LDAPEntry) -> Anchor? {
        entry.first("objectGUID").flatMap { Anchor(octets: $0.bytes) }
    }

    static func usn(of entry: LDAPEntry) -> UInt64? {
        entry.text("uSNChanged").flatMap { UInt64($0) }
    }

    /// `invocationID` nil: versions mean nothing at this time. `members` nil: they are not told.
    func snapshot(
        of entry: LDAPEntry,
        members: [LDAPAttribute]? = nil,
        invocationID: Anchor?
    ) throws(ActiveDirectoryError) -> EntrySnapshot {
        guard let anchor = Self.anchor(of: entry) else {
            throw .unreadableEntry(name: entry.dn, missing: "objectGUID")
        }
        guard let usn = Self.usn(of: entry) else { throw .unreadableEntry(name: entry.dn, missing: "uSNChanged") }
        guard let name = try? DistinguishedName(parsing: entry.dn) else {
            throw .unreadableEntry(name: entry.dn, missing: "the name")
        }
        var values = Attributes()
        for attribute in entry.attributes where !attribute.values.isEmpty {
            let key = attribute.name.lowercased()
            if told.contains(key) { values[key] = attribute.values }
        }
        for attribute in members ?? [] { values[attribute.name.lowercased()] = attribute.values }
        let version: Version = invocationID.map { .usn(usn, invocationID: $0) } ?? .unordered
        return EntrySnapshot(
            anchor: anchor,
            name: name,
            attributes: values,
            version: version,
            tellsMembers: members != nil
        )
    }

    /// A tombstone tells a delete, any other entry what it holds.
    func change(
        of entry: LDAPEntry,
        members: [LDAPAttribute]? = nil,
        invocationID: Anchor?
    ) throws(ActiveDirectoryError) -> Change {
        if Self.isTombstone(entry), let anchor = Self.anchor(of: entry) { return .deleted(anchor) }
        return .present(try snapshot(of: entry, members: members, invocationID: invocationID))
    }

    static func isComplete(_ entry: LDAPEntry) -> Bool {
        !entry.attributes.contains { $0.name.utf8.contains(UInt8(ascii: ";")) && RangedAttribute($0.name) != nil }
    }

    /// Reads the values of ranged attributes that the server held back, under the plain name.
    func complete(_ entry: LDAPEntry, over connection: LDAPConnection) async throws(LDAPError) -> LDAPEntry {
        guard !Self.isComplete(entry), let anchor = Self.anchor(of: entry) else { return entry }
        var complete = LDAPEntry(dn: entry.dn, attributes: [])
        for attribute in entry.attributes {
            guard var range = RangedAttribute(attribute.name) else {
                // AD gives an empty attribute of the plain name besides the ranged one.
                let isRangedToo = entry.attributes.contains { RangedAttribute($0.name)?.name == attribute.name }
                if !isRangedToo { complete.attributes.append(attribute) }
                continue
            }
            var values = attribute.values
            var next = range.continuation
            while let description = next {
                let request = SearchRequest(base: Self.target(anchor), scope: .base, attributes: [description])
                let found = try await connection.search(request).entries.first
                let piece = found?.attributes.first { RangedAttribute($0.name)?.name == range.name }
                guard let piece, !piece.values.isEmpty else { break }
                values.append(contentsOf: piece.values)
                guard let further = RangedAttribute(piece.name) else { break }
                next = try further.continuation(after: range)
                range = further
            }
            complete.attributes.append(LDAPAttribute(range.name, values))
        }
        return complete
    }
}
