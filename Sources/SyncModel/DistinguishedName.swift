/// The name of an entry: its RDN and those of all entries above it (RFC 4514).
///
/// `==` compares as written, so a change of case alone is seen; `normalized` is the key under which a directory holds
/// two names to be the same. The relations (``isDescendant(of:)`` and the like) compare by that key.
package struct DistinguishedName: Hashable, Sendable {
    /// The longest text that is read, in octets. No server stores a name near it.
    package static let maximumOctets = 65_536

    /// The entry's own RDN first, as in the text; empty for the root.
    package var rdns: [RelativeDistinguishedName]

    package init(_ rdns: [RelativeDistinguishedName]) {
        self.rdns = rdns
    }

    /// Reads the text of RFC 4514, and what RFC 2253 and RFC 1779 allowed besides: spaces around separators, `;` for
    /// `,`, quoted values, the prefix `OID.`. A value in `#hex` is the content of the BER string that it encodes.
    /// The empty text is the root.
    package init(parsing text: String) throws(DistinguishedNameError) {
        var parser = DistinguishedNameParser(bytes: Array(text.utf8))
        self.rdns = try parser.parseName()
    }

    /// Reads a name from a server's octets, which need not be UTF-8.
    package init(parsing octets: Octets) throws(DistinguishedNameError) {
        var parser = DistinguishedNameParser(bytes: octets.bytes)
        self.rdns = try parser.parseName()
    }

    /// The key for equality: the components' keys, leaf first, joined by commas. Two names have the same key only if
    /// their components have.
    package var normalized: Octets {
        var key: [UInt8] = []
        key.reserveCapacity(rdns.count * 16)
        for (index, rdn) in rdns.enumerated() {
            if index > 0 { key.append(.comma) }
            rdn.appendNormalized(to: &key)
        }
        return Octets(key)
    }

    /// The name of the entry above; nil for the root.
    package var parent: DistinguishedName? {
        rdns.isEmpty ? nil : DistinguishedName(Array(rdns.dropFirst()))
    }

    /// The entry's own RDN; nil for the root.
    package var leaf: RelativeDistinguishedName? { rdns.first }

    package var isRoot: Bool { rdns.isEmpty }

    /// Whether this lies strictly below `ancestor`.
    package func isDescendant(of ancestor: DistinguishedName) -> Bool {
        rdns.count > ancestor.rdns.count && endsWith(ancestor)
    }

    /// Whether this is `ancestor` or lies below it.
    package func isEqualOrDescendant(of ancestor: DistinguishedName) -> Bool {
        rdns.count >= ancestor.rdns.count && endsWith(ancestor)
    }

    /// The components that lead from `ancestor` here, leaf first: none if both are the same, nil if this is neither
    /// `ancestor` nor below it.
    package func relative(to ancestor: DistinguishedName) -> [RelativeDistinguishedName]? {
        guard isEqualOrDescendant(of: ancestor) else { return nil }
        return Array(rdns.dropLast(ancestor.rdns.count))
    }

    /// The name of the entry `rdn` directly below.
    package func child(_ rdn: RelativeDistinguishedName) -> DistinguishedName {
        DistinguishedName([rdn] + rdns)
    }

    private func endsWith(_ ancestor: DistinguishedName) -> Bool {
        let offset = rdns.count - ancestor.rdns.count
        // From the leaf's side: siblings' subtrees differ there, while all names of a directory share the root's side.
        for (index, theirs) in ancestor.rdns.enumerated() {
            let ours = rdns[offset + index]
            if ours != theirs && ours.normalized != theirs.normalized { return false }
        }
        return true
    }
}

extension DistinguishedName: CustomStringConvertible {
    /// The text of RFC 4514 in the form that both servers accept: `,` `+` `"` `\` `<` `>` `;`, a leading `#` and leading
    /// or trailing spaces with a backslash; control characters and octets that are not UTF-8 as `\XX`.
    package var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(rdns.count * 16)
        for (index, rdn) in rdns.enumerated() {
            if index > 0 { text.append(.comma) }
            rdn.appendDescription(to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Why a text is not a distinguished name. Holds nothing of the text itself.
package struct DistinguishedNameError: Error, Hashable, CustomStringConvertible {
    /// Where, in Unicode characters from the start.
    package var position: Int
    package var reason: String

    package init(position: Int, reason: String) {
        self.position = position
        self.reason = reason
    }

    package var description: String { "not a distinguished name: \(reason) at character \(position)" }
}

struct DistinguishedNameParser {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parseName() throws(DistinguishedNameError) -> [RelativeDistinguishedName] {
        guard bytes.count <= DistinguishedName.maximumOctets else { throw failure("too long") }
        skipSpaces()
        guard !isAtEnd else { return [] }
        var rdns: [RelativeDistinguishedName] = []
        while true {
            rdns.append(try parseRDN())
            guard !isAtEnd else { return rdns }
            // A value ends only at the end or before a separator, and plus signs are consumed by then.
            position += 1
            skipSpaces()
        }
    }

    mutating func parseOnlyRDN() throws(DistinguishedNameError) -> RelativeDistinguishedName {
        guard bytes.count <= DistinguishedName.maximumOctets else { throw failure("too long") }
        skipSpaces()
        let rdn = try parseRDN()
        guard isAtEnd else { throw failure("more than one component") }
        return rdn
    }

    private var isAtEnd: Bool { position == bytes.count }

    private mutating func skipSpaces() {
        while position < bytes.count && bytes[position] == .space { position += 1 }
    }

    private func failure(_ reason: String, at offset: Int? = nil) -> DistinguishedNameError {
        let characters = bytes[..<(offset ?? position)].count { $0 & 0xC0 != 0x80 }
        return DistinguishedNameError(position: characters, reason: reason)
    }

    private mutating func parseRDN() throws(DistinguishedNameError) -> RelativeDistinguishedName {
        let first = try parseAssertion()
        var rdn = RelativeDistinguishedName(type: first.type, value: first.value)
        while !isAtEnd && bytes[position] == .plus {
            position += 1
            skipSpaces()
            rdn.assertions.append(try parseAssertion())
        }
        return rdn
    }

    private mutating func parseAssertion() throws(DistinguishedNameError) -> RelativeDistinguishedName.Assertion {
        let type = try parseType()
        skipSpaces()
        guard !isAtEnd && bytes[position] == .equals else { throw failure("'=' expected") }
        position += 1
        skipSpaces()
        return RelativeDistinguishedName.Assertion(type: type, value: Octets(try parseValue()))
    }

    private mutating func parseType() throws(DistinguishedNameError) -> String {
        if bytes.count - position > 4, bytes[position] | 0x20 == 0x6F, bytes[position + 1] | 0x20 == 0x69,
            bytes[position + 2] | 0x20 == 0x64, bytes[position + 3] == 0x2E
        {
            position += 4
            guard bytes[position] &- 0x30 < 10 else { throw failure("digit expected after 'OID.'") }
        }
        let start = position
        guard !isAtEnd else { throw failure("attribute type expected") }
        if bytes[position] &- 0x30 < 10 {
            while !isAtEnd && (bytes[position] &- 0x30 < 10 || bytes[position] == 0x2E) {
                if bytes[position] == 0x2E && (bytes[position - 1] == 0x2E) { throw failure("digit expected") }
                position += 1
            }
            guard bytes[position - 1] != 0x2E else { throw failure("digit expected") }
        } else {
            guard (bytes[position] | 0x20) &- 0x61 < 26 else { throw failure("attribute type expected") }
            while !isAtEnd && Self.isNameByte(bytes[position]) { position += 1 }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        // The underscore is in no RFC but in some schemas.
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == .hyphen || byte == 0x5F
    }

    private mutating func parseValue() throws(DistinguishedNameError) -> [UInt8] {
        guard !isAtEnd else { return [] }
        switch bytes[position] {
        case .hash: return try parseHexString()
        case .quote: return try parseQuoted()
        default: return try parseString()
        }
    }

    private mutating func parseString() throws(DistinguishedNameError) -> [UInt8] {
        let start = position
        while !isAtEnd && !Self.endsPlainRun(bytes[position]) { position += 1 }
        if isAtEnd || isSeparator(bytes[position]) {
            var end = position
            while end > start && bytes[end - 1] == .space { end -= 1 }
            return Array(bytes[start..<end])
        }
        var value = Array(bytes[start..<position])
        // Spaces beyond this count were not escaped, and are no part of the value if nothing follows them.
        var keptCount = 0
        while !isAtEnd && !isSeparator(bytes[position]) {
            let byte = bytes[position]
            switch byte {
            case .backslash:
                value.append(try parseEscape())
                keptCount = value.count
            case .quote: throw failure("unescaped quotation mark")
            case 0: throw failure("unescaped NUL")
            default:
                value.append(byte)
                position += 1
            }
        }
        while value.count > keptCount && value.last == .space { value.removeLast() }
        return value
    }

    private static func endsPlainRun(_ byte: UInt8) -> Bool {
        switch byte {
        case .comma, .semicolon, .plus, .backslash, .quote, 0: true
        default: false
        }
    }

    private func isSeparator(_ byte: UInt8) -> Bool {
        byte == .comma || byte == .semicolon || byte == .plus
    }

    /// Reads a backslash and what it escapes: one of the special characters or two hex digits.
    private mutating func parseEscape() throws(DistinguishedNameError) -> UInt8 {
        guard position + 1 < bytes.count else { throw failure("nothing after '\\'") }
        let escaped = bytes[position + 1]
        switch escaped {
        case .comma, .plus, .quote, .backslash, .less, .greater, .semicolon, .equals, .hash, .space:
            position += 2
            return escaped
        default:
            guard position + 2 < bytes.count, let high = escaped.hexDigitValue,
                let low = bytes[position + 2].hexDigitValue
            else { throw failure("special character or two hex digits expected after '\\'") }
            position += 3
            return high << 4 | low
        }
    }

    private mutating func parseQuoted() throws(DistinguishedNameError) -> [UInt8] {
        let start = position
        position += 1
        var value: [UInt8] = []
        while true {
            guard !isAtEnd else { throw failure("quotation mark is not closed", at: start) }
            switch bytes[position] {
            case .quote:
                position += 1
                try finishValue()
                return value
            case .backslash: value.append(try parseEscape())
            case 0: throw failure("unescaped NUL")
            default:
                value.append(bytes[position])
                position += 1
            }
        }
    }

    private mutating func finishValue() throws(DistinguishedNameError) {
        skipSpaces()
        guard isAtEnd || isSeparator(bytes[position]) else { throw failure("separator expected") }
    }

    /// Reads `#` and the hex of one BER string, and gives its content.
    private mutating func parseHexString() throws(DistinguishedNameError) -> [UInt8] {
        let start = position
        position += 1
        var encoding: [UInt8] = []
        while !isAtEnd, let high = bytes[position].hexDigitValue {
            guard position + 1 < bytes.count, let low = bytes[position + 1].hexDigitValue else {
                throw failure("hex digit expected")
            }
            encoding.append(high << 4 | low)
            position += 2
        }
        try finishValue()
        guard let content = Self.content(ofBERString: encoding) else {
            throw failure("'#' without the BER encoding of a string", at: start)
        }
        return content
    }

    /// The content octets of a primitive BER string with a definite length that fills `encoding`.
    private static func content(ofBERString encoding: [UInt8]) -> [UInt8]? {
        guard encoding.count >= 2 else { return nil }
        switch encoding[0] {
        // OCTET STRING, UTF8String, NumericString, PrintableString, TeletexString, IA5String, VisibleString.
        case 0x04, 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A: break
        default: return nil
        }
        var start = 2
        var length = Int(encoding[1])
        if length >= 0x80 {
            let lengthOctets = length & 0x7F
            guard 1...4 ~= lengthOctets, encoding.count >= 2 + lengthOctets else { return nil }
            start += lengthOctets
            length = encoding[2..<start].reduce(0) { $0 << 8 | Int($1) }
        }
        return encoding.count - start == length ? Array(encoding[start...]) : nil
    }
}
