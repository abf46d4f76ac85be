package import SyncModel

extension ObjectMapping {
    /// Lifts both sides into the canonical form. What a side can't show is taken from the base, or where there is none from the other side, so that
    /// a lossy projection is never mistaken for a change.
    ///
    /// - Parameters:
    ///   - ad: the AD replica's attributes; nil where there is no entry.
    ///   - miniorange: the LDAP replica's.
    ///   - base: the merge base.
    ///   - nameCounter: the pair's, which is appended to AD's name from 2 on.
    package func canonical(
        ad: Attributes?,
        miniorange: Attributes?,
        base: Attributes?,
        nameCounter: UInt8,
        resolver: some ReferenceResolver
    ) throws -> PerSide<CanonicalSide?> {
        let baseValues = base.map(canonicalValues)
        let adRaw = ad.map { raw($0, slots.ad) }
        let miniorangeRaw = miniorange.map { raw($0, slots.miniorange) }
        var lifted = PerSide(
            ad: LiftedSide(isPresent: ad != nil, count: rules.count),
            miniorange: LiftedSide(isPresent: miniorange != nil, count: rules.count)
        )
        let suffix = Self.nameSuffix(nameCounter)
        for index in rules.indices {
            let context = baseValues?[index]
            let isReference = rules[index].type == .reference
            if let adRaw {
                let elements =
                    isReference
                    ? try pairIDs(.ad, adRaw[index], resolver, &lifted.ad.unresolved) : adRaw[index]
                if let elements {
                    // What names the entry is told from its counter by what it was, or by what the other side says.
                    let known = context?.primary ?? miniorangeRaw?[index] ?? []
                    lifted.ad.set(index, liftAD(rules[index], elements, context, suffix, known))
                } else {
                    lifted.ad.set(index, nil)
                }
            }
            if let miniorangeRaw {
                let elements =
                    isReference
                    ? try pairIDs(.miniorange, miniorangeRaw[index], resolver, &lifted.miniorange.unresolved)
                    : miniorangeRaw[index]
                if let elements {
                    let other = context ?? (adRaw == nil ? nil : lifted.ad.known(index))
                    lifted.miniorange.set(index, liftMiniOrange(rules[index], elements, other))
                } else {
                    lifted.miniorange.set(index, nil)
                }
            }
            settle(index, adRaw, miniorangeRaw, baseValues, &lifted)
        }
        return PerSide(
            ad: ad == nil ? nil : canonicalSide(lifted.ad),
            miniorange: miniorange == nil ? nil : canonicalSide(lifted.miniorange)
        )
    }

    /// Brings the two sides' readings of one rule together where they differ only in what one of them can't show.
    private func settle(
        _ index: Int,
        _ adRaw: [[Octets]]?,
        _ miniorangeRaw: [[Octets]]?,
        _ baseValues: [CanonicalValue]?,
        _ lifted: inout PerSide<LiftedSide>
    ) {
        let rule = rules[index]
        let hasFallback = !rule.fallback.isEmpty
        if hasFallback, settleStandIn(rule, index, miniorangeRaw, baseValues, &lifted) { return }
        if let adRaw, let miniorangeRaw, lifted.ad.isKnown(index), lifted.miniorange.isKnown(index) {
            if baseValues == nil, rule.shape == .registerWithOthers {
                // AD knows nothing of further values; without a base, those that are there are taken for agreed.
                let others = lifted.miniorange.values[index].others
                if !others.isEmpty {
                    lifted.ad.values[index].others = others.subtracting(lifted.ad.values[index].primary)
                }
            }
            let atAD = lifted.ad.values[index]
            let atMiniOrange = lifted.miniorange.values[index]
            if atAD != atMiniOrange {
                if shows(rule, .miniorange, miniorangeRaw[index], atMiniOrange, target: atAD) {
                    lifted.miniorange.values[index] = atAD
                } else if shows(rule, .ad, adRaw[index], atAD, target: atMiniOrange) {
                    lifted.ad.values[index] = atMiniOrange
                }
            }
        }
        guard hasFallback, lifted.ad.isKnown(index), lifted.ad.isPresent else { return }
        lifted.ad.values[index].standIn = standInAtAD(rule, index, baseValues, lifted.ad)
        if lifted.miniorange.isPresent, lifted.miniorange.isKnown(index) {
            // A value of its own: whatever would stand in is of no account there, and must not look like a change.
            lifted.miniorange.values[index].standIn = lifted.ad.values[index].standIn
        }
    }

    /// Whether a side's values are already all that it can show of `target`.
    private func shows(
        _ rule: CompiledRule,
        _ side: Side,
        _ raw: [Octets],
        _ lifted: CanonicalValue,
        target: CanonicalValue
    ) -> Bool {
        switch rule.type {
        case .value, .reference:
            side == .ad ? lifted.primary == target.primary : lifted.all == target.all
        default:
            AccountLens.project(rule.type, side, target.primary, current: raw) == .values(raw)
        }
    }

    /// Reads what the LDAP side shows as a stand-in, where it is one: then there is no value. False where it is not.
    private func settleStandIn(
        _ rule: CompiledRule,
        _ index: Int,
        _ miniorangeRaw: [[Octets]]?,
        _ baseValues: [CanonicalValue]?,
        _ lifted: inout PerSide<LiftedSide>
    ) -> Bool {
        guard let shown = miniorangeRaw?[index], !shown.isEmpty else { return false }
        let isADAbsent = lifted.ad.isPresent && lifted.ad.isKnown(index) && lifted.ad.values[index].isAbsent
        let atAD = isADAbsent ? standInAtAD(rule, index, baseValues, lifted.ad) : []
        let isStandInOfBase: Bool
        if let baseValues, baseValues[index].isAbsent {
            isStandInOfBase = shown == baseValues[index].standIn || shown == standIn(rule, baseValues)
        } else {
            isStandInOfBase = false
        }
        guard isStandInOfBase || shown == atAD else { return false }
        lifted.ad.setStandIn(index, atAD)
        lifted.miniorange.values[index] = CanonicalValue(standIn: shown)
        return true
    }

    private func standInAtAD(
        _ rule: CompiledRule,
        _ index: Int,
        _ baseValues: [CanonicalValue]?,
        _ ad: LiftedSide
    ) -> [Octets] {
        guard ad.values[index].isAbsent else { return [] }
        return standIn(rule, ad.values) ?? baseValues?[index].standIn ?? []
    }

    /// What stands in for the value of `rule` in an entry with these canonical values; nil where nothing can.
    func standIn(_ rule: CompiledRule, _ values: [CanonicalValue]) -> [Octets]? {
        for source in rule.fallback {
            if let value = values[source].primary.first ?? values[source].others.first { return [value] }
        }
        return nil
    }
}
