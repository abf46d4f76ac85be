package import SyncModel

/// The compiled rules of one configured object (a class, as they never change and are handed on for every entry): a set of lenses between each side's values and the canonical form, in which merging is done.
///
/// A canonical attribute has the name of AD's attribute in lower case. Two kinds have companions:
/// * `NAME;others`, a set: what the LDAP side holds besides the one value that AD can hold.
/// * `NAME;fallback`, a register that goes to the LDAP side only: the stand-in that is shown there while there is no value. It is
///   in the base like any other, so a stand-in is never taken for a value, however its source has moved since.
package final class ObjectMapping: Sendable {
    package let specification: ObjectSpecification
    /// One for each canonical attribute, sorted by name. The place of the entry is not among them.
    package let mergeRules: [MergeRule]
    /// Lower-cased names to ask each server for, sorted.
    package let readAttributes: PerSide<[String]>
    /// Those of them that a replica keeps.
    let keptAttributes: PerSide<[String]>

    let rules: [CompiledRule]
    /// What the fast way asks of each rule.
    let plans: [RulePlan]
    /// The rules whose values name entries, and the attributes that they read.
    let references: [Int]
    package let referenceAttributes: PerSide<[String]>
    /// Each side's attributes, sorted by name. An attribute that two rules read stands twice.
    let slots: PerSide<[Slot]>
    /// For each slot the rules that write its attribute, in the order in which they apply.
    let writers: PerSide<[[Int]]>
    /// The canonical attributes, sorted by name.
    let canonicalSlots: [Slot]
    /// By which an account can lose its access: disabling, which no server's clock decides, before expiry.
    package let accessBars: [AccessBar]
    /// The rules that tell them, in the same order.
    let barringRules: [Int]
    let scope: ScopeCheck
    let namesAtAD: Int?
    let namesAtMiniOrange: Int?

    /// Attributes that name an AD entry where none is mapped to its RDN, in this order.
    static let nameSources = ["displayname", "cn", "samaccountname"]

    package init(_ specification: ObjectSpecification) throws(MappingError) {
        let rules = try RuleCompiler(specification: specification).compile()
        try Self.checkMatchRules(specification.match)
        self.specification = specification
        self.rules = rules
        plans = rules.map(RulePlan.init)
        let references = rules.indices.filter { rules[$0].type == .reference }
        self.references = references
        referenceAttributes = PerSide(
            ad: references.map { rules[$0].attribute(.ad) },
            miniorange: references.map { rules[$0].attribute(.miniorange) }
        )
        let slots = PerSide(ad: Self.slots(rules, .ad), miniorange: Self.slots(rules, .miniorange))
        self.slots = slots
        writers = PerSide(
            ad: slots.ad.indices.map { Self.writers(rules, slots.ad, $0, .ad) },
            miniorange: slots.miniorange.indices.map { Self.writers(rules, slots.miniorange, $0, .miniorange) }
        )
        canonicalSlots = Self.canonicalSlots(rules)
        mergeRules = canonicalSlots.map { slot in
            let rule = rules[slot.rule]
            let shape: MergeRule.Shape =
                switch slot.part {
                case .primary: rule.shape == .set ? .set : .register
                case .others: .set
                case .standIn: .register
                }
            return MergeRule(
                name: slot.name,
                shape: shape,
                direction: slot.part == .standIn ? .toMiniOrange : rule.direction,
                conflict: rule.conflict,
                prefer: rule.prefer,
                bar: rule.type.tellsEnabled ? [AccountState.no] : nil,
                isStandIn: slot.part == .standIn,
                isReference: rule.type == .reference
            )
        }
        readAttributes = PerSide(
            ad: Self.readAttributes(.ad, specification, rules),
            miniorange: Self.readAttributes(.miniorange, specification, rules)
        )
        keptAttributes = PerSide(
            ad: readAttributes.ad.filter { !specification.links.ad.held.contains($0) },
            miniorange: readAttributes.miniorange.filter { !specification.links.miniorange.held.contains($0) }
        )
        barringRules = [\CompiledRule.type.tellsEnabled, \CompiledRule.type.tellsExpiry].flatMap { tells in
            rules.indices.filter { rules[$0][keyPath: tells] }
        }
        accessBars = barringRules.reduce(into: []) { bars, index in
            if let bar = rules[index].accessBar, !bars.contains(bar) { bars.append(bar) }
        }
        scope = ScopeCheck(specification)
        namesAtAD = rules.firstIndex(where: \.namesAtAD)
        namesAtMiniOrange = rules.firstIndex(where: \.namesAtMiniOrange)
    }

    private static func checkMatchRules(_ matches: [MatchSpecification]) throws(MappingError) {
        for (position, match) in matches.enumerated() {
            guard position < Int(LinkKey.lowestPrefix) else {
                let limit = LinkKey.lowestPrefix
                throw MappingError(match: position, reason: "more than \(limit) match rules; remove some")
            }
            guard !match.ad.isEmpty, !match.miniorange.isEmpty else {
                throw MappingError(match: position, reason: "an attribute of each side is needed")
            }
        }
    }

    private static func slots(_ rules: [CompiledRule], _ side: Side) -> [Slot] {
        rules.indices.map { Slot(name: rules[$0].attribute(side), rule: $0) }
            .sorted { ($0.name, $0.rule) < ($1.name, $1.rule) }
    }

    /// Enabling comes first, since it decides what a lock can be.
    private static func writers(_ rules: [CompiledRule], _ slots: [Slot], _ first: Int, _ side: Side) -> [Int] {
        var writers: [Int] = []
        for slot in slots[first...].prefix(while: { $0.name == slots[first].name }) {
            guard rules[slot.rule].direction.permits(writingTo: side) else { continue }
            if rules[slot.rule].type == .accountEnabled {
                writers.insert(slot.rule, at: 0)
            } else {
                writers.append(slot.rule)
            }
        }
        return writers
    }

    private static func canonicalSlots(_ rules: [CompiledRule]) -> [Slot] {
        var slots: [Slot] = []
        for (index, rule) in rules.enumerated() {
            slots.append(Slot(name: rule.name, rule: index))
            if rule.shape == .registerWithOthers {
                slots.append(Slot(name: rule.othersName, rule: index, part: .others))
            }
            if !rule.fallback.isEmpty { slots.append(Slot(name: rule.standInName, rule: index, part: .standIn)) }
        }
        return slots.sorted { $0.name < $1.name }
    }

    private static func readAttributes(
        _ side: Side,
        _ specification: ObjectSpecification,
        _ rules: [CompiledRule]
    ) -> [String] {
        var names: Set<String> = ["objectclass", "cn", "displayname", "mail", "samaccountname", "uid"]
        if side == .ad {
            names.formUnion(["admincount", "iscriticalsystemobject", "useraccountcontrol"])
            names.remove("uid")
        } else {
            names.remove("samaccountname")
        }
        names.formUnion(rules.lazy.map { $0.attribute(side) })
        names.formUnion(specification.scopes[side].filter.attributes)
        names.formUnion(
            specification.match.lazy.map { CaseFolding.lowercaseName(side == .ad ? $0.ad : $0.miniorange) }
        )
        names.insert(CaseFolding.lowercaseName(specification.scopes[side].rdn))
        names.formUnion(specification.links[side].held)
        names.formUnion(specification.links[side].keys.map(\.attribute))
        return names.sorted()
    }

    /// Whether a side's attribute, in lower case, holds names of other entries, which a replica keeps as references.
    package func isReference(_ side: Side, _ attribute: String) -> Bool {
        references.contains { rules[$0].attribute(side) == attribute }
    }

    /// The canonical attributes whose values are pairs.
    package var referenceNames: [String] {
        canonicalSlots.filter { rules[$0.rule].type == .reference }.map(\.name)
    }

    /// By what a side bars an account at `now` that the other side has yet to bar: what rules tell that carry it there. Empty where the entry is not
    /// barred.
    package func bars(_ side: Side, _ attributes: Attributes, at now: Timestamp) -> [AccessBar] {
        var found: [AccessBar] = []
        for index in barringRules where rules[index].direction.permits(writingTo: side.opposite) {
            let rule = rules[index]
            guard let bar = rule.accessBar,
                let lifted = AccountLens.lift(rule.type, side, attributes[rule.attribute(side)], nil),
                bar.isShut(lifted, at: now), !found.contains(bar)
            else { continue }
            found.append(bar)
        }
        return found
    }

    /// Whether a replica keeps the attribute of an entry.
    package func keeps(_ side: Side, _ attribute: String) -> Bool { keptAttributes[side].contains(attribute) }

    /// What of an entry's attributes a replica keeps.
    package func selected(_ side: Side, _ attributes: Attributes) -> Attributes {
        let names = keptAttributes[side]
        var kept: [Attributes.Item] = []
        kept.reserveCapacity(min(names.count, attributes.items.count))
        var position = 0
        for item in attributes.items {
            while position < names.count, names[position] < item.name { position += 1 }
            guard position < names.count else { break }
            if names[position] == item.name { kept.append(item) }
        }
        return Attributes(sorted: kept)
    }
}
