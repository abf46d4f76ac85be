import Cache
import Mapping
import SyncModel

/// `syncline cache diff`: the pairs whose sides, or whose base, differ, and why.
package struct CacheDiffCommand {
    private let options: InspectorOptions
    private let limit: Int

    /// - Parameter limit: at most so many pairs; 0: all.
    package init(_ options: InspectorOptions, limit: Int = 0) {
        self.options = options
        self.limit = limit == 0 ? .max : limit
    }

    /// 1 where a pair differs.
    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output, isStream: true) {
            let inspected = try InspectedCache(options)
            var found = 0
            var seen = 0
            try SlicedWalk.run(inspected, output) { view, last, slice in
                var place: PairID?
                try view.transaction.forEachPair(after: last) { pair in
                    seen += 1
                    let shown = try ShownPair(pair, view)
                    let comparison = try PairComparison(shown, view)
                    if !comparison.isEmpty {
                        found += 1
                        try show(shown, comparison, view, output)
                        if found >= limit { return false }
                    }
                    guard slice.mayGoOn() else {
                        place = pair.id
                        return false
                    }
                    return true
                }
                return place
            }
            try output.flush()
            if !options.isJSON {
                let rest = found >= limit ? ", and that was the limit" : ""
                output.complain("\(found) of \(seen) pairs \(found == 1 ? "differs" : "differ")\(rest)")
            }
            return found > 0 ? InspectorRun.found : 0
        }
    }

    private func show(
        _ shown: ShownPair,
        _ comparison: PairComparison,
        _ view: InspectedView,
        _ output: InspectorOutput
    ) throws {
        let circumstances = try PairCircumstances(shown, view)
        if options.isJSON {
            output.json(try json(shown, comparison, circumstances, view), isPretty: false)
            return
        }
        output.line("pair \(shown.pair.id.rawValue), \(shown.pair.object ?? shown.pair.kind.name): \(try shown.name)")
        for line in try comparison.lines(shown, view) { output.line("  " + line) }
        for line in try circumstances.lines(view) { output.line("  " + line) }
    }

    private func json(
        _ shown: ShownPair,
        _ comparison: PairComparison,
        _ circumstances: PairCircumstances,
        _ view: InspectedView
    ) throws -> JSONValue {
        .object([
            ("pair", .int(Int(clamping: shown.pair.id.rawValue))),
            ("name", .string(try shown.name)),
            ("object", .string(orNull: shown.pair.object)),
            ("kind", .string(shown.pair.kind.name)),
            ("presence", .object(Side.allCases.map { ($0.name, .string(shown.pair.presence[$0].name)) })),
            ("onlyAt", .string(orNull: comparison.onlyAt?.name)),
            ("attributes", try comparison.attributesJSON(shown)),
            ("members", try comparison.membersJSON(view)),
            ("waiting", try circumstances.json(view)),
        ])
    }
}

extension PairComparison {
    /// For people.
    func lines(_ shown: ShownPair, _ view: InspectedView) throws -> [String] {
        var lines: [String] = []
        if let onlyAt {
            let other = shown.pair.presence[onlyAt.opposite]
            let words: String =
                switch other {
                case .deleted: "was deleted there"
                case .outOfScope: "is out of scope there"
                default: "was never seen there"
                }
            lines.append("only at \(onlyAt.name); it \(words)")
        }
        for difference in differences {
            lines.append("\(difference.title): \(difference.reason.words)")
            for side in Side.allCases {
                lines.append(Self.row(side.name, try shown.values(difference.values[side], of: difference.name)))
            }
            if let base = difference.base, difference.reason != .neverAgreed {
                lines.append(Self.row("agreed", try shown.values(base, of: difference.name)))
            }
        }
        for side in Side.allCases where members.count[side] > 0 {
            lines.append(
                "\(members.count[side]) \(members.count[side] == 1 ? "member" : "members") only at \(side.name)"
            )
            for (at, member) in members.first where at == side {
                lines.append("  \(try view.names.name(of: member, side))")
            }
        }
        if !members.isComplete {
            lines.append("more members than were compared here; syncline cache diff compares all")
        }
        return lines
    }

    private static func row(_ label: String, _ values: [ShownValue]) -> String {
        "  \(label.padded(to: 12))\(values.isEmpty ? "-" : values.map(\.line).joined(separator: " | "))"
    }

    func attributesJSON(_ shown: ShownPair) throws -> JSONValue {
        .array(
            try differences.map { difference in
                func values(_ values: [Octets]) throws -> JSONValue {
                    .array(try shown.values(values, of: difference.name).map(\.json))
                }
                return .object([
                    ("name", .string(difference.name)), ("reason", .string(difference.reason.rawValue)),
                    ("ad", try values(difference.values.ad)),
                    ("miniorange", try values(difference.values.miniorange)),
                    ("base", try difference.base.map(values) ?? .null),
                ])
            }
        )
    }

    func membersJSON(_ view: InspectedView) throws -> JSONValue {
        .object([
            ("onlyAD", .int(members.count.ad)), ("onlyMiniorange", .int(members.count.miniorange)),
            ("complete", .bool(members.isComplete)),
            (
                "first",
                .array(
                    try members.first.map { side, member in
                        .object([
                            ("side", .string(side.name)), ("dn", .string(try view.names.name(of: member, side))),
                        ])
                    }
                )
            ),
        ])
    }
}

extension PairComparison.Difference {
    /// What people call it.
    var title: String { name == parentAttribute ? "place" : name }
}
