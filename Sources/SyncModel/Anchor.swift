/// What identifies an entry for good: objectGUID ([MS-ADTS] 3.1.1.1.4) or entryUUID (RFC 4530), in the octet order of the server's own encoding.
package struct Anchor: Hashable, Comparable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes exactly 16 octets; nil for any other number.
    @inlinable
    package init?(octets: some Collection<UInt8>) {
        guard octets.count == 16 else { return nil }
        let half = octets.index(octets.startIndex, offsetBy: 8)
        guard let high = UInt64(bigEndianOctets: octets[..<half]), let low = UInt64(bigEndianOctets: octets[half...])
        else { return nil }
        self.init(high: high, low: low)
    }

    package var octets: [UInt8] {
        high.bigEndianOctets + low.bigEndianOctets
    }

    package static func < (lhs: Anchor, rhs: Anchor) -> Bool {
        lhs.high != rhs.high ? lhs.high < rhs.high : lhs.low < rhs.low
    }

    /// The text that the side's admins know: objectGUID with its first three fields swapped, or entryUUID as it is.
    package func text(on side: Side) -> String {
        side == .ad ? UUIDText.formatGUID(octets) : UUIDText.format(octets)
    }
}

extension UInt64 {
    package var bigEndianOctets: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: self >> (56 - 8 * UInt64($0))) }
    }

    /// Takes exactly 8 octets; nil for any other number.
    @inlinable
    package init?(bigEndianOctets octets: some Collection<UInt8>) {
        guard octets.count == 8 else { return nil }
        self = octets.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
