package import LDAPClient
package import SyncModel

/// Which attributes are asked for, and how an entry of the wire becomes a snapshot.
package struct EntryShape: Sendable {
    /// Lower-cased; without those that only identify an entry, and without those of members.
    let wanted: Set<String>
    /// Attributes of groups that hold their members, lower-cased.
    let memberAttributes: Set<String>
    /// Whether members are asked for as well.
    package let tellsMembers: Bool
    /// For the attribute list of a search or a read-entry control.
    package let requested: [String]

    private let names: NameTable

    /// `tellsMembers`: with all values of the view's member attributes, where it has any.
    package init(view: DirectoryView, tellsMembers: Bool = false) {
        var wanted = Set(view.attributes.map(Self.plainName))
        // Containers are known by their class; a password is nobody's business here.
        wanted.insert("objectclass")
        wanted.remove("userpassword")
        self.wanted = wanted
        memberAttributes = Set(view.memberAttributes.map(Self.plainName)).subtracting(wanted)
        self.tellsMembers = tellsMembers && !memberAttributes.isEmpty
        let taken = tellsMembers ? wanted.union(memberAttributes) : wanted
        names = NameTable(wanted: taken)
        requested = taken.union(["entryuuid", "entrycsn"]).sorted()
    }

    /// The lower-cased name without `;binary`, which says how a value is transferred (RFC 4522).
    package static func plainName(_ name: String) -> String {
        let lower = CaseFolding.lowercaseName(name)
        guard lower.utf8.contains(UInt8(ascii: ";")) else { return lower }
        return lower.split(separator: ";").filter { $0 != "binary" }.joined(separator: ";")
    }

    /// Whether a log's edits of this attribute are told: those of members always are.
    package func isWanted(_ plainName: String) -> Bool {
        wanted.contains(plainName) || memberAttributes.contains(plainName)
    }

    /// Whether a snapshot has all values of this attribute.
    func isTold(_ plainName: String) -> Bool {
        wanted.contains(plainName) || tellsMembers && memberAttributes.contains(plainName)
    }

    /// Everything of which it matters whether it is there, members included.
    var followed: [String] { wanted.union(memberAttributes).sorted() }

    package func holdsMembers(_ plainName: String) -> Bool { memberAttributes.contains(plainName) }

    /// Throws ``MiniOrangeError/entryUnreadable(dn:lacks:)`` where name or entryUUID can't be read.
    package func snapshot(_ entry: LDAPEntry) throws(MiniOrangeError) -> EntrySnapshot {
        var attributes = Attributes()
        var anchor: Anchor?
        var version = Version.unordered
        let names = names.plain(entry.attributes.map(\.name))
        for (attribute, name) in zip(entry.attributes, names) where !attribute.values.isEmpty {
            if name.isWanted { attributes[name.plain] = attribute.values }
            switch name.plain {
            case "entryuuid": anchor = attribute.values.first.flatMap(Anchor.init(entryUUID:))
            case "entrycsn":
                if let number = attribute.values.first.flatMap(ChangeSequenceNumber.init(parsing:)) {
                    version = .csn(number)
                }
            default: break
            }
        }
        guard let anchor else { throw .entryUnreadable(dn: entry.dn, lacks: "entryUUID") }
        guard let name = try? DistinguishedName(parsing: entry.dn) else {
            throw .entryUnreadable(dn: entry.dn, lacks: "name")
        }
        return EntrySnapshot(
            anchor: anchor,
            name: name,
            attributes: attributes,
            version: version,
            tellsMembers: tellsMembers
        )
    }
}

extension Anchor {
    /// The text of an entryUUID (RFC 4530).
    package init?(entryUUID text: Octets) {
        guard let text = text.text, let octets = UUIDText.parse(text) else { return nil }
        self.init(octets: octets)
    }

    package var entryUUID: String { text(on: .miniorange) }

    /// Finds the entry at any place.
    var filter: String { "(entryUUID=\(entryUUID))" }
}
