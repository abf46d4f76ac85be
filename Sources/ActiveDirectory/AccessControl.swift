internal import SyncModel

/// Who may do what with an entry: the DACL of its nTSecurityDescriptor ([MS-DTYP] 2.4.6 a descriptor, 2.4.5 a list, 2.4.4 its entries).
struct AccessControl: Hashable, Sendable {
    struct Rule: Hashable, Sendable {
        enum Effect: Hashable, Sendable {
            case allow, deny
            /// It has a condition of which only the server knows whether it holds.
            case conditional
        }

        var effect: Effect
        var rights: Rights
        /// The schemaIDGUID of an attribute, or the attributeSecurityGUID of a set of them, to which it is limited.
        var object: Octets?
        /// A SID.
        var trustee: Octets
    }

    struct Rights: OptionSet, Hashable, Sendable {
        let rawValue: UInt32
        /// ADS_RIGHT_DS_READ_PROP ([MS-ADTS] 5.1.3.2), and the generic rights that hold it.
        static let readProperty = Rights(rawValue: 0x10 | 0x1000_0000 | 0x8000_0000)
        /// ADS_RIGHT_DS_CONTROL_ACCESS.
        static let control = Rights(rawValue: 0x100 | 0x1000_0000)
    }

    enum Malformation: Error, Hashable, Sendable {
        case tooShort(count: Int)
        case unknownRevision(UInt8)
        /// A part reaches beyond the whole.
        case outOfBounds(offset: Int)
    }

    /// Those that count for the entry itself, in the order in which they are looked at; nil where there is no list, and everybody may do everything.
    let rules: [Rule]?

    init(decoding descriptor: Octets) throws(Malformation) {
        let octets = BoundedOctets(descriptor.bytes)
        guard octets.count >= 20 else { throw .tooShort(count: octets.count) }
        guard octets[0] == 1 else { throw .unknownRevision(octets[0]) }
        let isPresent = try octets.number(at: 2, length: 2) & 0x4 != 0
        let offset = Int(try octets.number(at: 16, length: 4))
        rules = isPresent && offset > 0 ? try Self.rules(in: octets, at: offset) : nil
    }

    private static func rules(in octets: BoundedOctets, at offset: Int) throws(Malformation) -> [Rule] {
        let count = try octets.number(at: offset + 4, length: 2)
        var rules: [Rule] = []
        var start = offset + 8
        for _ in 0..<count {
            let length = Int(try octets.number(at: start + 2, length: 2))
            guard length >= 8, start + length <= octets.count else { throw .outOfBounds(offset: start) }
            if let rule = try rule(in: octets, at: start, end: start + length) { rules.append(rule) }
            start += length
        }
        return rules
    }

    /// Nil for one that is there for what is made below the entry, or says nothing of access.
    private static func rule(
        in octets: BoundedOctets,
        at start: Int,
        end: Int
    ) throws(Malformation) -> Rule? {
        guard octets[start + 1] & inheritOnly == 0 else { return nil }
        let (effect, hasObject): (Rule.Effect, Bool)
        switch octets[start] {
        case 0: (effect, hasObject) = (.allow, false)
        case 1: (effect, hasObject) = (.deny, false)
        case 5: (effect, hasObject) = (.allow, true)
        case 6: (effect, hasObject) = (.deny, true)
        case 9, 10: (effect, hasObject) = (.conditional, false)
        case 11, 12: (effect, hasObject) = (.conditional, true)
        default: return nil
        }
        let rights = Rights(rawValue: UInt32(try octets.number(at: start + 4, length: 4)))
        var position = start + 8
        var object: Octets?
        if hasObject {
            let parts = try octets.number(at: position, length: 4)
            position += 4
            if parts & 1 != 0 {
                object = try octets.part(at: position, length: 16)
                position += 16
            }
            if parts & 2 != 0 { position += 16 }
        }
        guard position + 8 <= end else { throw .outOfBounds(offset: position) }
        let length = 8 + 4 * Int(octets[position + 1])
        guard position + length <= end else { throw .outOfBounds(offset: position) }
        return Rule(
            effect: effect,
            rights: rights,
            object: object,
            trustee: try octets.part(at: position, length: length)
        )
    }

    /// INHERIT_ONLY_ACE.
    private static let inheritOnly: UInt8 = 0x8

    /// Whether someone may read an attribute, by the first rule that says so or otherwise ([MS-ADTS] 5.1.3.3.3, 3.1.1.4.4). Nil where nobody but the server can tell.
    ///
    /// - Parameter token: the SIDs that stand for him.
    func permitsReading(_ attribute: ServerDictionary.Attribute, token: Set<Octets>) -> Bool? {
        guard let identifier = attribute.identifier, !token.isEmpty else { return nil }
        let objects = [identifier, attribute.propertySet].compactMap(\.self)
        let mayRead = permits(.readProperty, to: objects, token)
        guard attribute.isConfidential, mayRead == true else { return mayRead }
        return permits(.control, to: objects, token)
    }

    private func permits(_ right: Rights, to objects: [Octets], _ token: Set<Octets>) -> Bool? {
        guard let rules else { return true }
        let first = rules.first { rule in
            !rule.rights.isDisjoint(with: right) && token.contains(rule.trustee)
                && rule.object.map(objects.contains) != false
        }
        switch first?.effect {
        case .allow: return true
        case .deny, nil: return false
        case .conditional: return nil
        }
    }
}

/// Octets of which none is read beyond their end.
private struct BoundedOctets {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var count: Int { bytes.count }

    subscript(index: Int) -> UInt8 { bytes[index] }

    func number(at offset: Int, length: Int) throws(AccessControl.Malformation) -> UInt64 {
        guard offset + length <= bytes.count else { throw .outOfBounds(offset: offset) }
        return bytes.littleEndian(at: offset, length: length)
    }

    func part(at offset: Int, length: Int) throws(AccessControl.Malformation) -> Octets {
        guard offset + length <= bytes.count else { throw .outOfBounds(offset: offset) }
        return Octets(Array(bytes[offset..<offset + length]))
    }
}
