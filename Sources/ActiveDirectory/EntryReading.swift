internal import LDAPClient
internal import SyncModel

/// How entries are asked for and understood.
struct EntryReading: Sendable {
    /// The view's attributes and those that make a snapshot of an entry.
    let attributes: [String]
    private let told: Set<String>

    private static let ownAttributes = ["objectguid", "objectclass", "usnchanged", "isdeleted"]

    init(view: DirectoryView) {
        told = Set(view.attributes + ["objectclass"])
        attributes = view.attributes + Self.ownAttributes.filter { !view.attributes.contains($0) }
    }

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

    /// `invocationID` nil: versions mean nothing at this time.
    func snapshot(
        of entry: LDAPEntry,
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
        let version: Version = invocationID.map { .usn(usn, invocationID: $0) } ?? .unordered
        return EntrySnapshot(anchor: anchor, name: name, attributes: values, version: version)
    }

    /// A tombstone tells a delete, any other entry what it holds.
    func change(of entry: LDAPEntry, invocationID: Anchor?) throws(ActiveDirectoryError) -> Change {
        if Self.isTombstone(entry), let anchor = Self.anchor(of: entry) { return .deleted(anchor) }
        return .present(try snapshot(of: entry, invocationID: invocationID))
    }

    static func isComplete(_ entry: LDAPEntry) -> Bool {
        !entry.attributes.contains { $0.name.utf8.contains(UInt8(ascii: ";")) && RangedAttribute($0.name) != nil }
    }

    /// Reads the values of ranged attributes that the server held back, under the plain name.
    func complete(_ entry: LDAPEntry, over connection: LDAPConnection) async throws(LDAPError) -> LDAPEntry {
        guard !Self.isComplete(entry), let anchor = Self.anchor(of: entry) else { return entry }
        var complete = LDAPEntry(dn: entry.dn, attributes: [])
        for attribute in entry.attributes {
            guard let range = RangedAttribute(attribute.name) else {
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
                next = RangedAttribute(piece.name)?.continuation
            }
            complete.attributes.append(LDAPAttribute(range.name, values))
        }
        return complete
    }
}
