import Mapping
import SyncModel

/// Reads the list of objects, and holds them against each other and against the sides' bases.
struct ObjectsReader {
    let defaults: ObjectDefaults
    /// Nil where the side is not configured at all.
    let bases: PerSide<DistinguishedName?>

    private struct Entry {
        var specification: ObjectSpecification
        var bases: PerSide<Value?>
    }

    func read(_ top: Section) -> [ObjectSpecification] {
        guard let list = top.require("objects"), let values = list.asList() else { return [] }
        guard !values.isEmpty else {
            list.report("`objects` is empty, so nothing would be synchronised", remedy: "add an object of `kind: user`")
            return []
        }
        var entries: [Entry] = []
        var names: [String: Int] = [:]
        for value in values {
            guard let section = value.asSection() else { continue }
            let name = readName(section, &names)
            // Without its kind nothing of an object has a meaning.
            guard section.require("kind")?.asChoice(["user": ObjectKind.user]) != nil else { continue }
            let entry = readUser(section, name: name)
            reportOverlaps(entry, with: entries)
            entries.append(entry)
        }
        return entries.map(\.specification)
    }

    private func readName(_ section: Section, _ names: inout [String: Int]) -> String {
        guard let value = section.require("name"), let name = value.asText() else { return "" }
        let isPlain = name.utf8.allSatisfy { byte in
            0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || byte == 0x2D || byte == 0x5F || byte == 0x2E
        }
        if !isPlain {
            value.report(
                "`objects.name`: `\(name)` holds more than letters, digits, `-`, `_` and `.`",
                remedy: "write a single word such as `people`"
            )
        }
        let key = CaseFolding.lowercaseName(name)
        if let line = names[key] {
            value.report(
                "`objects.name`: `\(name)` is taken by the object on line \(line)",
                remedy: "give each its own"
            )
        } else {
            names[key] = value.position.line
        }
        return name
    }

    private func readUser(_ section: Section, name: String) -> Entry {
        let direction = section["direction"]?.asDirection(within: defaults.direction) ?? defaults.direction
        let ad = section.require("ad")?.asSection()
        let miniorange = section.require("miniorange")?.asSection()
        let problemsBefore = section.reading.problems.count
        let match = readMatch(section)
        let rules = AttributesReader(section: section, direction: direction).read()
        let areRulesSound = section.reading.problems.count == problemsBefore
        let specification = ObjectSpecification(
            name: name,
            kind: .user,
            scopes: PerSide(ad: readScope(.ad, ad), miniorange: readScope(.miniorange, miniorange)),
            match: match.map(\.specification),
            attributes: rules.map(\.specification),
            direction: direction,
            prefer: defaults.prefer,
            deletePolicy: section["deletes"]?.asSection()?["policy"]?.asDeletePolicy() ?? defaults.deletePolicy,
            deleteAgainstChange: defaults.deleteAgainstChange,
            isFlat: section["hierarchy"]?.asChoice(["tree": false, "flat": true]) ?? false
        )
        if areRulesSound {
            compile(specification, section, rules: rules.map(\.position), match: match.map(\.position))
        }
        return Entry(
            specification: specification,
            bases: PerSide(ad: ad?["base"], miniorange: miniorange?["base"])
        )
    }

    /// What only the mapping itself can tell: rules without an inverse, rules that collide.
    private func compile(
        _ specification: ObjectSpecification,
        _ section: Section,
        rules: [Position],
        match: [Position]
    ) {
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

    // MARK: Scope

    private func readScope(_ side: Side, _ section: Section?) -> ScopeSpecification {
        let usual = Self.usualScope(side)
        guard let section else { return usual }
        let base = section.require("base")
        let name = base?.asDistinguishedName()
        if let base, let name, let outer = bases[side], !outer.isRoot, !name.isEqualOrDescendant(of: outer) {
            let remedy = "write a base that ends in `\(outer)`, or widen `\(side.name).base`"
            base.report("`\(base.path)`: `\(name)` is not below `\(side.name).base`", remedy: remedy)
        }
        let rdn = section["rdn"]
        var rdnName = rdn?.asAttributeName()
        if side == .ad, let rdn, let wrong = rdnName, CaseFolding.lowercaseName(wrong) != "cn" {
            // rDNAttID of the class ([MS-ADTS] 3.1.1.2.4.8); AD refuses an entry with another.
            rdn.report("AD names its users by `cn`, not by `\(wrong)`", remedy: "remove `rdn`")
            rdnName = nil
        }
        return ScopeSpecification(
            base: name ?? usual.base,
            filter: section["filter"]?.asFilter() ?? usual.filter,
            objectClasses: section["objectClass"].flatMap(readNames) ?? usual.objectClasses,
            rdn: rdnName ?? usual.rdn
        )
    }

    /// What a user is where the configuration does not say.
    static func usualScope(_ side: Side) -> ScopeSpecification {
        let shared = ["top", "person", "organizationalPerson"]
        let isUser = Filter.equality("objectClass", "user")
        let isComputer = Filter.equality("objectClass", "computer")
        return switch side {
        case .ad:
            ScopeSpecification(
                base: DistinguishedName([]),
                filter: .and([isUser, .not(isComputer)]),
                objectClasses: shared + ["user"],
                rdn: "cn"
            )
        case .miniorange:
            ScopeSpecification(
                base: DistinguishedName([]),
                filter: .equality("objectClass", "inetOrgPerson"),
                objectClasses: shared + ["inetOrgPerson"],
                rdn: "uid"
            )
        }
    }

    private func readNames(_ value: Value) -> [String]? {
        guard let values = value.asList() else { return nil }
        if values.isEmpty { value.report("`\(value.path)` is empty", remedy: "remove it for the usual classes") }
        return values.compactMap { $0.asAttributeName() }
    }

    private func reportOverlaps(_ entry: Entry, with others: [Entry]) {
        for side in [Side.ad, .miniorange] {
            let base = entry.specification.scopes[side].base
            guard !base.isRoot, let value = entry.bases[side] else { continue }
            for other in others where !other.specification.scopes[side].base.isRoot {
                let theirs = other.specification.scopes[side].base
                let relation: String
                if base.normalized == theirs.normalized {
                    relation = "is also the base"
                } else if base.isDescendant(of: theirs) {
                    relation = "lies below the base"
                } else if theirs.isDescendant(of: base) {
                    relation = "lies above the base"
                } else {
                    continue
                }
                value.report(
                    "`\(value.path)`: `\(base)` \(relation) of the object `\(other.specification.name)`, "
                        + "so an entry would belong to both",
                    remedy: "give the objects bases that lie beside each other, or make them one object"
                )
            }
        }
    }

    // MARK: Match rules

    private func readMatch(_ section: Section) -> [(specification: MatchSpecification, position: Position)] {
        guard let list = section["match"] else {
            let usual = MatchSpecification(ad: "sAMAccountName", miniorange: "uid")
            return [(usual, section.position)]
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
}
