/// A search filter (RFC 4511 §4.5.1.7, text by RFC 4515). Assertion values are octets without any escaping.
package indirect enum Filter: Hashable, Sendable {
    case and([Filter])
    case or([Filter])
    case not(Filter)
    case equality(String, Octets)
    case substrings(String, initial: Octets?, any: [Octets], final: Octets?)
    case greaterOrEqual(String, Octets)
    case lessOrEqual(String, Octets)
    case present(String)
    case approximate(String, Octets)
    /// `attribute:dn:rule:=value`; one of `attribute` and `rule` is given.
    case extensible(attribute: String?, rule: String?, dnAttributes: Bool, value: Octets)

    /// The attributes that ``matches(_:)`` asks for, under the names it uses: in lower case, without `;binary`;
    /// sorted, each once.
    package var attributes: [String] {
        var names: Set<String> = []
        collectAttributes(into: &names)
        return names.sorted()
    }

    private func collectAttributes(into names: inout Set<String>) {
        switch self {
        case .and(let filters), .or(let filters):
            for filter in filters { filter.collectAttributes(into: &names) }
        case .not(let filter):
            filter.collectAttributes(into: &names)
        case .equality(let attribute, _), .greaterOrEqual(let attribute, _), .lessOrEqual(let attribute, _),
            .approximate(let attribute, _), .present(let attribute), .substrings(let attribute, _, _, _):
            names.insert(Self.lookupName(of: attribute))
        case .extensible(let attribute, _, let dnAttributes, _):
            if let attribute { names.insert(Self.lookupName(of: attribute)) }
            if dnAttributes { names.formUnion(Self.nameAttributes) }
        }
    }

    /// Where an entry states its own name: AD's attribute, and RFC 5020's.
    static let nameAttributes = ["distinguishedname", "entrydn"]

    /// `;binary` says how a value is transferred, not which attribute it belongs to (RFC 4522), so both names are one.
    static func lookupName(of attribute: String) -> String {
        let name = CaseFolding.lowercaseName(attribute)
        guard name.utf8.contains(.semicolon) else { return name }
        return name.split(separator: ";", omittingEmptySubsequences: false).filter { $0 != "binary" }
            .joined(separator: ";")
    }
}

extension Filter: CustomStringConvertible {
    /// The text of RFC 4515: `*`, `(`, `)`, `\`, control characters and octets that are not UTF-8 as `\XX`.
    package var description: String {
        var text: [UInt8] = []
        appendDescription(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func appendDescription(to text: inout [UInt8]) {
        text.append(.openParenthesis)
        switch self {
        case .and(let filters):
            text.append(.ampersand)
            for filter in filters { filter.appendDescription(to: &text) }
        case .or(let filters):
            text.append(.bar)
            for filter in filters { filter.appendDescription(to: &text) }
        case .not(let filter):
            text.append(.exclamation)
            filter.appendDescription(to: &text)
        case .equality(let attribute, let value):
            Self.append(attribute, "=", value, to: &text)
        case .greaterOrEqual(let attribute, let value):
            Self.append(attribute, ">=", value, to: &text)
        case .lessOrEqual(let attribute, let value):
            Self.append(attribute, "<=", value, to: &text)
        case .approximate(let attribute, let value):
            Self.append(attribute, "~=", value, to: &text)
        case .present(let attribute):
            Self.append(attribute, "=*", Octets(), to: &text)
        case .substrings(let attribute, let initial, let any, let final):
            Self.append(attribute, "=", initial ?? Octets(), to: &text)
            text.append(.asterisk)
            for part in any {
                Self.appendEscaped(part, to: &text)
                text.append(.asterisk)
            }
            if let final { Self.appendEscaped(final, to: &text) }
        case .extensible(let attribute, let rule, let dnAttributes, let value):
            text.append(contentsOf: (attribute ?? "").utf8)
            if dnAttributes { text.append(contentsOf: ":dn".utf8) }
            if let rule { text.append(contentsOf: ":\(rule)".utf8) }
            Self.append("", ":=", value, to: &text)
        }
        text.append(.closeParenthesis)
    }

    private static func append(_ attribute: String, _ sign: String, _ value: Octets, to text: inout [UInt8]) {
        text.append(contentsOf: attribute.utf8)
        text.append(contentsOf: sign.utf8)
        appendEscaped(value, to: &text)
    }

    private static func appendEscaped(_ value: Octets, to text: inout [UInt8]) {
        let keepsNonASCII = !value.bytes.contains { $0 >= 0x80 } || value.text != nil
        for byte in value.bytes {
            switch byte {
            case 0..<0x20, 0x7F, .asterisk, .openParenthesis, .closeParenthesis, .backslash:
                text.appendHexEscape(byte)
            case 0x80... where !keepsNonASCII:
                text.appendHexEscape(byte)
            default:
                text.append(byte)
            }
        }
    }
}

extension UInt8 {
    static let exclamation: UInt8 = 0x21
    static let ampersand: UInt8 = 0x26
    static let openParenthesis: UInt8 = 0x28
    static let closeParenthesis: UInt8 = 0x29
    static let asterisk: UInt8 = 0x2A
    static let colon: UInt8 = 0x3A
    static let bar: UInt8 = 0x7C
    static let tilde: UInt8 = 0x7E
}
