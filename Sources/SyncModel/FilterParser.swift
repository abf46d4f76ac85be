/// Why a text is not a search filter. Holds nothing of the text itself.
package struct FilterError: Error, Hashable, CustomStringConvertible {
    /// Where, in Unicode characters from the start.
    package var position: Int
    package var reason: String

    package init(position: Int, reason: String) {
        self.position = position
        self.reason = reason
    }

    package var description: String { "not a filter: \(reason) at character \(position)" }
}

extension Filter {
    /// The longest text that is read, in octets.
    package static let maximumOctets = 1_048_576

    /// How many parentheses may be open at once.
    package static let maximumDepth = 128

    /// Reads the text of RFC 4515. Besides, spaces may stand around parentheses and before an attribute, and the
    /// outermost parentheses of a simple filter may be missing, as servers' own tools allow.
    package init(parsing text: String) throws(FilterError) {
        var parser = FilterParser(bytes: Array(text.utf8))
        self = try parser.parse()
    }
}

struct FilterParser {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parse() throws(FilterError) -> Filter {
        guard bytes.count <= Filter.maximumOctets else { throw failure("too long") }
        skipSpaces()
        let filter = current == .openParenthesis ? try parseFilter(depth: 1) : try parseItem()
        skipSpaces()
        guard isAtEnd else { throw failure("end expected") }
        return filter
    }

    private var isAtEnd: Bool { position == bytes.count }

    /// The octet at the position; nil at the end.
    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpaces() {
        while let byte = current, byte == .space || 0x09...0x0D ~= byte { position += 1 }
    }

    private func failure(_ reason: String) -> FilterError {
        FilterError(position: bytes[..<position].count { $0 & 0xC0 != 0x80 }, reason: reason)
    }

    private mutating func parseFilter(depth: Int) throws(FilterError) -> Filter {
        guard current == .openParenthesis else { throw failure("'(' expected") }
        guard depth <= Filter.maximumDepth else { throw failure("nested too deeply") }
        position += 1
        skipSpaces()
        let filter: Filter
        switch current {
        case .ampersand: filter = .and(try parseList(depth: depth))
        case .bar: filter = .or(try parseList(depth: depth))
        case .exclamation:
            position += 1
            skipSpaces()
            filter = .not(try parseFilter(depth: depth + 1))
            skipSpaces()
        default: filter = try parseItem()
        }
        guard current == .closeParenthesis else { throw failure("')' expected") }
        position += 1
        return filter
    }

    /// The filters after `&` or `|`; none is the absolute true or false of RFC 4526.
    private mutating func parseList(depth: Int) throws(FilterError) -> [Filter] {
        position += 1
        var filters: [Filter] = []
        skipSpaces()
        while current == .openParenthesis {
            filters.append(try parseFilter(depth: depth + 1))
            skipSpaces()
        }
        return filters
    }

    private mutating func parseItem() throws(FilterError) -> Filter {
        if current == .colon { return try parseExtensible(attribute: nil) }
        let attribute = try parseName("attribute expected", allowsOptions: true)
        skipSpaces()
        switch current {
        case .equals:
            position += 1
            return try parseEqualityOrSubstrings(attribute)
        case .greater:
            try expectEquals()
            return .greaterOrEqual(attribute, try parseValue())
        case .less:
            try expectEquals()
            return .lessOrEqual(attribute, try parseValue())
        case .tilde:
            try expectEquals()
            return .approximate(attribute, try parseValue())
        case .colon:
            return try parseExtensible(attribute: attribute)
        default:
            throw failure("'=', '>=', '<=', '~=' or ':=' expected")
        }
    }

    private mutating func expectEquals() throws(FilterError) {
        position += 1
        guard current == .equals else { throw failure("'=' expected") }
        position += 1
    }

    /// A short name or a numeric OID, for an attribute with options.
    private mutating func parseName(_ reason: String, allowsOptions: Bool) throws(FilterError) -> String {
        let start = position
        guard let first = current, Self.isLetterOrDigit(first) else { throw failure(reason) }
        while let byte = current {
            if byte == .semicolon {
                // An option is never empty, nor is what it belongs to.
                guard allowsOptions else { break }
                position += 1
                guard let next = current, Self.isLetterOrDigit(next) else { throw failure("option expected") }
            } else if Self.isLetterOrDigit(byte) || byte == .hyphen || byte == 0x2E || byte == 0x5F {
                position += 1
            } else {
                break
            }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
    }

    /// `[:dn][:rule]:=value`, after the attribute if there is one.
    private mutating func parseExtensible(attribute: String?) throws(FilterError) -> Filter {
        var dnAttributes = false
        var rule: String?
        while true {
            position += 1
            if current == .equals { break }
            let name = try parseName("'=', 'dn' or a matching rule expected", allowsOptions: false)
            if CaseFolding.lowercaseName(name) == "dn" && !dnAttributes && rule == nil {
                dnAttributes = true
            } else if rule == nil {
                rule = name
            } else {
                throw failure("':=' expected")
            }
            guard current == .colon else { throw failure("':' expected") }
        }
        guard attribute != nil || rule != nil else { throw failure("attribute or matching rule expected") }
        position += 1
        return .extensible(attribute: attribute, rule: rule, dnAttributes: dnAttributes, value: try parseValue())
    }

    private mutating func parseValue() throws(FilterError) -> Octets {
        let value = try parsePart()
        guard current != .asterisk else { throw failure("'*' is only for substrings; write \\2A") }
        return value
    }

    private mutating func parseEqualityOrSubstrings(_ attribute: String) throws(FilterError) -> Filter {
        let first = try parsePart()
        guard current == .asterisk else { return .equality(attribute, first) }
        var parts: [Octets] = []
        while current == .asterisk {
            position += 1
            parts.append(try parsePart())
        }
        let final = parts.removeLast()
        // Two asterisks in a row ask for nothing between them.
        let any = parts.filter { !$0.isEmpty }
        if first.isEmpty && any.isEmpty && final.isEmpty { return .present(attribute) }
        return .substrings(
            attribute,
            initial: first.isEmpty ? nil : first,
            any: any,
            final: final.isEmpty ? nil : final
        )
    }

    /// Octets up to `*`, `)` or the end, `\XX` decoded.
    private mutating func parsePart() throws(FilterError) -> Octets {
        var value: [UInt8] = []
        while let byte = current, byte != .asterisk, byte != .closeParenthesis {
            switch byte {
            case .openParenthesis: throw failure("'(' in a value; write \\28")
            case 0: throw failure("NUL in a value; write \\00")
            case .backslash:
                guard position + 2 < bytes.count, let high = bytes[position + 1].hexDigitValue,
                    let low = bytes[position + 2].hexDigitValue
                else { throw failure("two hex digits expected after '\\'") }
                value.append(high << 4 | low)
                position += 3
            default:
                value.append(byte)
                position += 1
            }
        }
        return Octets(value)
    }
}
