/// The strings of names that stand in many records, by their octets, so that reading a record makes none.
final class NameTable {
    /// Names beyond this number are made anew each time: only a damaged cache has so many.
    private static let limit = 1024
    private var slots: [Slot]
    private var count = 0

    /// What two words tell of a name: all of one that has up to 15 octets, else a hash.
    private struct Signature: Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0

        var isFree: Bool { low == 0 && high == 0 }
        var index: Int { Int(truncatingIfNeeded: (low ^ high &* 0x9E37_79B9_7F4A_7C15) &* 0xFF51_AFD7_ED55_8CCD >> 40) }
    }

    private struct Slot {
        var signature: Signature
        var name: String
    }

    init() {
        slots = Array(repeating: Slot(signature: Signature(), name: ""), count: Self.limit * 2)
    }

    /// Nil for octets that are not UTF-8.
    func name(_ octets: UnsafeRawBufferPointer) -> String? {
        if octets.isEmpty { return "" }
        let isShort = octets.count <= 15
        let signature = isShort ? Self.whole(octets) : Self.hash(octets)
        var index = signature.index & (slots.count - 1)
        while !slots[index].signature.isFree {
            if slots[index].signature == signature && (isShort || Self.equal(slots[index].name, octets)) {
                return slots[index].name
            }
            index = (index + 1) & (slots.count - 1)
        }
        guard let name = String(validating: octets, as: UTF8.self) else { return nil }
        if count < Self.limit {
            slots[index] = Slot(signature: signature, name: name)
            count += 1
        }
        return name
    }

    private static func equal(_ name: String, _ octets: UnsafeRawBufferPointer) -> Bool {
        var name = name
        return name.withUTF8 { UnsafeRawBufferPointer($0).equals(octets) }
    }

    /// The octets, and their number in the highest octet.
    private static func whole(_ octets: UnsafeRawBufferPointer) -> Signature {
        var words: (UInt64, UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: octets) }
        return Signature(low: words.0, high: UInt64(littleEndian: words.1) | UInt64(octets.count) << 56)
    }

    /// FNV-1a, and a highest octet that no short name has.
    private static func hash(_ octets: UnsafeRawBufferPointer) -> Signature {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return Signature(low: hash, high: 0xFF << 56)
    }
}
