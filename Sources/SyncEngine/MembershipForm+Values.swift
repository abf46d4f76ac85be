import Mapping
import SyncModel

/// What the values of each form are compared by.
extension MembershipForm {
    /// primaryGroupID of an AD account: read, never written.
    static let primaryGroup = MembershipForm(
        holder: .member,
        attribute: ObjectSpecification.primaryGroupAttribute,
        value: .memberAttribute(ObjectSpecification.primaryGroupAttribute)
    )

    /// Whether a row must say what stands at the server, since no server changes it as the other entry's name changes.
    var keepsValue: Bool { !isMaintainedByServer && self != .primaryGroup }

    /// What a row keeps of a value: all of it where no server follows the other entry's name, or where there is more to it than the name.
    func kept(_ value: Octets) -> Octets? {
        keepsValue || self.value == .nameAndUID && nameOctets(of: value) != value ? value : nil
    }

    /// A form of a value in which those that name the same are the same.
    func comparable(_ value: Octets) -> Octets {
        switch self.value {
        case .name, .nameAndUID: (try? DistinguishedName(parsing: nameOctets(of: value)))?.normalized ?? value
        case .memberAttribute, .groupName: value
        }
    }

    /// The DN within a value: uniqueMember may have a bit string behind it, `#'0101'B` (RFC 4517 §3.3.21).
    func nameOctets(of value: Octets) -> Octets {
        guard self.value == .nameAndUID, value.bytes.suffix(2) == [0x27, 0x42],
            let hash = value.bytes.lastIndex(of: 0x23), hash + 1 < value.bytes.count, value.bytes[hash + 1] == 0x27
        else { return value }
        return Octets(value.bytes[..<hash])
    }

    /// Whether a value of this form may have been parked by this name.
    func mayPark(_ name: Octets) -> Bool {
        guard let tag = name.bytes.first else { return false }
        switch value {
        case .name, .nameAndUID: return !LinkKey.prefixes.contains(tag) || tag == LinkKey.prefixes.first
        case .memberAttribute, .groupName: return LinkKey.prefixes.contains(tag)
        }
    }

    /// The key of who is named by a value that is no DN which the server keeps right.
    func key(of value: Octets) -> Octets? {
        switch self.value {
        case .memberAttribute: LinkKey.memberKey(value)
        case .groupName: LinkKey.groupKey(value)
        case .name, .nameAndUID:
            (try? DistinguishedName(parsing: nameOctets(of: value)))?.leaf.flatMap { LinkKey.groupKey($0.value) }
        }
    }

    /// The key of who is named by a value, as `Engine.keysGiven` has it.
    func namingKey(of value: Octets) -> Octets? {
        guard isMaintainedByServer else { return key(of: value) }
        return (try? DistinguishedName(parsing: nameOctets(of: value))).map { Engine.parkingName($0) }
    }

    /// Whether two values name the same entry.
    func isSame(_ value: Octets, _ other: Octets) -> Bool {
        if value == other { return true }
        switch self.value {
        case .name, .nameAndUID:
            guard let first = try? DistinguishedName(parsing: nameOctets(of: value)),
                let second = try? DistinguishedName(parsing: nameOctets(of: other))
            else { return false }
            return first.normalized == second.normalized
        case .memberAttribute, .groupName:
            return false
        }
    }
}
