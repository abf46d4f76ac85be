import Foundation
import SyncModel

/// A value as a person or a program may see it: as text where it is text, else in base64.
enum ShownValue: Hashable {
    case text(String)
    case octets([UInt8])
    /// Of an attribute that nobody is shown.
    case secret

    init(_ octets: Octets) {
        if let text = octets.text, Self.isPrintable(octets.bytes) {
            self = .text(text)
        } else {
            self = .octets(octets.bytes)
        }
    }

    var base64: String {
        switch self {
        case .text(let text): Data(text.utf8).base64EncodedString()
        case .octets(let octets): Data(octets).base64EncodedString()
        case .secret: ""
        }
    }

    /// For a person, on one line.
    var line: String {
        switch self {
        case .text(let text):
            guard text.unicodeScalars.contains(where: { $0.value < 0x20 || Self.turnsAround($0) }) else { return text }
            return Self.escaped(text)
        case .octets(let octets):
            let shown = octets.count <= 48 ? base64 : Data(octets.prefix(48)).base64EncodedString() + "…"
            return "\(shown) (base64, \(octets.count) octets)"
        case .secret: return "<not shown>"
        }
    }

    /// Text as a string, all else as an object with the key `base64`; a value that is not shown as one with the key `secret`.
    var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .octets: .object([("base64", .string(base64))])
        case .secret: .object([("secret", .bool(true))])
        }
    }

    private static func escaped(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": line += "\\\\"
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            case "\t": line += "\\t"
            case _ where turnsAround(scalar): line += "\\u{\(String(scalar.value, radix: 16))}"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    /// Changes the direction of what follows, so that a value could look like another one.
    private static func turnsAround(_ scalar: Unicode.Scalar) -> Bool {
        0x202A...0x202E ~= scalar.value || 0x2066...0x2069 ~= scalar.value
    }

    /// No control characters but line ends and tabs: a terminal obeys the others, the C1 set (U+0080 to U+009F) among them.
    private static func isPrintable(_ bytes: [UInt8]) -> Bool {
        var last: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D || byte == 0x7F { return false }
            if last == 0xC2 && byte < 0xA0 && byte >= 0x80 { return false }
            last = byte
        }
        return true
    }
}
