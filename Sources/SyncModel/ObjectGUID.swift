/// The text of the 16 octets that identify an entry for good: entryUUID in the order of the text (RFC 4122 §3), objectGUID with
/// its first three fields little-endian ([MS-DTYP] 2.3.4).
package enum UUIDText {
    /// The 16 octets, in the order of the text, of `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; either case, braces allowed.
    /// Nil for anything else.
    package static func parse(_ text: String) -> [UInt8]? {
        var digits = Array(text.utf8)
        if digits.count == 38 && digits[0] == 0x7B && digits[37] == 0x7D { digits = Array(digits[1..<37]) }
        guard digits.count == 36 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(16)
        var position = 0
        while position < 36 {
            if hyphens.contains(position) {
                guard digits[position] == .hyphen else { return nil }
                position += 1
            }
            guard let high = digits[position].hexDigitValue, let low = digits[position + 1].hexDigitValue else {
                return nil
            }
            octets.append(high << 4 | low)
            position += 2
        }
        return octets
    }

    /// The text, in lower case, of 16 octets in the order of the text. Any other count gives plain hex.
    package static func format(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for octet in octets {
            if octets.count == 16 && hyphens.contains(text.count) { text.append(.hyphen) }
            for digit in [octet >> 4, octet & 0xF] { text.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The text of an objectGUID's 16 octets. Any other count gives plain hex.
    package static func formatGUID(_ octets: [UInt8]) -> String {
        format(octets.count == 16 ? swapped(octets) : octets)
    }

    /// The 16 octets of an objectGUID from its text; see ``parse(_:)`` for what is read.
    package static func parseGUID(_ text: String) -> [UInt8]? {
        parse(text).map(swapped)
    }

    private static let hyphens = [8, 13, 18, 23]

    private static let guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

    /// Its own inverse.
    private static func swapped(_ octets: [UInt8]) -> [UInt8] {
        guidOrder.map { octets[$0] }
    }
}
