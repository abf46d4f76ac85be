/// JSON whose objects keep the order in which they were written down: the keys are part of what the inspector promises.
enum JSONValue {
    case null
    case bool(Bool)
    case int(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(String, JSONValue)])

    /// Null where there is none.
    static func string(orNull text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
    static func int(orNull number: Int?) -> JSONValue { number.map(JSONValue.int) ?? .null }

    /// - Parameter indent: how deep it stands, for people; nil: all on one line.
    func append(to text: inout [UInt8], indent: Int?) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let flag): text.append(contentsOf: (flag ? "true" : "false").utf8)
        case .int(let number): text.append(contentsOf: String(number).utf8)
        case .number(let number): text.append(contentsOf: String(number).utf8)
        case .string(let string): Self.append(string, to: &text)
        case .array(let items):
            Self.append(items.count, "[", "]", to: &text, indent) { position, text, indent in
                items[position].append(to: &text, indent: indent)
            }
        case .object(let members):
            Self.append(members.count, "{", "}", to: &text, indent) { position, text, indent in
                Self.append(members[position].0, to: &text)
                text.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                members[position].1.append(to: &text, indent: indent)
            }
        }
    }

    private static func append(
        _ count: Int,
        _ begin: String,
        _ end: String,
        to text: inout [UInt8],
        _ indent: Int?,
        _ item: (Int, inout [UInt8], Int?) -> Void
    ) {
        text.append(contentsOf: begin.utf8)
        for position in 0..<count {
            if position > 0 { text.append(UInt8(ascii: ",")) }
            if let indent { breakLine(&text, indent + 1) }
            item(position, &text, indent.map { $0 + 1 })
        }
        if let indent, count > 0 { breakLine(&text, indent) }
        text.append(contentsOf: end.utf8)
    }

    private static func breakLine(_ text: inout [UInt8], _ indent: Int) {
        text.append(0x0A)
        text.append(contentsOf: repeatElement(0x20, count: 2 * indent))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        defer { text.append(UInt8(ascii: "\"")) }
        // Nearly all of them are plain.
        guard string.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F }) else {
            text.append(contentsOf: string.utf8)
            return
        }
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
                text.append(byte)
            case 0x0A: text.append(contentsOf: "\\n".utf8)
            case 0x0D: text.append(contentsOf: "\\r".utf8)
            case 0x09: text.append(contentsOf: "\\t".utf8)
            case 0..<0x20, 0x7F:
                text.append(contentsOf: "\\u00".utf8)
                text.append(hexDigits[Int(byte >> 4)])
                text.append(hexDigits[Int(byte & 0xF)])
            default: text.append(byte)
            }
        }
    }
}
