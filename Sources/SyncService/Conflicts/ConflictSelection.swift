package import Cache
import Mapping
package import SyncModel

/// Which conflicts a command is about, as a person asks for them. What is nil does not matter.
package struct ConflictSelection: Codable, Sendable {
    package enum Order: String, CaseIterable, Codable, Sendable { case time, attribute, entry }
    /// Differences that were found when entries were joined.
    package enum Joins: Codable, Sendable { case included, leftOut }

    package var since: String?
    package var until: String?
    /// Whose value stands.
    package var side: Side?
    package var kind: ObjectKind?
    package var object: String?
    /// A name of either side; `place`, `existence`, `member`.
    package var attribute: String?
    /// A DN, a GUID, or a name.
    package var entry: String?
    package var rule: ConflictRule?
    package var state: ConflictState?
    package var joins = Joins.leftOut

    package init() {}

    /// By the words that commands take.
    package mutating func choose(side: String?, kind: String?, rule: String?, state: String?) {
        self.side = side.flatMap(Side.init(name:))
        self.kind = kind.flatMap { kind in ObjectKind.allCases.first { $0.name == kind } }
        self.rule = rule.flatMap { rule in ConflictRule.allCases.first { $0.name == rule } }
        self.state = state.flatMap { state in ConflictState.allCases.first { $0.name == state } }
    }

    /// Whether it selects everything but join differences.
    package var isEmpty: Bool { words.isEmpty }

    /// For a person, as it was asked for.
    var words: [String] {
        let parts: [(String, String?)] = [
            ("since", since), ("until", until), ("side", side?.name), ("kind", kind?.name), ("object", object),
            ("attribute", attribute), ("entry", entry), ("rule", rule?.name), ("state", state?.name),
        ]
        return parts.compactMap { name, value in value.map { "\(name) \($0)" } }
    }
}

/// A selection that was understood: what the cache is asked for, and what is asked of each conflict besides.
struct ConflictFilter {
    let query: ConflictQuery
    private let side: Side?
    private let objects: Set<String>?
    private let attributes: Set<String>?

    /// Throws `LookupError`.
    init(_ selection: ConflictSelection, _ view: InspectedView, now: Timestamp) throws {
        func time(_ text: String?, _ option: String) throws -> Timestamp? {
            guard let text else { return nil }
            guard let time = ConflictTime.parse(text, now: now) else {
                throw LookupError(
                    description: "\(option): \(text) is no time; write 2h, 3d, 2026-01-31 or 2026-01-31T12:00Z"
                )
            }
            return time
        }
        if let object = selection.object, view.mapping(object) == nil {
            throw LookupError(description: "the configuration has no object \(object)")
        }
        query = ConflictQuery(
            since: try time(selection.since, "--since"),
            until: try time(selection.until, "--until"),
            pair: try selection.entry.map { try view.pair($0).id },
            object: selection.object,
            rule: selection.rule,
            state: selection.state,
            joins: selection.joins == .included ? .included : .leftOut
        )
        side = selection.side
        objects = selection.kind.map { kind in
            Set(view.wiring.mappings.map(\.specification).filter { $0.kind == kind }.map(\.name))
        }
        attributes = selection.attribute.map { Self.canonicalNames($0, view) }
    }

    /// The canonical names that a person may mean: AD's, or those whose rules have the name at the LDAP side.
    private static func canonicalNames(_ name: String, _ view: InspectedView) -> Set<String> {
        let name = CaseFolding.lowercaseName(name)
        if name == "place" { return [parentAttribute] }
        var names: Set<String> = [name]
        for rule in view.wiring.mappings.flatMap(\.specification.attributes) {
            if CaseFolding.lowercaseName(rule.miniorange) == name { names.insert(CaseFolding.lowercaseName(rule.ad)) }
        }
        return names
    }

    func matches(_ conflict: StoredConflict) -> Bool {
        if let side, conflict.standingSide != side { return false }
        if let objects, !(conflict.record.object.map(objects.contains) ?? false) { return false }
        guard let attributes else { return true }
        let name = conflict.attribute
        return attributes.contains(name) || attributes.contains(String(name.prefix { $0 != ";" }))
    }
}
