import Mapping
import SyncModel

/// What `test-mapping` found. `test-mapping --json` prints this.
package struct MappingTestReport: Codable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        /// The DN.
        package var name: String
        /// objectGUID or entryUUID.
        package var anchor: String
        /// The attributes that Syncline reads, by lower-cased name.
        package var attributes: [String: [String]]
    }

    package struct Rule: Codable, Hashable, Sendable {
        /// `file:line`, or `preset`.
        package var origin: String
        package var ad: String
        package var miniorange: String
        /// `both`, `to-ad` or `to-miniorange`.
        package var direction: String
        package var adValues: [String]
        package var miniorangeValues: [String]
        /// What both sides last agreed on; absent where the cache has no pair.
        package var base: [String]?
        /// What both are to show, in the common form.
        package var result: [String]
        /// `equal`, `empty`, `ad -> miniorange`, `ad <- miniorange`, `merged`, `conflict: … wins`, `conflict: held`, `waits: …`, `as close as it gets`.
        package var verdict: String
    }

    package struct Change: Codable, Hashable, Sendable {
        package var name: String
        package var old: [String]
        package var new: [String]
    }

    package struct PlannedWrite: Codable, Hashable, Sendable {
        package var side: String
        /// `create`, `modify`, `rename` or `delete`.
        package var operation: String
        package var name: String
        package var newName: String?
        package var attributes: [Change]
    }

    /// Of a group who is in it, of anybody else their groups, as the cache knows them.
    package struct Memberships: Codable, Sendable {
        package struct Change: Codable, Hashable, Sendable {
            package var side: String
            /// `add` or `remove`.
            package var operation: String
            /// `side: DN` of the member, or of the group.
            package var entry: String
        }

        /// `members` or `groups`.
        package var of: String
        /// How many there are on each side, of those that are in scope.
        package var ad = 0
        package var miniorange = 0
        /// Of entries that are on one side only so far.
        package var waiting = 0
        /// Of entries that are not in scope: they stay where they are.
        package var parked = 0
        /// At most 10.
        package var names: [String] = []
        package var changeCount = 0
        /// What would be written; at most 10.
        package var changes: [Change] = []

        init(of what: String) { of = what }
    }

    /// The configured object.
    package var object: String
    package var ad: Entry?
    package var miniorange: Entry?
    /// How the two were found to be one.
    package var pairing: String
    /// Whether the cache knows them; without it the merge has no base, as when they meet for the first time.
    package var usedCache: Bool
    package var rules: [Rule] = []
    package var writes: [PlannedWrite] = []
    /// Absent without a cache, and where no memberships are configured.
    package var memberships: Memberships?
    /// Why nothing could be written although something differs.
    package var obstacles: [String] = []
    package var notes: [String] = []

    package var isEqual: Bool {
        (memberships?.changeCount ?? 0) == 0 && writes.isEmpty && obstacles.isEmpty && notes.isEmpty
            && !rules.contains { $0.isOpen }
    }
}

extension MappingTestReport.Rule {
    var isOpen: Bool { !["equal", "empty", "as close as it gets"].contains(verdict) }
}

extension MappingTestReport {
    init(_ live: LivePair, usedCache: Bool, shown: (Side, String, [Octets]) -> [String]) {
        func entry(_ side: Side) -> Entry? {
            live.entries[side].map { entry in
                let mapped = live.mapping.selected(side, entry.attributes)
                return Entry(
                    name: entry.name.description,
                    anchor: entry.anchor.text(on: side),
                    attributes: Dictionary(
                        uniqueKeysWithValues: mapped.items.map { ($0.name, shown(side, $0.name, $0.values)) }
                    )
                )
            }
        }
        self.init(
            object: live.mapping.specification.name,
            ad: entry(.ad),
            miniorange: entry(.miniorange),
            pairing: live.how,
            usedCache: usedCache
        )
    }

    /// For a person.
    var text: String {
        var lines = ["object      \(object)"]
        for (name, entry) in [("ad", ad), ("miniorange", miniorange)] {
            lines.append(
                name.padded(to: 12) + (entry.map { "\($0.name)\n            \($0.anchor)" } ?? "no entry")
            )
        }
        lines.append("paired by   \(pairing)")
        lines.append(
            "base        \(usedCache ? "from the cache" : "none: the cache does not know them")"
        )
        lines.append("")
        let verdictWidth = max(16, rules.map(\.verdict.count).max() ?? 0)
        for rule in rules where rule.verdict != "empty" {
            let title = rule.title(isPaired: ad != nil && miniorange != nil)
            lines.append("\(rule.verdict.padded(to: verdictWidth))  \(title)")
            guard rule.isOpen, ad != nil, miniorange != nil else { continue }
            lines.append(Self.row("ad", rule.adValues))
            lines.append(Self.row("miniorange", rule.miniorangeValues))
            if let base = rule.base, base != rule.result { lines.append(Self.row("last agreed", base)) }
            lines.append(Self.row("result", rule.result))
        }
        let empty = rules.filter { $0.verdict == "empty" }
        if !empty.isEmpty {
            let names = empty.map {
                $0.ad.lowercased() == $0.miniorange.lowercased() ? $0.ad : "\($0.ad)=\($0.miniorange)"
            }
            lines += TextWrap.lines(
                "Without values on both sides: \(names.joined(separator: ", "))",
                width: FindingText.width
            )
        }
        lines.append("")
        if let memberships { lines += memberships.lines }
        lines += notes + obstacles
        lines += writes.flatMap(\.lines)
        if writes.isEmpty, (memberships?.changeCount ?? 0) == 0 {
            lines.append(
                obstacles.isEmpty ? "Nothing would be written." : "Nothing would be written, see above."
            )
        }
        return lines.joined(separator: "\n")
    }

    static func row(_ label: String, _ values: [String]) -> String {
        "    \(label.padded(to: 12)) \(values.isEmpty ? "-" : values.joined(separator: " | "))"
    }
}

extension MappingTestReport.Rule {
    /// An equal value is worth a place on the line; one that differs is shown below.
    fileprivate func title(isPaired: Bool) -> String {
        let arrow = direction == "both" ? "=" : direction == "to-ad" ? "<-" : "->"
        let place = origin.isEmpty ? "" : "  (\(origin.split(separator: "/").last ?? ""))"
        guard isOpen && isPaired else {
            let values = adValues.isEmpty ? miniorangeValues : adValues
            return "\(ad) \(arrow) \(miniorange): \(values.joined(separator: " | "))"
        }
        return "\(ad) \(arrow) \(miniorange)\(place)"
    }
}

extension MappingTestReport.Memberships {
    fileprivate var lines: [String] {
        var lines = ["\(of.padded(to: 12))\(ad) at ad, \(miniorange) at miniorange"]
        if waiting > 0 { lines.append("            \(waiting) more of entries that are on one side only") }
        if parked > 0 { lines.append("            \(parked) more of entries that are not in scope") }
        lines += names.map { "    \($0)" }
        let count = max(ad, miniorange)
        if count > names.count { lines.append("    … and \(count - names.count) more") }
        lines += changes.map { "Would \($0.operation) at \($0.side): \($0.entry)" }
        if changeCount > changes.count { lines.append("… and \(changeCount - changes.count) more changes") }
        return lines
    }
}

extension MappingTestReport.PlannedWrite {
    fileprivate var lines: [String] {
        let target = newName.map { " to \($0)" } ?? ""
        return ["Would \(operation) at \(side): \(name)\(target)"]
            + attributes.map { change in
                let old = change.old.isEmpty ? "" : "\(change.old.joined(separator: " | ")) => "
                return
                    "    \(change.name): \(old)\(change.new.isEmpty ? "(removed)" : change.new.joined(separator: " | "))"
            }
    }
}
