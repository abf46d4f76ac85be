import SyncModel

extension ObjectMapping {
    /// A side's values, one list for each rule.
    func raw(_ attributes: Attributes, _ slots: [Slot]) -> [[Octets]] {
        var values = [[Octets]](repeating: [], count: rules.count)
        Self.walk(attributes, slots) { slot, found in values[slot.rule] = found }
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
        items.reserveCapacity(canonicalSlots.count)
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

    /// The pairs that references name, in canonical form; nil if one of them has none (yet).
    func pairIDs(
        _ side: Side,
        _ values: [Octets],
        _ resolver: some ReferenceResolver,
        _ unresolved: inout [Reference]
    ) throws -> [Octets]? {
        guard !values.isEmpty else { return values }
        var pairs: [Octets] = []
        var isComplete = true
        for value in values {
            guard let reference = Reference(value) else {
                isComplete = false
                continue
            }
            if case .entry(let anchor) = reference, let pair = try resolver.pairID(side, anchor) {
                pairs.append(Octets(pair.rawValue.bigEndianOctets))
            } else {
                unresolved.append(reference)
                isComplete = false
            }
        }
        guard isComplete else { return nil }
        return pairs.count > 1 ? Array(Set(pairs)).sorted() : pairs
    }

    /// - Parameters:
    ///   - context: the rule's value in the base.
    ///   - suffix: the name counter as it is appended, or nil.
    ///   - known: names that AD may hold without a counter, whatever they end in.
    func liftAD(
        _ rule: CompiledRule,
        _ elements: [Octets],
        _ context: CanonicalValue?,
        _ suffix: [UInt8]?,
        _ known: [Octets]
    ) -> CanonicalValue? {
        switch rule.type {
        case .value, .reference: break
        default: return AccountLens.lift(rule.type, .ad, elements, context).map { CanonicalValue(primary: $0) }
        }
        if rule.shape == .set { return CanonicalValue(primary: elements) }
        var primary = elements.count > 1 ? [elements[0]] : elements
        if rule.isCountedAtAD, let suffix, let name = primary.first, !known.contains(name) {
            let bytes = name.bytes
            if bytes.count > suffix.count, bytes.suffix(suffix.count).elementsEqual(suffix) {
                primary = [Octets(bytes.dropLast(suffix.count))]
            }
        }
        guard rule.shape == .registerWithOthers, let context else { return CanonicalValue(primary: primary) }
        return CanonicalValue(primary: primary, others: context.others.subtracting(primary))
    }

    /// - Parameter context: the rule's value in the base, or without a base at AD; nil where there is neither.
    func liftMiniOrange(_ rule: CompiledRule, _ elements: [Octets], _ context: CanonicalValue?) -> CanonicalValue? {
        switch rule.type {
        case .value, .reference: break
        default: return AccountLens.lift(rule.type, .miniorange, elements, context).map { CanonicalValue(primary: $0) }
        }
        guard rule.shape != .set, let first = elements.first else { return CanonicalValue(primary: elements) }
        guard let context else {
            return CanonicalValue(
                primary: [first],
                others: rule.shape == .registerWithOthers ? Array(elements.dropFirst()) : []
            )
        }
        let primary: [Octets]
        if let agreed = context.primary.first, elements.contains(agreed) {
            primary = context.primary
        } else if let fresh = elements.first(where: { !context.others.contains($0) }) {
            primary = [fresh]
        } else {
            // Nothing but further values is left: the one that AD holds was removed.
            primary = []
        }
        guard rule.shape == .registerWithOthers else {
            return CanonicalValue(primary: primary.isEmpty ? [first] : primary)
        }
        return CanonicalValue(primary: primary, others: elements.subtracting(primary))
    }

    /// What makes a name unique in its container; nil where it is unique as it is.
    static func nameSuffix(_ nameCounter: UInt8) -> [UInt8]? {
        nameCounter >= 2 ? Array(" (\(nameCounter))".utf8) : nil
    }
}
