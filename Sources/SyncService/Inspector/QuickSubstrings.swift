import SyncModel

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
