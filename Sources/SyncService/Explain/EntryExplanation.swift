import Cache
import Configuration
import Mapping
import Reconcile
import SyncModel

/// Why an entry, or one of its attributes, is what it is.
struct EntryExplanation {
    private static let conflictLimit = 20
    private static let historyLimit = 20
    /// Milliseconds from what a server notes of an entry that we make to our own note of it.
    private static let madeWithin: Int64 = 10_000

    let shown: ShownPair
    let names: PerSide<String?>
    let attributes: [AttributeExplanation]
    let conflicts: [ShownConflict]
    let history: [HistoryRecord]
    let circumstances: PairCircumstances
    let label: String
    private let view: InspectedView

    private var pair: Pair { shown.pair }
    private var isOnBothSides: Bool { pair.presence == PerSide(both: .present) }

    /// Throws `LookupError` where no rule carries the attribute.
    init(_ pair: Pair, attribute: String?, _ view: InspectedView) throws {
        self.view = view
        let shown = try ShownPair(pair, view)
        self.shown = shown
        names = PerSide(
            ad: try shown.replicas.ad.map { try view.names.name(of: $0) },
            miniorange: try shown.replicas.miniorange.map { try view.names.name(of: $0) }
        )
        label = try shown.name
        circumstances = try PairCircumstances(shown, view)
        let comparison = try PairComparison(shown, view, memberRows: 0, keepsStates: true)
        let judge = try Self.judge(view)
        let stamps = try Self.stamps(of: pair, judge, view)
        let lines = try view.transaction.history(of: pair.id)
        var attributes = try comparison.states.map { state in
            let last = lines.first { $0.pair == pair.id && $0.wrote(state.rule.name) }
            return try AttributeExplanation(state, shown, stamps, written: last?.side, judge, view)
        }
        if let attribute {
            attributes = attributes.filter { $0.isCalled(attribute) }
            if attributes.isEmpty { throw Self.unknown(attribute, pair, view) }
        }
        self.attributes = attributes
        let wanted = attribute == nil ? nil : Set(attributes.map(\.name))
        conflicts = try Self.conflicts(of: pair.id, about: wanted, view)
        history = lines.lazy.filter { line in wanted.map { !$0.isDisjoint(with: line.attributes) } ?? true }
            .prefix(Self.historyLimit).map(\.self)
    }

    /// Who counts as the later one, by the clocks that the daemon knew last.
    static func judge(_ view: InspectedView) throws -> StampJudge {
        StampJudge(
            tolerance: view.wiring.configuration.conflicts.clockTolerance,
            clocks: PerSide(
                ad: try KeptClock.read(.ad, view.transaction),
                miniorange: try KeptClock.read(.miniorange, view.transaction)
            )
        )
    }

    /// A server that keeps no authors does not tell that it was us who made the entry; our history does.
    private static func stamps(
        of pair: Pair,
        _ judge: StampJudge,
        _ view: InspectedView
    ) throws -> PerSide<[AttributeStamp]> {
        var stamps = PerSide<[AttributeStamp]>(both: [])
        let made = try view.transaction.history(of: pair.id).filter { $0.pair == pair.id && $0.event == .added }
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            let times = made.filter { $0.side == side }.map(\.time.milliseconds)
            let offset = judge.clocks[side]?.offset ?? 0
            stamps[side] = try view.transaction.stamps(side, anchor).map { told in
                var told = told
                let time = told.stamp.time.milliseconds - offset
                if told.stamp.author == nil, told.stamp.version ?? 1 == 1, told.stamp.source != .entry,
                    times.contains(where: { -judge.tolerance...madeWithin ~= $0 - time })
                {
                    told.stamp.isOurs = true
                }
                return told
            }
        }
        return stamps
    }

    private static func conflicts(
        of pair: PairID,
        about wanted: Set<String>?,
        _ view: InspectedView
    ) throws -> [ShownConflict] {
        var found: [ShownConflict] = []
        try view.transaction.forEachConflict(ConflictQuery(pair: pair), .newestFirst) { conflict in
            if wanted?.contains(conflict.attribute) ?? true { found.append(try ShownConflict(conflict, view)) }
            return found.count < conflictLimit
        }
        return found
    }

    private static func unknown(_ attribute: String, _ pair: Pair, _ view: InspectedView) -> LookupError {
        let wanted = CaseFolding.lowercaseName(attribute)
        let rules = view.mapping(pair.object)?.specification.attributes ?? []
        let rule = rules.first {
            CaseFolding.lowercaseName($0.ad) == wanted || CaseFolding.lowercaseName($0.miniorange) == wanted
        }
        guard let rule else {
            return LookupError(
                description:
                    "no rule of \(pair.object ?? "a container that only gives others their place") carries \(attribute)"
            )
        }
        return LookupError(
            description: "\(rule.ad) (\(rule.origin)) has no value at either side, and had none when both last agreed"
        )
    }

    // MARK: For people

    /// - Parameter note: how fresh the stamps are; nil: as fresh as can be.
    func lines(width: Int, style: TerminalStyle, note: String?) throws -> [String] {
        var text = ExplanationText(width: width, style: style)
        let object = pair.object.map { ", \($0)" } ?? ""
        text.line("pair \(pair.id.rawValue), \(pair.kind.name)\(object)")
        for side in Side.allCases {
            let presence = pair.presence[side] == .outOfScope ? "out of scope" : pair.presence[side].name
            text.row(side.name, names[side] ?? "no entry", presence == "present" ? "" : " (\(presence))")
        }
        if let note { text.row("stamps", note, ink: .faint) }
        for attribute in attributes { text.attribute(attribute, isOnBothSides) }
        if pair.object == nil {
            text.line("")
            text.line("It gives other entries their place, and no rule is about it.")
        }
        text.section("waiting", try circumstances.lines(view))
        text.section("conflicts, the newest first", conflicts.map(ExplanationText.line))
        text.section("history, the newest first", history.map(ExplanationText.line))
        return text.lines
    }

    // MARK: For machines

    func json(note: String?) throws -> JSONValue {
        .object([
            ("pair", .int(Int(clamping: pair.id.rawValue))), ("entry", .string(label)),
            ("object", .string(orNull: pair.object)), ("kind", .string(pair.kind.name)),
            ("presence", .object(Side.allCases.map { ($0.name, .string(pair.presence[$0].name)) })),
            ("ad", .string(orNull: names.ad)), ("miniorange", .string(orNull: names.miniorange)),
            ("stampsNote", .string(orNull: note)),
            ("attributes", .array(attributes.map { $0.json(isOnBothSides: isOnBothSides) })),
            ("waiting", try circumstances.json(view)), ("conflicts", .array(conflicts.map(\.json))),
            ("history", .array(history.map(ExplanationText.json))),
        ])
    }
}

extension HistoryRecord {
    /// Whether it tells of a write of this attribute.
    fileprivate func wrote(_ attribute: String) -> Bool {
        switch event {
        case .added: true
        case .modified, .renamed: attributes.contains(attribute)
        default: false
        }
    }
}
