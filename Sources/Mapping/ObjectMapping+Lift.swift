import SyncModel

extension ObjectMapping {
    /// A side's values, one list for each rule.
    func raw(_ attributes: Attributes, _ side: Side) -> [[Octets]] {
        var values = [[Octets]](repeating: [], count: rules.count)
        Self.walk(attributes, slots[side]) { slot, found in values[slot.rule] = found }
        return values
    }

    /// The canonical values of the base or of a target, one for each rule.
    func canonicalValues(_ attributes: Attributes) -> [CanonicalValue] {
        var values = [CanonicalValue](repeating: CanonicalValue(), count: rules.count)
        Self.walk(attributes, canonicalSlots) { slot, found in
            switch slot.part {
            case .primary: values[slot.rule].primary = found
            case .others: values[slot.rule].others = found
            case .standIn: values[slot.rule].standIn = found
            }
        }
        return values
    }

    @inline(__always)
    private static func walk(_ attributes: Attributes, _ slots: [Slot], _ found: (Slot, [Octets]) -> Void) {
        let items = attributes.items
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

    func canonicalSide(_ lifted: LiftedSide) -> CanonicalSide {
        var items: [Attributes.Item] = []
        items.reserveCapacity(rules.count)
        var unknown: [String] = []
        for slot in canonicalSlots {
            guard lifted.isKnown(slot.rule) else {
                unknown.append(slot.name)
                continue
            }
            let values =
                switch slot.part {
                case .primary: lifted.values[slot.rule].primary
                case .others: lifted.values[slot.rule].others
                case .standIn: lifted.values[slot.rule].standIn
                }
            if !values.isEmpty { items.append(Attributes.Item(name: slot.name, values: values)) }
        }
        return CanonicalSide(values: Attributes(sorted: items), unknown: unknown, unresolved: lifted.unresolved)
    }

    /// What makes a name unique in its container; nil where it is unique as it is.
    static func nameSuffix(_ nameCounter: UInt8) -> [UInt8]? {
        nameCounter >= 2 ? Array(" (\(nameCounter))".utf8) : nil
    }
}
