import Cache
import Mapping
import SyncModel

/// What `syncline cache get` tells of a pair.
struct PairReport {
    private static let conflictLimit = 10
    /// Beyond these `diff` has to be asked: a group may have millions of members, and the answer is to come at once.
    private static let comparedMembers = 1_000

    private let shown: ShownPair
    private let entries: PerSide<ShownEntry?>
    private let comparison: PairComparison
    private let circumstances: PairCircumstances
    private let memberships: PairMemberships
    private let conflicts: [StoredConflict]
    private let stamps: PerSide<[AttributeStamp]>
    private let view: InspectedView

    private var pair: Pair { shown.pair }

    init(_ pair: Pair, _ view: InspectedView, memberLimit: Int) throws {
        self.view = view
        shown = try ShownPair(pair, view)
        entries = PerSide(
            ad: try shown.replicas.ad.map { try ShownEntry($0, view, memberships: false) },
            miniorange: try shown.replicas.miniorange.map { try ShownEntry($0, view, memberships: false) }
        )
        comparison = try PairComparison(shown, view, memberRows: Self.comparedMembers)
        circumstances = try PairCircumstances(shown, view)
        memberships = try PairMemberships(pair, view, limit: memberLimit)
        conflicts = try view.transaction.conflicts(of: pair.id, limit: Self.conflictLimit)
        stamps = PerSide(
            ad: try pair.anchors.ad.map { try view.transaction.stamps(.ad, $0) } ?? [],
            miniorange: try pair.anchors.miniorange.map { try view.transaction.stamps(.miniorange, $0) } ?? []
        )
    }

    // MARK: For people

    func lines(width: Int) throws -> [String] {
        var layout = SideBySide(width: width)
        let object = pair.object.map { ", \($0)" } ?? ""
        let extent = comparison.members.isComplete ? "" : " as far as it was compared"
        let state = comparison.isEmpty ? "in agreement\(extent)" : "not in agreement"
        let standing = pair.object == nil ? "gives others their place" : state
        layout.line("pair \(pair.id.rawValue), \(pair.kind.name)\(object): \(standing)")
        layout.line("")
        // Whole, so that they can be copied.
        for side in Side.allCases {
            layout.line("\(side.name.padded(to: 12))\(entries[side]?.name ?? "no entry")")
            if let anchor = pair.anchors[side] { layout.line("            \(anchor.text(on: side))") }
            let presence = pair.presence[side] == .outOfScope ? "out of scope" : pair.presence[side].name
            let version = entries[side].map { ", \($0.replica.version.text)" } ?? ""
            let isProtected = entries[side]?.replica.isProtected == true
            layout.line("            \(presence)\(isProtected ? ", protected" : "")\(version)")
        }
        layout.line("")
        if !rows.isEmpty { layout.row([], ["ad"], " ", ["miniorange"]) }
        for row in rows { layout.row(row.labels, row.values.ad, row.mark, row.values.miniorange) }
        var lines = layout.lines
        let differences = try comparison.lines(shown, view)
        if !differences.isEmpty { lines += ["", "differences"] + differences.map { "  " + $0 } }
        if pair.object != nil && pair.base == nil { lines += ["", "base        none: both sides never agreed"] }
        lines += stampLines
        if !memberships.isEmpty { lines += [""] + memberships.text }
        if !circumstances.parkedNames.isEmpty {
            lines += ["", "names that nobody in scope has"]
            for (side, name) in circumstances.parkedNames.prefix(PairCircumstances.limit) {
                lines.append("  \(side.name.padded(to: 12))\(ShownValue(name.value).line)")
            }
            let more = circumstances.parkedNames.count - PairCircumstances.limit
            if more > 0 { lines.append("  … and \(more) more") }
        }
        let waiting = try circumstances.lines(view)
        if !waiting.isEmpty { lines += ["", "waiting"] + waiting.map { "  " + $0 } }
        if !conflicts.isEmpty {
            lines += ["", "conflicts, the newest first"]
            for conflict in conflicts { lines += try self.lines(conflict) }
        }
        return lines
    }

    private var stampLines: [String] {
        // A server may tell of attributes that have no value any more.
        let all = Side.allCases.flatMap { side in
            stamps[side].filter { told in
                told.attribute == AttributeStamp.entryName || entries[side]?.values(told.attribute).isEmpty == false
            }.map { (side, $0) }
        }
        guard !all.isEmpty else { return [] }
        return ["", "stamps"]
            + all.flatMap { side, told in
                let text = StampText(told.stamp)
                let name = told.attribute == AttributeStamp.entryName ? "name and place" : told.attribute
                return TextWrap.lines("\(name): \(text.line) (\(told.stamp.source.code), \(text.precision))", width: 66)
                    .enumerated().map { "  \(($0.offset == 0 ? side.name : "").padded(to: 12))\($0.element)" }
            }
    }

    private struct Row {
        var labels: [String]
        var values: PerSide<[String]>
        var mark: Character
    }

    /// One for each mapping rule with values, then what no rule reads.
    private var rows: [Row] {
        var rows: [Row] = []
        var shownNames = PerSide<Set<String>>(both: [])
        let unequal = comparison.differences.filter { $0.reason != .baseDiffers }
        let differing = Set(unequal.map { $0.name.split(separator: ";").first.map(String.init) ?? "" })
        func values(_ side: Side, _ name: String) -> [String] { entries[side]?.values(name).map(\.line) ?? [] }
        for rule in view.mapping(pair.object)?.specification.attributes ?? [] {
            let ad = CaseFolding.lowercaseName(rule.ad)
            let miniorange = CaseFolding.lowercaseName(rule.miniorange)
            shownNames.ad.insert(ad)
            shownNames.miniorange.insert(miniorange)
            let both = PerSide(ad: values(.ad, ad), miniorange: values(.miniorange, miniorange))
            guard !both.ad.isEmpty || !both.miniorange.isEmpty else { continue }
            let isComplete = pair.presence.ad == .present && pair.presence.miniorange == .present
            let mark: Character = !isComplete ? " " : differing.contains(ad) ? "≠" : "="
            let labels = ad == miniorange ? [rule.ad] : [rule.ad, rule.miniorange]
            rows.append(Row(labels: labels, values: both, mark: mark))
        }
        var others: Set<String> = []
        for side in Side.allCases {
            others.formUnion(entries[side]?.attributes.map(\.name).filter { !shownNames[side].contains($0) } ?? [])
        }
        for name in others.sorted() {
            let both = PerSide(
                ad: shownNames.ad.contains(name) ? [] : values(.ad, name),
                miniorange: shownNames.miniorange.contains(name) ? [] : values(.miniorange, name)
            )
            rows.append(Row(labels: [name], values: both, mark: " "))
        }
        return rows
    }

    private func lines(_ conflict: StoredConflict) throws -> [String] {
        let record = conflict.record
        let state = conflict.resolution.map { ", settled: \($0.choice.code)" } ?? ""
        var lines = [
            "  \(conflict.id.rawValue)  \(record.time.text)  \(try title(record)): \(record.winner.name) stands\(state)"
        ]
        guard case .attribute(let name) = record.subject else { return lines }
        for side in Side.allCases {
            let values = try shown.values(record.values[side], of: name).map(\.line)
            lines.append("      \(side.name.padded(to: 12))\(values.isEmpty ? "-" : values.joined(separator: " | "))")
        }
        return lines
    }

    private func title(_ record: ConflictRecord) throws -> String {
        switch record.subject {
        case .attribute(let name): name == parentAttribute ? "place" : name
        case .existence: "deleted or changed"
        case .member(let member): "member \(try view.names.name(of: member))"
        }
    }

    // MARK: For machines

    func json() throws -> JSONValue {
        guard case .object(var members) = try shown.json(memberships: false) else { return .null }
        members += [
            ("inAgreement", .bool(comparison.isEmpty)),
            ("onlyAt", .string(orNull: comparison.onlyAt?.name)),
            ("differences", try comparison.attributesJSON(shown)),
            ("memberDifferences", try comparison.membersJSON(view)),
            ("memberships", memberships.json),
            ("waiting", try circumstances.json(view)),
            ("conflicts", .array(try conflicts.map(json))),
            (
                "stamps",
                .object(
                    Side.allCases.map { side in
                        (side.name, .object(stamps[side].map { ($0.attribute, StampText($0.stamp).json) }))
                    }
                )
            ),
        ]
        return .object(members)
    }

    private func json(_ conflict: StoredConflict) throws -> JSONValue {
        let record = conflict.record
        let name: String? = if case .attribute(let name) = record.subject { name } else { nil }
        func values(_ values: [Octets]) throws -> JSONValue {
            .array(try shown.values(values, of: name ?? "").map(\.json))
        }
        let subject: String =
            switch record.subject {
            case .attribute(let name): name
            case .existence: "existence"
            case .member: "member"
            }
        return .object([
            ("id", .int(Int(clamping: conflict.id.rawValue))), ("time", .string(record.time.text)),
            ("subject", .string(subject)), ("winner", .string(record.winner.name)),
            ("isJoin", .bool(record.isJoin)), ("settled", .string(orNull: conflict.resolution?.choice.code)),
            ("ad", try values(record.values.ad)), ("miniorange", try values(record.values.miniorange)),
            ("base", try values(record.base)),
        ])
    }
}
