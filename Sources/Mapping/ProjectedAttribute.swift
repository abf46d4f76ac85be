import SyncModel

/// What is to stand in one attribute of a side, or why it can't.
struct ProjectedAttribute {
    /// In the replica's form.
    var values: [Octets]
    var waitsFor: [PairID] = []
    /// What the side demands of the values and they don't meet.
    var invalid: [String] = []

    var isComplete: Bool { waitsFor.isEmpty && invalid.isEmpty }

    init(values: [Octets]) {
        self.values = values
    }
}

extension ObjectMapping {
    /// Applies one rule to the values of its attribute.
    ///
    /// - Parameter current: nil for a new entry.
    func project(
        _ index: Int,
        _ side: Side,
        _ values: [CanonicalValue],
        _ nameCounter: UInt8,
        current: [Octets]?,
        _ resolver: some ReferenceResolver,
        _ result: inout ProjectedAttribute
    ) throws {
        let rule = rules[index]
        let value = values[index]
        // Where it is not the group's name it is nobody's but AD's.
        if rule.secondNameOf != nil, value.isAbsent { return }
        switch rule.type {
        case .value:
            result.values = plain(rule, side, values, value, nameCounter, current)
        case .reference:
            let pairs = side == .ad ? value.primary : value.all
            let anchors = try references(side, pairs, resolver, &result.waitsFor)
            result.values = anchors
        default:
            switch AccountLens.project(rule.type, side, value.primary, current: current) {
            case .values(let projected): result.values = projected
            case .notShown: result.values = current ?? []
            }
            return
        }
        if side == .ad { result.invalid += rule.objections(result.values, kind: specification.kind) }
    }

    private func plain(
        _ rule: CompiledRule,
        _ side: Side,
        _ values: [CanonicalValue],
        _ value: CanonicalValue,
        _ nameCounter: UInt8,
        _ current: [Octets]?
    ) -> [Octets] {
        if side == .miniorange, let first = rule.secondNameOf {
            return CanonicalValue(primary: value.primary, others: values[first].others).all
        }
        guard side == .ad else {
            return value.isAbsent ? rule.standIn({ values[$0] }) ?? [] : value.all
        }
        guard rule.namesAtAD, let suffix = Self.nameSuffix(nameCounter), let name = value.primary.first else {
            return value.primary
        }
        // Someone may have given the entry its plain name since; that shows the value as well.
        return current == [name] ? [name] : [Octets(name.bytes + suffix)]
    }

    private func references(
        _ side: Side,
        _ pairs: [Octets],
        _ resolver: some ReferenceResolver,
        _ waitsFor: inout [PairID]
    ) throws -> [Octets] {
        var references: [Octets] = []
        for pair in pairs {
            guard let number = UInt64(bigEndianOctets: pair.bytes) else { continue }
            if let anchor = try resolver.anchor(side, of: PairID(number)) {
                references.append(Reference.entry(anchor).octets)
            } else {
                waitsFor.append(PairID(number))
            }
        }
        return references.sorted()
    }
}

extension CompiledRule {
    /// Why AD would refuse these values.
    func objections(_ values: [Octets], kind: ObjectKind) -> [String] {
        guard type == .value else { return [] }
        var objections: Set<String> = []
        for value in values {
            if let limit = maximumLengthAtAD, Self.isLonger(value, than: limit) {
                objections.insert("longer than the \(limit) characters that AD takes")
            }
            if ad == "samaccountname",
                value.bytes.contains(where: {
                    $0 < 0x20 || $0 == 0x7F || KnownAttributes.forbiddenInAccountName.contains($0)
                })
            {
                objections.insert("holds a character that AD forbids in sAMAccountName: \"/\\[]:;|=,+*?<>")
            }
        }
        return objections.sorted()
    }

    /// AD counts text in UTF-16 units, all else in octets.
    private static func isLonger(_ value: Octets, than limit: Int) -> Bool {
        guard value.count > limit else { return false }
        return (value.text?.utf16.count ?? value.count) > limit
    }
}
