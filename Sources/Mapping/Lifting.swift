import SyncModel

/// Lifts the two sides of one pair, rule by rule, each in the light of the other and of the base.
struct Lifting {
    private let rules: [CompiledRule]
    private let plans: [RulePlan]
    private let canonicalSlots: [Slot]
    private let base: Attributes?
    /// The name counter as it is appended.
    private let suffix: [UInt8]?
    /// Read when the first rule asks for it: where the sides agree, few do.
    private var readBase: [CanonicalValue]?
    var ad: LiftedSide?
    var miniorange: LiftedSide?
    /// Both sides are there and say the same.
    private(set) var isAgreed = false

    init(_ mapping: ObjectMapping, base: Attributes?, suffix: [UInt8]?) {
        rules = mapping.rules
        plans = mapping.plans
        canonicalSlots = mapping.canonicalSlots
        self.base = base
        self.suffix = suffix
    }

    mutating func run() {
        isAgreed = ad != nil && miniorange != nil
        for index in plans.indices where !settleEqual(index) {
            if let first = plans[index].secondNameOf {
                liftSecondName(index, of: first)
            } else {
                lift(index)
                settle(index)
            }
            if isAgreed { isAgreed = agrees(index) }
        }
    }

    /// Holds where true: both sides hold the same value and can show all there is of it, so context would add nothing.
    private mutating func settleEqual(_ index: Int) -> Bool {
        let plan = plans[index]
        guard plan.isPlain, let theirs = miniorange?.elements[index], let values = ad?.elements[index],
            plan.isSet || values.count < 2 && theirs.count < 2, !plan.hasFallback || !values.isEmpty, values == theirs,
            !plan.isReference || isKnown(index)
        else { return false }
        return true
    }

    private func isKnown(_ index: Int) -> Bool {
        ad?.isKnown(index) != false && miniorange?.isKnown(index) != false
    }

    private func agrees(_ index: Int) -> Bool {
        guard let ad, let miniorange else { return false }
        return isKnown(index) && ad[index] == miniorange[index]
    }

    private mutating func baseValues() -> [CanonicalValue]? {
        guard let base else { return nil }
        if let readBase { return readBase }
        let values = base.canonicalValues(canonicalSlots, count: rules.count)
        readBase = values
        return values
    }

    private mutating func lift(_ index: Int) {
        let rule = rules[index]
        // An account's being enabled needs no context, and every user has it.
        let context = rule.type == .accountEnabled ? nil : baseValues()?[index]
        if let elements = ad?.elements[index], ad?.isKnown(index) == true {
            // What names the entry is told from its counter by what it was, or by what the other side says.
            let known = context?.primary ?? miniorange?.elements[index] ?? []
            ad?.set(index, rule.liftAD(elements, context, suffix, known))
        }
        if let elements = miniorange?.elements[index], miniorange?.isKnown(index) == true {
            let atAD = ad?.isKnown(index) == true ? ad?[index] : nil
            miniorange?.set(index, rule.liftMiniOrange(elements, context ?? atAD, atAD))
        }
    }

    /// The rule comes after the one of which it is the second name.
    private mutating func liftSecondName(_ index: Int, of first: Int) {
        let rule = rules[index]
        let base = baseValues()
        let account = ad?.elements[first].first
        let named = miniorange?[first].primary.first
        let known = [base?[index].primary.first, account, named].compactMap { $0 }
        let held = ad.flatMap { rule.liftAD($0.elements[index], nil, suffix, known)?.primary.first }
        let reading = SecondName(
            held: held,
            account: account,
            named: named,
            isAtAD: ad != nil,
            agreed: base?[index].primary.first,
            agreedName: base?[first].primary.first,
            hasBase: base != nil
        ).read { rule.objections([$0], kind: .group).isEmpty && rules[first].objections([$0], kind: .group).isEmpty }
        ad?.set(index, CanonicalValue(primary: reading.ad))
        miniorange?.set(index, CanonicalValue(primary: reading.miniorange))
    }

    /// Brings the two readings of a rule together where they differ only in what one of the sides can't show.
    private mutating func settle(_ index: Int) {
        let rule = rules[index]
        let hasFallback = !rule.fallback.isEmpty
        if hasFallback, settleStandIn(rule, index) { return }
        if isKnown(index), let theirs = miniorange?[index], let adElements = ad?.elements[index],
            let miniorangeElements = miniorange?.elements[index], var ours = ad?[index]
        {
            if rule.shape == .registerWithOthers {
                // AD knows nothing of further values: those that are there are not for it to differ from.
                ours.others = theirs.others.subtracting(ours.primary)
                ad?[index] = ours
            }
            if ours != theirs {
                if rule.shows(.miniorange, miniorangeElements, theirs, target: ours) {
                    miniorange?[index] = ours
                } else if rule.shows(.ad, adElements, ours, target: theirs) {
                    ad?[index] = theirs
                }
            }
        }
        guard hasFallback, ad?.isKnown(index) == true else { return }
        let standIn = standInAtAD(rule, index)
        ad?[index].standIn = standIn
        // A value of its own: whatever would stand in is of no account there, and must not look like a change.
        miniorange?[index].standIn = standIn
    }

    /// Reads what the LDAP side shows as a stand-in, where it is one: then there is no value. False where it is not.
    private mutating func settleStandIn(_ rule: CompiledRule, _ index: Int) -> Bool {
        guard let shown = miniorange?.elements[index], !shown.isEmpty else { return false }
        let ours = ad?.isKnown(index) == true ? ad?[index] : nil
        // The very value, now given at AD, is no stand-in any more.
        if let ours, ours.all == shown { return false }
        let standsInAtAD = ours?.isAbsent == true ? standInAtAD(rule, index) : []
        var isStandInOfBase = false
        if let base = baseValues(), base[index].isAbsent {
            isStandInOfBase = shown == base[index].standIn || shown == rule.standIn({ base[$0] })
        }
        guard isStandInOfBase || shown == standsInAtAD else { return false }
        if ours != nil { ad?[index].standIn = standsInAtAD }
        miniorange?[index] = CanonicalValue(standIn: shown)
        return true
    }

    private mutating func standInAtAD(_ rule: CompiledRule, _ index: Int) -> [Octets] {
        guard let ad, ad[index].isAbsent else { return [] }
        return rule.standIn({ ad[$0] }) ?? baseValues()?[index].standIn ?? []
    }
}
