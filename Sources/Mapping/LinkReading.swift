package import SyncModel

/// What an entry is found by where a membership names it by something else than its DN.
package enum LinkKey: Hashable, Sendable {
    /// The value of this attribute, without case: what memberUid holds.
    case member(attribute: String)
    /// The value of this attribute, without case: what a list of group names holds.
    case group(attribute: String)
    /// The last sub-authority of the SID in this attribute ([MS-DTYP] 2.4.2.2): what primaryGroupID holds.
    case relativeID(attribute: String)

    package var attribute: String {
        switch self {
        case .member(let attribute), .group(let attribute), .relativeID(let attribute): attribute
        }
    }

    /// The key of an entry that has this value, or nil where it names nothing.
    func key(ofEntryWith value: Octets) -> Octets? {
        switch self {
        case .member: Self.memberKey(value)
        case .group: Self.groupKey(value)
        case .relativeID: Self.relativeID(ofSID: value).map { Self.relativeIDKey(Octets(String($0))) }
        }
    }

    /// The key of the member that a value of memberUid names.
    package static func memberKey(_ value: Octets) -> Octets? { folded(memberPrefix, value) }
    /// The key of the group that has this name.
    package static func groupKey(_ value: Octets) -> Octets? { folded(groupPrefix, value) }
    /// The key of the group that a value of primaryGroupID names.
    package static func relativeIDKey(_ value: Octets) -> Octets { Octets([relativeIDPrefix] + value.bytes) }

    /// What a value that can name nobody is known by, such as one of spaces alone.
    package static let nobody = Octets([groupPrefix])

    /// Above all match rules, below the keys of commands.
    static let lowestPrefix: UInt8 = 0xFC
    /// The first octets of all keys by which memberships name entries.
    package static let prefixes: ClosedRange<UInt8> = 0xFC...0xFE
    private static let groupPrefix: UInt8 = 0xFC
    private static let memberPrefix: UInt8 = 0xFD
    private static let relativeIDPrefix: UInt8 = 0xFE

    private static func folded(_ prefix: UInt8, _ value: Octets) -> Octets? {
        let folded = CaseFolding.fold(value.bytes)
        return folded.isEmpty || folded == [0x20] ? nil : Octets([prefix] + folded)
    }

    /// Nil for octets that are no SID with a sub-authority.
    private static func relativeID(ofSID value: Octets) -> UInt32? {
        let bytes = value.bytes
        guard bytes.count >= 12, bytes.count == 8 + 4 * Int(bytes[1]) else { return nil }
        return bytes.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// What the memberships of other objects need of an object's entries on one side.
package struct LinkReading: Hashable, Sendable {
    /// Attributes whose values are memberships of the entry itself, lower-cased. Each value is a row; the replica does not keep them.
    package var held: Set<String> = []
    package var keys: [LinkKey] = []

    package init() {}
}

extension ObjectSpecification {
    /// The same objects, each with what the memberships of all need of it.
    package static func linked(_ objects: [ObjectSpecification]) -> [ObjectSpecification] {
        let memberships = objects.compactMap { object in object.membership.map { (object, $0) } }
        return objects.map { object in
            var linked = object
            linked.links = PerSide(both: LinkReading())
            for (group, membership) in memberships where object.kind == .user {
                let form = membership.form
                if form.holder == .member { linked.links.miniorange.held.insert(form.attribute) }
                if case .memberAttribute(let attribute) = form.value {
                    linked.links.miniorange.add(.member(attribute: attribute))
                }
                if membership.includesPrimaryGroup, group.kind == .group {
                    linked.links.ad.held.insert(primaryGroupAttribute)
                }
            }
            if let own = object.membership {
                if own.form.value == .groupName || object.isVirtualAtMiniOrange {
                    let naming = CaseFolding.lowercaseName(object.scopes.miniorange.rdn)
                    linked.links.miniorange.add(.group(attribute: naming))
                }
                if own.includesPrimaryGroup { linked.links.ad.add(.relativeID(attribute: "objectsid")) }
            }
            return linked
        }
    }

    package static let primaryGroupAttribute = "primarygroupid"
}

extension LinkReading {
    fileprivate mutating func add(_ key: LinkKey) {
        if !keys.contains(key) { keys.append(key) }
    }
}
