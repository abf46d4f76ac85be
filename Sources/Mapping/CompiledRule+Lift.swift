import SyncModel

extension CompiledRule {
    /// - Parameters:
    ///   - context: the rule's value in the base.
    ///   - suffix: the name counter as it is appended, or nil.
    ///   - known: names that AD may hold without a counter, whatever they end in.
    /// - Returns: nil where the values say nothing.
    func liftAD(
        _ elements: [Octets],
        _ context: CanonicalValue?,
        _ suffix: [UInt8]?,
        _ known: [Octets]
    ) -> CanonicalValue? {
        switch type {
        case .value, .reference: break
        default: return AccountLens.lift(type, .ad, elements, context).map { CanonicalValue(primary: $0) }
        }
        if shape == .set { return CanonicalValue(primary: elements) }
        var primary = elements.count > 1 ? [elements[0]] : elements
        if isCountedAtAD, let suffix, let name = primary.first, !known.contains(name) {
            let bytes = name.bytes
            if bytes.count > suffix.count, bytes.suffix(suffix.count).elementsEqual(suffix) {
                primary = [Octets(bytes.dropLast(suffix.count))]
            }
        }
        guard shape == .registerWithOthers, let context else { return CanonicalValue(primary: primary) }
        return CanonicalValue(primary: primary, others: context.others.subtracting(primary))
    }

    /// - Parameters:
    ///   - context: the rule's value in the base, or without a base at AD; nil where there is neither.
    ///   - atAD: the rule's value there; nil where there is none or it isn't known.
    /// - Returns: nil where the values say nothing.
    func liftMiniOrange(
        _ elements: [Octets],
        _ context: CanonicalValue?,
        _ atAD: CanonicalValue?
    ) -> CanonicalValue? {
        switch type {
        case .value, .reference: break
        default: return AccountLens.lift(type, .miniorange, elements, context).map { CanonicalValue(primary: $0) }
        }
        guard shape != .set, let first = elements.first else { return CanonicalValue(primary: elements) }
        let primary: [Octets]
        if let agreed = context?.primary.first, elements.contains(agreed) {
            primary = [agreed]
        } else if let held = atAD?.primary.first, elements.contains(held) {
            // AD took one of these for its own, or the base does not know the attribute yet.
            primary = [held]
        } else if let fresh = elements.first(where: { context?.others.contains($0) != true }) {
            primary = [fresh]
        } else {
            // Nothing but further values is left: the one that AD holds was removed.
            primary = []
        }
        guard shape == .registerWithOthers else { return CanonicalValue(primary: primary.isEmpty ? [first] : primary) }
        return CanonicalValue(primary: primary, others: elements.subtracting(primary))
    }

    /// Whether a side's values are already all that it can show of `target`.
    func shows(_ side: Side, _ elements: [Octets], _ lifted: CanonicalValue, target: CanonicalValue) -> Bool {
        switch type {
        case .value, .reference:
            side == .ad ? lifted.primary == target.primary : lifted.all == target.all
        default:
            AccountLens.project(type, side, target.primary, current: elements) == .values(elements)
        }
    }

    /// What stands in for the value at the LDAP side in an entry with these canonical values; nil where nothing can.
    func standIn(_ value: (Int) -> CanonicalValue) -> [Octets]? {
        for source in fallback {
            let found = value(source)
            if let value = found.primary.first ?? found.others.first { return [value] }
        }
        return nil
    }
}
