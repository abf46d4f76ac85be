import Mapping
import SyncModel

/// An object with the places in the file that other objects are held against.
struct ReadObject {
    var specification: ObjectSpecification
    var section: Section
    var bases: PerSide<Value?>
    /// The section of the miniorange side, in which a group's membership stands.
    var miniorange: Section?
}

/// Reads one object, whose kind is known.
///
/// A placeholder stands wherever something was reported: no configuration with a problem is handed out.
struct ObjectReader {
    let section: Section
    let name: String
    let kind: ObjectKind
    let defaults: ObjectDefaults
    /// The sides' own; nil where the side is not configured at all.
    let sideBases: PerSide<DistinguishedName?>

    func read() -> ReadObject {
        let direction = section["direction"]?.asDirection(within: defaults.direction) ?? defaults.direction
        let ad = section.require("ad")?.asSection()
        let miniorange = section.require("miniorange")?.asSection()
        refuseKeysOfOtherKinds(ad, miniorange)
        let membership = kind == .group ? MembershipReader(section: section, miniorange: miniorange) : nil
        let isVirtual = membership?.isVirtual ?? false
        let scopes = readScopes(ad, miniorange, membership)

        let problemsBefore = section.reading.problems.count
        let match = readMatch(scopes)
        let preset = preset(scopes, isVirtual: isVirtual)
        let conflicts = readConflicts(direction)
        let rules = AttributesReader(
            section: section,
            direction: direction,
            conflicts: conflicts,
            preset: preset,
            known: preset.map(\.ad) + (isVirtual ? [] : AttributePreset.attributes(of: kind).map(\.ad)),
            isOptional: kind != .user
        ).read()
        if isVirtual { checkVirtualRules(rules) }
        let areRulesSound = section.reading.problems.count == problemsBefore
        let deletions =
            section["deletes"]?.asSection().map { DeletionsReader(section: $0, outer: defaults.deletions).read() }
            ?? defaults.deletions
        let isFlat = section["hierarchy"]?.asChoice(["tree": false, "flat": true]) ?? false
        var specification = ObjectSpecification(
            name: name,
            kind: kind,
            scopes: scopes,
            match: match.map(\.specification),
            attributes: rules.map(\.specification),
            direction: direction,
            conflict: conflicts.rule,
            prefer: conflicts.prefer,
            deletions: deletions,
            deleteAgainstChange: conflicts.deleteAgainstChange,
            isFlat: isFlat || isVirtual,
            membership: membership?.read(direction: direction, scope: scopes.miniorange),
            groupType: ad?["groupType"].flatMap(readGroupType),
            isVirtualAtMiniOrange: isVirtual,
            containerPairs: readContainers(scopes, isFlat: isFlat, isVirtual: isVirtual),
            onlyMembersOf: PerSide(
                ad: reader(.ad, ad).readOnlyMembersOf(),
                miniorange: reader(.miniorange, miniorange).readOnlyMembersOf()
            )
        )
        specification.origin = section.origin
        DeletionsCheck(specification: specification, section: section, position: section.position(of: "deletes")).run()
        if areRulesSound {
            compile(specification, rules: rules.map(\.position), match: match.map(\.position))
        }
        return ReadObject(
            specification: specification,
            section: section,
            bases: PerSide(ad: ad?["base"], miniorange: isVirtual ? nil : miniorange?["base"]),
            miniorange: miniorange
        )
    }

    private func refuseKeysOfOtherKinds(_ ad: Section?, _ miniorange: Section?) {
        if kind != .group {
            let remedy = "remove it, or write `kind: group`"
            section.refuse("memberships", "belongs to `kind: group`", remedy: remedy)
            miniorange?.refuse("membership", "belongs to `kind: group`", remedy: remedy)
            ad?.refuse("groupType", "belongs to `kind: group`", remedy: remedy)
        }
        if kind == .container {
            section.refuse("hierarchy", "is for what stands in containers; an object of containers is always a tree")
            section.refuse("containers", "is for what stands in containers, and these are containers themselves")
        }
    }

    // MARK: Scope

    private func reader(_ side: Side, _ section: Section?) -> ScopeReader {
        ScopeReader(side: side, kind: kind, section: section, sideBase: sideBases[side])
    }

    private func readScopes(
        _ ad: Section?,
        _ miniorange: Section?,
        _ membership: MembershipReader?
    ) -> PerSide<ScopeSpecification> {
        let given = ScopeReader.givenClasses(miniorange)
        let usual: PerSide<ScopeSpecification>
        switch kind {
        case .user:
            usual = PerSide(ad: KindDefaults.user(.ad), miniorange: KindDefaults.user(.miniorange))
        case .group:
            let name = membership?.name ?? .member
            usual = PerSide(
                ad: KindDefaults.groupAtAD,
                miniorange: KindDefaults.groupAtMiniOrange(name, given: given)
            )
        case .container:
            let isContainer = ScopeReader.givenClasses(ad)?.contains { CaseFolding.lowercaseName($0) == "container" }
            let isNamedByCN = ad?["rdn"].map { $0.written?.lowercased() == "cn" } ?? isContainer ?? false
            let rdn = isNamedByCN ? "cn" : "ou"
            usual = PerSide(
                ad: KindDefaults.containerAtAD(rdn: rdn),
                miniorange: KindDefaults.containerAtMiniOrange(given: given)
            )
        }
        let isVirtual = membership?.isVirtual ?? false
        if isVirtual {
            for key in ["filter", "objectClass", "rdn", "onlyMembersOf"] {
                miniorange?.refuse(key, "is for entries, and these groups have none at the miniorange side")
            }
        }
        return PerSide(
            ad: reader(.ad, ad).read(usual: usual.ad),
            miniorange: reader(.miniorange, miniorange).read(
                usual: usual.miniorange,
                needsBase: !(isVirtual && membership?.isByPlainName == true)
            )
        )
    }

    /// GROUP_TYPE flags ([MS-ADTS] 2.2.12): the scope, and a bit for security groups, the sign of 32.
    private func readGroupType(_ value: Value) -> Int32? {
        let security = Int32.min
        return value.asChoice([
            "global-security": 2 | security, "universal-security": 8 | security, "domain-local-security": 4 | security,
            "global-distribution": 2, "universal-distribution": 8, "domain-local-distribution": 4,
        ])
    }

    private func readContainers(
        _ scopes: PerSide<ScopeSpecification>,
        isFlat: Bool,
        isVirtual: Bool
    ) -> [PerSide<DistinguishedName>] {
        guard kind != .container, section.mentions("containers") else { return [] }
        if isVirtual {
            section.refuse("containers", "is for entries, and these groups have none at the miniorange side")
            return []
        }
        if isFlat {
            section.refuse(
                "containers",
                "and `hierarchy: flat` contradict each other: flat entries stand in one container",
                remedy: "keep one of the two"
            )
        }
        return ContainersReader(
            section: section,
            bases: PerSide(ad: scopes.ad.base, miniorange: scopes.miniorange.base)
        ).read()
    }

    // MARK: Rules

    private func readConflicts(_ direction: Direction) -> ConflictPolicy {
        guard let section = section["conflicts"]?.asSection() else { return defaults.conflicts }
        let reader = ConflictPolicyReader(section: section, ruleKey: "rule", outer: defaults.conflicts)
        let policy = reader.read()
        reader.refuseOneWay(direction, "`\(name)` goes", policy, canWiden: defaults.direction == .both)
        return policy
    }

    private func preset(_ scopes: PerSide<ScopeSpecification>, isVirtual: Bool) -> [AttributeSpecification] {
        switch kind {
        case .user: AttributePreset.user
        case .group where isVirtual: AttributePreset.virtualGroup
        case .group: AttributePreset.group(objectClasses: scopes.miniorange.objectClasses)
        case .container:
            AttributePreset.container(adName: scopes.ad.rdn, miniorangeName: scopes.miniorange.rdn)
        }
    }

    /// Of a group without an entry the name is all there is.
    private func checkVirtualRules(_ rules: [AttributesReader.Rule]) {
        for rule in rules where CaseFolding.lowercaseName(rule.specification.miniorange) != "cn" {
            section.reading.problems.report(
                "the groups of `\(name)` have no entries at the miniorange side, so nothing there can hold "
                    + "`\(rule.specification.miniorange)`",
                at: rule.position,
                remedy: "remove the rule, or write `entries: true` in `memberships`"
            )
        }
    }

    private func readMatch(
        _ scopes: PerSide<ScopeSpecification>
    ) -> [(specification: MatchSpecification, position: Position)] {
        guard let list = section["match"] else {
            let name: String
            switch kind {
            case .user: name = "uid"
            case .group: name = scopes.miniorange.rdn
            // They are paired by their places.
            case .container: return []
            }
            return [(MatchSpecification(ad: "sAMAccountName", miniorange: name), section.position)]
        }
        guard let values = list.asList() else { return [] }
        if values.isEmpty {
            list.report("`objects.match` is empty", remedy: "remove it for `\(Grammar.example(of: "objects.match"))`")
        }
        return values.compactMap { value in
            guard let rule = value.asSection(), let ad = rule.require("ad")?.asAttributeName(),
                let miniorange = rule.require("miniorange")?.asAttributeName()
            else { return nil }
            return (MatchSpecification(ad: ad, miniorange: miniorange), value.position)
        }
    }

    /// What only the mapping itself can tell: rules without an inverse, rules that collide.
    private func compile(_ specification: ObjectSpecification, rules: [Position], match: [Position]) {
        var specification = specification
        var rules = rules
        var removedAny = false
        // The mapping stops at the first error. Without the rule that it names it goes on to the next.
        while let error = Self.mappingError(of: specification) {
            let rule = error.rule.flatMap { specification.attributes.indices.contains($0) ? $0 : nil }
            // What misses a rule may miss the one that was taken out.
            let missesRules = rule.map { !specification.attributes[$0].fallback.isEmpty } ?? true
            if !removedAny || !missesRules {
                let position =
                    if let rule, rules.indices.contains(rule) {
                        rules[rule]
                    } else if let index = error.match, match.indices.contains(index) {
                        match[index]
                    } else {
                        section.position(of: error.match == nil ? "attributes" : "match")
                    }
                let (message, remedy) = Self.split(error.reason)
                let subject = "object `\(specification.name)`"
                section.reading.problems.report("\(subject): \(message)", at: position, remedy: remedy)
            }
            guard let rule, rules.indices.contains(rule) else { return }
            specification.attributes.remove(at: rule)
            rules.remove(at: rule)
            removedAny = true
        }
    }

    private static func mappingError(of specification: ObjectSpecification) -> MappingError? {
        do throws(MappingError) {
            _ = try ObjectMapping(specification)
            return nil
        } catch {
            return error
        }
    }

    /// The mapping says in one sentence what is wrong and what to write instead.
    private static func split(_ reason: String) -> (message: String, remedy: String) {
        for separator in [" — ", "; "] {
            guard let range = reason.firstRange(of: separator) else { continue }
            return (String(reason[..<range.lowerBound]), String(reason[range.upperBound...]))
        }
        return (reason, "correct the rule, or remove it")
    }
}
