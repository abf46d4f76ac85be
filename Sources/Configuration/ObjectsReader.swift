import Mapping
import SyncModel

/// Reads the list of objects, and holds them against each other.
struct ObjectsReader {
    let defaults: ObjectDefaults
    /// Nil where the side is not configured at all.
    let bases: PerSide<DistinguishedName?>

    func read(_ top: Section) -> [ObjectSpecification] {
        guard let list = top.require("objects"), let values = list.asList() else { return [] }
        guard !values.isEmpty else {
            list.report("`objects` is empty, so nothing would be synchronised", remedy: "add an object of `kind: user`")
            return []
        }
        var objects: [ReadObject] = []
        var names: [String: Int] = [:]
        var isComplete = true
        for value in values {
            guard let section = value.asSection() else {
                isComplete = false
                continue
            }
            let name = readName(section, &names)
            let kind = section.require("kind")?.asChoice([
                "user": ObjectKind.user, "group": .group, "container": .container,
            ])
            // Without its kind nothing of an object has a meaning.
            guard let kind else {
                isComplete = false
                continue
            }
            let object = ObjectReader(
                section: section,
                name: name,
                kind: kind,
                defaults: defaults,
                sideBases: bases
            ).read()
            ObjectOverlap.report(object, with: objects)
            objects.append(object)
        }
        // What one object misses might be in the one that could not be read.
        if isComplete { MembershipCheck(objects: objects).report() }
        return objects.map(\.specification)
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
}
