@_spi(_Unicode) import Swift

/// The case-ignoring form of text values, the preparation of RFC 4518 as far as directories carry it out:
/// lower case, canonical composition (NFC), spaces trimmed at both ends and collapsed within.
///
/// Only U+0020 counts as a space. A line feed stays what it is: AD puts one into the names of conflicting and of
/// deleted entries, and it must not equal a space there.
package enum CaseFolding {
    /// The key under which two values are the same to a case-ignoring rule. Invalid UTF-8 is returned unchanged; text of
    /// nothing but spaces becomes one space.
    ///
    /// - Parameters:
    ///   - bytes: the value.
    ///   - lowercasing: false for the case-exact rules.
    ///   - trimsStart: false for a part of a substring assertion that does not begin the value.
    ///   - trimsEnd: false for a part of a substring assertion that does not end the value.
    package static func fold(
        _ bytes: [UInt8],
        lowercasing: Bool = true,
        trimsStart: Bool = true,
        trimsEnd: Bool = true
    ) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else {
            return collapse(bytes, lowercasing: lowercasing, trimsStart: trimsStart, trimsEnd: trimsEnd)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return bytes }
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: (lowercasing ? text.lowercased() : text)._nfc)
        return collapse(Array(String(composed).utf8), lowercasing: false, trimsStart: trimsStart, trimsEnd: trimsEnd)
    }

    /// Lower-cases ASCII letters alone: names of attributes, rules and options.
    package static func lowercaseName(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 &- 0x41 < 26 }) else { return name }
        return String(decoding: name.utf8.lazy.map(lowercase), as: UTF8.self)
    }

    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    private static func collapse(
        _ bytes: [UInt8],
        lowercasing: Bool,
        trimsStart: Bool,
        trimsEnd: Bool
    ) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var pending = false
        for byte in bytes {
            if byte == 0x20 {
                pending = true
                continue
            }
            if pending && !(trimsStart && result.isEmpty) { result.append(0x20) }
            pending = false
            result.append(lowercasing ? lowercase(byte) : byte)
        }
        if pending && (!trimsEnd || result.isEmpty) { result.append(0x20) }
        return result
    }
}

extension Octets {
    /// The key under which the value equals others to a case-ignoring rule; see ``CaseFolding/fold(_:lowercasing:trimsStart:trimsEnd:)``.
    package var caseFolded: Octets { Octets(CaseFolding.fold(bytes)) }
}
