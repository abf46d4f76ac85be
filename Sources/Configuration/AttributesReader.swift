import Mapping
import SyncModel

/// Reads an object's attribute rules: the preset, single rules, or single rules over the preset.
struct AttributesReader {
    /// The object.
    let section: Section
    /// The object's direction.
    let direction: Direction
    /// The object's.
    let conflicts: ConflictPolicy
    /// The rows that `default` stands for.
    let preset: [AttributeSpecification]
    /// The AD attributes of all rows of the kind's preset, also of those that its classes have no place for.
    let known: [String]
    /// Whether an object that says nothing has those.
    let isOptional: Bool

    struct Rule {
        var specification: AttributeSpecification
        var position: Position
    }

    func read() -> [Rule] {
        if isOptional, !section.mentions("attributes") {
            return preset(at: section.position, origin: section.origin, without: [])
        }
        guard let value = section.require("attributes") else { return [] }
        if value.isSingle {
            return value.asChoice(["default": true]) == true ? preset(at: value, without: []) : []
        }
        if value.isList { return readRules(value) }
        guard let attributes = value.asSection() else { return [] }
        let own = attributes["rules"].map(readRules) ?? []
        let usesPreset = attributes.require("preset")?.asChoice(["default": true]) ?? false
        guard usesPreset, let place = attributes["preset"] else { return own }
        let without = attributes["without"].map(readWithout) ?? []
        let overridden = own.map { CaseFolding.lowercaseName($0.specification.ad) }
        return preset(at: place, without: Set(without + overridden)) + own
    }

    /// The rows of the preset that can work in the object's direction.
    private func preset(at value: Value, without: Set<String>) -> [Rule] {
        preset(at: section.position(of: "attributes"), origin: value.origin, without: without)
    }

    private func preset(at position: Position, origin: String, without: Set<String>) -> [Rule] {
        preset.compactMap { row in
            guard !without.contains(CaseFolding.lowercaseName(row.ad)) else { return nil }
            guard let common = row.direction.narrowed(to: direction) else { return nil }
            var row = row
            row.direction = common
            // What stands in is written to the miniorange side alone.
            if common == .toAD { row.fallback = [] }
            row.origin = origin
            return Rule(specification: row, position: position)
        }
    }

    private func readWithout(_ value: Value) -> [String] {
        (value.asList() ?? []).compactMap { item in
            guard let name = item.asAttributeName() else { return nil }
            let lowered = CaseFolding.lowercaseName(name)
            guard !known.contains(where: { CaseFolding.lowercaseName($0) == lowered }) else { return lowered }
            let meant = Suggestion.nearest(to: name, among: known)
            item.report(
                "`\(item.path)`: the preset has no AD attribute `\(name)`",
                remedy: meant.map { "did you mean `\($0)`?" } ?? "remove it; names here are AD's"
            )
            return nil
        }
    }

    private func readRules(_ value: Value) -> [Rule] {
        guard let items = value.asList() else { return [] }
        if items.isEmpty {
            value.report("`\(value.path)` holds no rule", remedy: "write `attributes: default`, or at least one rule")
        }
        var seen: [String: Int] = [:]
        return items.compactMap { item in
            let item = Value(node: item.node, path: "objects.attributes.rules", reading: item.reading)
            guard let section = item.asSection() else { return nil }
            let rule = RuleReader(section: section, outer: direction, conflicts: conflicts, preset: preset)
                .read(origin: item.origin)
            guard let rule else { return nil }
            let key = CaseFolding.lowercaseName(rule.ad)
            if let line = seen[key] {
                item.report(
                    "AD's `\(rule.ad)` has a rule already, on line \(line)",
                    remedy: "keep one rule for each AD attribute"
                )
            } else {
                seen[key] = item.position.line
            }
            return Rule(specification: rule, position: item.position)
        }
    }
}

extension Direction {
    /// What remains of this within `outer`; nil if nothing does.
    func narrowed(to outer: Direction) -> Direction? {
        if outer == .both || outer == self { return self }
        return self == .both ? outer : nil
    }
}
