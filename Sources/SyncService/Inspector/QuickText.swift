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

/// A substring assertion of plain ASCII text.
final class QuickSubstrings {
    private let initial: [UInt8]
    private let any: [[UInt8]]
    private let final: [UInt8]
    /// The value in its folded form.
    private var memory: [UInt8] = []

    /// Nil where a part is more than plain text.
    init?(initial: Octets?, any: [Octets], final: Octets?) {
        let parts = any + [initial, final].compactMap(\.self)
        guard parts.allSatisfy({ $0.bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }) else { return nil }
        self.initial = initial.map { CaseFolding.fold($0.bytes, trimsEnd: false) } ?? []
        self.any = any.map { CaseFolding.fold($0.bytes, trimsStart: false, trimsEnd: false) }
        self.final = final.map { CaseFolding.fold($0.bytes, trimsStart: false) } ?? []
    }

    /// Nil for a value that is more than plain text.
    func matches(_ value: UnsafeRawBufferPointer) -> Bool? {
        memory.removeAll(keepingCapacity: true)
        var isSpacePending = false
        for octet in value {
            if octet == 0x20 {
                isSpacePending = !memory.isEmpty
                continue
            }
            guard octet > 0x20 && octet < 0x7F else { return nil }
            if isSpacePending { memory.append(0x20) }
            isSpacePending = false
            memory.append(QuickText.lowercase(octet))
        }
        // Nothing but spaces is one space.
        if memory.isEmpty && !value.isEmpty { return nil }
        return memory.withUnsafeBytes(isMatch)
    }

    private func isMatch(_ value: UnsafeRawBufferPointer) -> Bool {
        guard value.count >= initial.count + final.count, value.starts(with: initial),
            value.suffix(final.count).elementsEqual(final)
        else { return false }
        var position = initial.count
        let end = value.count - final.count
        for part in any {
            // The first place is the best: it leaves the most for the parts that follow.
            guard let place = Self.place(of: part, in: value, position, end) else { return false }
            position = place + part.count
        }
        return true
    }

    private static func place(of part: [UInt8], in value: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> Int? {
        guard let first = part.first else { return start }
        var place = start
        while place + part.count <= end {
            if value[place] == first {
                var length = 1
                while length < part.count && value[place + length] == part[length] { length += 1 }
                if length == part.count { return place }
            }
            place += 1
        }
        return nil
    }
}
