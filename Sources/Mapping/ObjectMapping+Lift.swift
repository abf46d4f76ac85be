import SyncModel

extension ObjectMapping {
    func canonicalSide(_ lifted: LiftedSide) -> CanonicalSide {
        var items: [Attributes.Item] = []
        items.reserveCapacity(rules.count)
        var unknown: [String] = []
        for slot in canonicalSlots {
            guard lifted.isKnown(slot.rule) else {
                unknown.append(slot.name)
                continue
            }
            let values = lifted.values(slot.part, of: slot.rule)
            if !values.isEmpty { items.append(Attributes.Item(name: slot.name, values: values)) }
        }
        return CanonicalSide(values: Attributes(sorted: items), unknown: unknown, unresolved: lifted.unresolved)
    }

    /// What makes a name unique in its container; nil where it is unique as it is.
    static func nameSuffix(_ nameCounter: UInt8) -> [UInt8]? {
        nameCounter >= 2 ? Array(" (\(nameCounter))".utf8) : nil
    }
}

extension Attributes {
    /// The values of a side, one list for each rule.
    func raw(_ slots: [Slot]) -> [[Octets]] {
        var values = [[Octets]](repeating: [], count: slots.count)
        walk(slots) { slot, found in values[slot.rule] = found }
        return values
    }

    /// The canonical values of the base or of a target, one for each rule.
    func canonicalValues(_ slots: [Slot], count: Int) -> [CanonicalValue] {
        var values = [CanonicalValue](repeating: CanonicalValue(), count: count)
        walk(slots) { slot, found in
            switch slot.part {
            case .primary: values[slot.rule].primary = found
            case .others: values[slot.rule].others = found
            case .standIn: values[slot.rule].standIn = found
            }
        }
        return values
    }

    /// Both are sorted by name, so nothing is looked up.
    @inline(__always)
    private func walk(_ slots: [Slot], _ found: (borrowing Slot, [Octets]) -> Void) {
        items.withUnsafeBufferPointer { items in
            slots.withUnsafeBufferPointer { slots in
                var position = 0
                var item = 0
                while position < slots.count, item < items.count {
                    // Equality first: it is the common case, and for short names one comparison of words.
                    if slots[position].name == items[item].name {
                        found(slots[position], items[item].values)
                        // The item stays: another rule may read it as well.
                        position += 1
                    } else if slots[position].name < items[item].name {
                        position += 1
                    } else {
                        item += 1
                    }
                }
            }
        }
    }
}
