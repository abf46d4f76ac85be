import SyncModel

/// What a transaction has looked up a moment ago, so that asking again neither walks through the file nor decodes: one membership asks for the same pair, entry and row a
/// dozen times. A key has one place; another one that belongs there takes it. Whoever writes a record notes it, or forgets it.
///
/// It holds nothing from one transaction to the next.
struct RecentLookups<Key: LookupKey, Value> {
    private struct Slot {
        var key: Key
        var value: Value
        var transaction: UInt64
    }

    private var slots: [Slot?] = []
    private var transaction: UInt64 = 0
    private let size: Int

    /// - Parameter bits: it has room for two to that power.
    init(bits: Int) { size = 1 << bits }

    mutating func begin() { transaction += 1 }

    @inline(__always)
    func value(_ key: Key) -> Value? {
        guard !slots.isEmpty, let slot = slots[place(key)], slot.transaction == transaction, slot.key == key else {
            return nil
        }
        return slot.value
    }

    @inline(__always)
    mutating func note(_ value: Value, for key: Key) {
        if slots.isEmpty { slots = Array(repeating: nil, count: size) }
        slots[place(key)] = Slot(key: key, value: value, transaction: transaction)
    }

    mutating func forget(_ key: Key) {
        guard !slots.isEmpty, slots[place(key)]?.key == key else { return }
        slots[place(key)] = nil
    }

    @inline(__always)
    private func place(_ key: Key) -> Int {
        // The highest bits of a product depend on all bits of what is multiplied.
        Int(truncatingIfNeeded: (key.lookupBits &* 0x9E37_79B9_7F4A_7C15) >> 40) & (size - 1)
    }
}

protocol LookupKey: Equatable {
    var lookupBits: UInt64 { get }
}

extension PairID: LookupKey {
    var lookupBits: UInt64 { rawValue }
}

extension LinkID: LookupKey {
    var lookupBits: UInt64 { EntryKey(side: side, anchor: member).lookupBits &+ group.high &+ group.low }
}

/// An entry of a side.
struct EntryKey: LookupKey {
    var side: Side
    var anchor: Anchor

    var lookupBits: UInt64 { (anchor.high &* 0xFF51_AFD7_ED55_8CCD) ^ anchor.low ^ UInt64(side.rawValue) }
}
