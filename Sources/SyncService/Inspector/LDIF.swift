import SyncModel

/// Writes entries as LDIF (RFC 2849).
enum LDIF {
    private static let width = 76

    /// The first line of a file.
    static func begin(_ text: inout [UInt8]) { text.append(contentsOf: "version: 1\n\n".utf8) }

    /// - Parameters:
    ///   - wanted: lower-cased names of the attributes to print; nil: all.
    ///   - isForPeople: text that is not ASCII stays readable, and long lines stay whole; else all is as RFC 2849 demands.
    static func append(
        _ entry: ShownEntry,
        _ wanted: Set<String>? = nil,
        isForPeople: Bool,
        to text: inout [UInt8]
    ) {
        append("dn", .text(entry.name), isForPeople, &text)
        for attribute in entry.attributes where wanted?.contains(attribute.name) ?? true {
            for value in attribute.values where value != .secret { append(attribute.name, value, isForPeople, &text) }
        }
        let anchorName = entry.side == .ad ? "objectguid" : "entryuuid"
        if wanted?.contains(anchorName) ?? true {
            let anchor: ShownValue =
                entry.side == .ad && !isForPeople ? .octets(entry.replica.anchor.octets) : .text(entry.anchor)
            append(entry.side == .ad ? "objectGUID" : "entryUUID", anchor, isForPeople, &text)
        }
        text.append(0x0A)
    }

    private static func append(_ name: String, _ value: ShownValue, _ isForPeople: Bool, _ text: inout [UInt8]) {
        let start = text.count
        text.append(contentsOf: name.utf8)
        if case .text(let string) = value, isSafe(string, isForPeople) {
            text.append(contentsOf: ": ".utf8)
            text.append(contentsOf: string.utf8)
        } else {
            text.append(contentsOf: ":: ".utf8)
            text.append(contentsOf: value.base64.utf8)
        }
        if !isForPeople && text.count - start > width { fold(&text, from: start) }
        text.append(0x0A)
    }

    /// SAFE-STRING of RFC 2849, without a space at the end as well.
    private static func isSafe(_ string: String, _ isForPeople: Bool) -> Bool {
        let bytes = string.utf8
        guard let first = bytes.first else { return true }
        if first == 0x20 || first == 0x3A || first == 0x3C || bytes.last == 0x20 { return false }
        return bytes.allSatisfy { $0 != 0 && $0 != 0x0A && $0 != 0x0D && (isForPeople || $0 < 0x80) }
    }

    /// Breaks the line that begins at `start`; each further one begins with a space.
    private static func fold(_ text: inout [UInt8], from start: Int) {
        let line = Array(text[start...])
        text.removeSubrange(start...)
        text.append(contentsOf: line[..<width])
        var position = width
        while position < line.count {
            let end = min(position + width - 1, line.count)
            text.append(contentsOf: "\n ".utf8)
            text.append(contentsOf: line[position..<end])
            position = end
        }
    }
}
