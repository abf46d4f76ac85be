package import SyncModel

/// What a cache is encrypted with: the contents of a key file. Neither its description nor its mirror shows them.
package struct CacheEncryptionKey: Sendable {
    /// The file's path, for messages.
    package let file: String
    /// 32 octets in base64, as `openssl rand -base64 32` writes them, or 32 octets and more of any kind.
    private let contents: Octets

    package static let leastOctets = 32
    package static let mostOctets = 4096

    package init(file: String, contents: Octets) {
        self.file = file
        self.contents = contents
    }

    /// The octets of the key; nil where there are too few of them.
    var octets: [UInt8]? {
        if let decoded = Self.decoded(contents.bytes) { return decoded }
        return contents.count >= Self.leastOctets ? contents.bytes : nil
    }

    /// Nil for anything that is not the base64 (RFC 4648, section 4) of 32 octets, whatever space is around it.
    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || 0x09...0x0D ~= octet }
        let body = text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        guard body.count == 44, body.last == UInt8(ascii: "=") else { return nil }
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for character in body.dropLast() {
            guard let digit = digit(character) else { return nil }
            bits = bits << 6 | digit
            bitCount += 6
            guard bitCount >= 8 else { continue }
            bitCount -= 8
            octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
        return octets
    }

    private static func digit(_ character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension CacheEncryptionKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "<key of \(file)>" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
