import SyncModel

/// Comparison of plain ASCII text without regard to case and to runs of spaces, on octets that stay where they are.
enum QuickText {
    /// The form that `equals` compares with; nil for an assertion that may equal what looks otherwise: names of entries, times, text beyond ASCII.
    static func folded(_ assertion: Octets) -> [UInt8]? {
        guard assertion.bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "=") }) else { return nil }
        guard GeneralizedTime(parsing: assertion) == nil else { return nil }
        let folded = CaseFolding.fold(assertion.bytes)
        return folded.isEmpty || folded == [0x20] ? nil : folded
    }

    /// Nil where text beyond ASCII may still be equal.
    static func equals(_ value: UnsafeRawBufferPointer, _ wanted: [UInt8]) -> Bool? {
        var position = 0
        var isSpacePending = false
        for octet in value {
            if octet == 0x20 {
                isSpacePending = position > 0
                continue
            }
            if octet >= 0x80 { return nil }
            if isSpacePending {
                guard position < wanted.count, wanted[position] == 0x20 else { return false }
                position += 1
                isSpacePending = false
            }
            guard position < wanted.count, wanted[position] == lowercase(octet) else { return false }
            position += 1
        }
        return position == wanted.count
    }

    /// A stored reference; nil for one that is kept as a name.
    static func isReference(_ value: UnsafeRawBufferPointer, _ wanted: [UInt8]) -> Bool? {
        if value.first != 1 { return nil }
        return value.count == wanted.count && value.elementsEqual(wanted)
    }

    @inline(__always)
    static func lowercase(_ octet: UInt8) -> UInt8 { octet &- 0x41 < 26 ? octet | 0x20 : octet }
}
