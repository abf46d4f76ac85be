/// One component of a distinguished name: one assertion as a rule, several in a multi-valued RDN (RFC 4514 §2.2).
///
/// `==` compares as written, so a change of case alone is seen; `normalized` is the key under which a directory holds
/// two RDNs to be the same.
package struct RelativeDistinguishedName: Hashable, Sendable {
    /// One `type=value`. The value is octets without any escaping.
    package struct Assertion: Hashable, Sendable {
        package var type: String
        package var value: Octets

        package init(type: String, value: Octets) {
            self.type = type
            self.value = value
        }
    }

    /// In the order of the text. Never empty in what parsing returns.
    package var assertions: [Assertion]

    package init(_ assertions: [Assertion]) {
        self.assertions = assertions
    }

    package init(type: String, value: Octets) {
        self.assertions = [Assertion(type: type, value: value)]
    }

    /// Reads the text of exactly one RDN, by the rules of ``DistinguishedName/init(parsing:)-(String)``.
    package init(parsing text: String) throws(DistinguishedNameError) {
        var parser = DistinguishedNameParser(bytes: Array(text.utf8))
        self = try parser.parseOnlyRDN()
    }

    /// The type of the first assertion, as written.
    package var type: String { assertions.first?.type ?? "" }

    /// The value of the first assertion.
    package var value: Octets { assertions.first?.value ?? Octets() }

    /// The key for equality: types in lower case with OIDs and long names replaced by the short name, values in
    /// their ``CaseFolding`` form, assertions sorted. Equal keys mean equal components: `,`, `+` and `\` within a value are
    /// escaped. Invalid UTF-8 is kept as it is.
    package var normalized: Octets {
        var key: [UInt8] = []
        appendNormalized(to: &key)
        return Octets(key)
    }

    func appendNormalized(to key: inout [UInt8]) {
        switch assertions.count {
        case 0:
            // Nothing else gives a bare plus, so the key of a name that holds this stays distinct.
            key.append(.plus)
        case 1:
            assertions[0].appendNormalized(to: &key)
        default:
            let parts = assertions.map { assertion in
                var part: [UInt8] = []
                assertion.appendNormalized(to: &part)
                return part
            }
            for (index, part) in parts.sorted(by: { $0.lexicographicallyPrecedes($1) }).enumerated() {
                if index > 0 { key.append(.plus) }
                key.append(contentsOf: part)
            }
        }
    }

    func appendDescription(to text: inout [UInt8]) {
        for (index, assertion) in assertions.enumerated() {
            if index > 0 { text.append(.plus) }
            assertion.appendDescription(to: &text)
        }
    }
}

extension RelativeDistinguishedName: CustomStringConvertible {
    /// The text of RFC 4514, escaped; see ``DistinguishedName/description``.
    package var description: String {
        var text: [UInt8] = []
        appendDescription(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension RelativeDistinguishedName.Assertion {
    fileprivate func appendNormalized(to key: inout [UInt8]) {
        for byte in Self.shortName(of: type).utf8 {
            if byte == .comma || byte == .plus || byte == .backslash || byte == .equals { key.append(.backslash) }
            key.append(byte)
        }
        key.append(.equals)
        for byte in CaseFolding.fold(value.bytes) {
            if byte == .comma || byte == .plus || byte == .backslash { key.append(.backslash) }
            key.append(byte)
        }
    }

    fileprivate func appendDescription(to text: inout [UInt8]) {
        text.append(contentsOf: type.utf8)
        text.append(.equals)
        let bytes = value.bytes
        // Where one octet is invalid, all beyond ASCII are written in hex: they mean the same and no reader has to guess.
        let keepsNonASCII = !bytes.contains { $0 >= 0x80 } || value.text != nil
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case .comma, .plus, .quote, .backslash, .less, .greater, .semicolon:
                text.append(.backslash)
                text.append(byte)
            case .space where index == 0 || index == bytes.count - 1, .hash where index == 0:
                text.append(.backslash)
                text.append(byte)
            case 0..<0x20, 0x7F:
                text.appendHexEscape(byte)
            case 0x80... where !keepsNonASCII:
                text.appendHexEscape(byte)
            default:
                text.append(byte)
            }
        }
    }

    /// One name for each type that RDNs are made of, whichever of its names a server or a person used.
    private static func shortName(of type: String) -> String {
        let name = CaseFolding.lowercaseName(type)
        // Every short name in use fits into this, and needs no look-up.
        if name.utf8.count <= 3 { return name == "gn" ? "givenname" : name }
        return shortNames[name] ?? name
    }

    private static let shortNames: [String: String] = [
        "2.5.4.3": "cn", "commonname": "cn",
        "2.5.4.4": "sn", "surname": "sn",
        "2.5.4.5": "serialnumber",
        "2.5.4.6": "c", "countryname": "c",
        "2.5.4.7": "l", "localityname": "l",
        "2.5.4.8": "st", "stateorprovincename": "st",
        // Not streetAddress: to AD that is another attribute.
        "2.5.4.9": "street",
        "2.5.4.10": "o", "organizationname": "o",
        "2.5.4.11": "ou", "organizationalunitname": "ou",
        "2.5.4.12": "title",
        "2.5.4.20": "telephonenumber",
        "2.5.4.41": "name",
        "2.5.4.42": "givenname",
        "0.9.2342.19200300.100.1.1": "uid", "userid": "uid",
        "0.9.2342.19200300.100.1.3": "mail", "rfc822mailbox": "mail",
        "0.9.2342.19200300.100.1.25": "dc", "domaincomponent": "dc",
        "1.2.840.113549.1.9.1": "emailaddress", "email": "emailaddress", "pkcs9email": "emailaddress",
        "1.3.6.1.1.16.4": "entryuuid",
        "2.16.840.1.113730.3.1.3": "employeenumber",
    ]
}

extension UInt8 {
    static let space: UInt8 = 0x20
    static let quote: UInt8 = 0x22
    static let hash: UInt8 = 0x23
    static let plus: UInt8 = 0x2B
    static let comma: UInt8 = 0x2C
    static let hyphen: UInt8 = 0x2D
    static let semicolon: UInt8 = 0x3B
    static let less: UInt8 = 0x3C
    static let equals: UInt8 = 0x3D
    static let greater: UInt8 = 0x3E
    static let backslash: UInt8 = 0x5C

    /// The worth of an ASCII hex digit of either case.
    var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension [UInt8] {
    /// Appends `\XX`, in which the filter and the name syntax agree.
    mutating func appendHexEscape(_ byte: UInt8) {
        append(.backslash)
        appendHex(byte >> 4)
        appendHex(byte & 0xF)
    }

    private mutating func appendHex(_ digit: UInt8) {
        append(digit < 10 ? 0x30 + digit : 0x41 + digit - 10)
    }
}
