/// The strings of names that stand in many records, by their octets, so that reading a record makes none.
final class NameTable {
    /// Names beyond this number are made anew each time: only a damaged cache has so many.
    private static let limit = 4096
    private var slots: [Slot]
    private var count = 0

    private struct Slot {
        var hash: UInt64
        var name: String
    }

    init() {
        slots = Array(repeating: Slot(hash: 0, name: ""), count: Self.limit * 2)
    }

    /// Nil for octets that are not UTF-8.
    func name(_ octets: UnsafeRawBufferPointer) -> String? {
        // Swift keeps up to 15 octets within the String itself, so there is nothing to share.
        if octets.count <= 15 { return String(validating: octets, as: UTF8.self) }
        let hash = Self.hash(octets)
        var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[index].hash != 0 {
            if slots[index].hash == hash && Self.equal(slots[index].name, octets) { return slots[index].name }
            index = (index + 1) & (slots.count - 1)
        }
        guard let name = String(validating: octets, as: UTF8.self) else { return nil }
        if count < Self.limit {
            slots[index] = Slot(hash: hash, name: name)
            count += 1
        }
        return name
    }

    private static func equal(_ name: String, _ octets: UnsafeRawBufferPointer) -> Bool {
        var name = name
        return name.withUTF8 { utf8 in
            UnsafeRawBufferPointer(utf8).equals(octets)
        }
    }

    /// FNV-1a; 0 marks a free slot.
    private static func hash(_ octets: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in octets { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32 | 1
    }
}
