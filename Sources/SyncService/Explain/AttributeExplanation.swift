import Cache
import Mapping
import Reconcile
import SyncModel

/// Why one attribute of an entry is what it is.
struct AttributeExplanation {
    struct Part {
        /// The side's own name, lower-cased; `AttributeStamp.entryName` for the place.
        var attribute: String
        var values: [ShownValue]
        var stamp: Stamp?
    }

    let state: PairComparison.State
    let sides: PerSide<Part>
    let base: [ShownValue]?
    /// The mapping rule; nil for the place.
    let specification: AttributeSpecification?
    /// The line of the configuration; of the place the object's. Nil where none is known.
    let origin: String?
    let writer: LastWriter?
    /// The conflict that waits for a person.
    let held: ConflictID?
    /// A person's decision that is to be carried out.
    let settlement: Settlement?
    let settled: [ShownValue]
    /// The last conflict about it that a person decided.
    let decided: ConflictID?

    var name: String { state.rule.name }

    /// - Parameter written: the side that we wrote last.
    init(
        _ state: PairComparison.State,
        _ shown: ShownPair,
        _ stamps: PerSide<[AttributeStamp]>,
        written: Side?,
        _ judge: StampJudge,
        _ view: InspectedView
    ) throws {
        self.state = state
        let name = state.rule.name
        let own = name.prefix { $0 != ";" }
        let object = view.mapping(shown.pair.object)?.specification
        let specification = object?.attributes.first { CaseFolding.lowercaseName($0.ad) == own }
        self.specification = specification
        let line = specification?.origin ?? object?.origin ?? ""
        origin = line.isEmpty ? nil : line
        func part(_ side: Side) throws -> Part {
            let attribute =
                specification.map { CaseFolding.lowercaseName(side == .ad ? $0.ad : $0.miniorange) }
                ?? AttributeStamp.entryName
            return Part(
                attribute: attribute,
                values: try shown.values(state.values[side], of: name),
                stamp: stamps[side].first { $0.attribute == attribute }?.stamp
            )
        }
        sides = PerSide(ad: try part(.ad), miniorange: try part(.miniorange))
        base = try state.base.map { try shown.values($0, of: name) }
        let told = PerSide(ad: sides.ad.stamp, miniorange: sides.miniorange.stamp)
        let isUntold = told == PerSide(both: nil) && state.reason == nil
        writer = LastWriter(told, judge) ?? (isUntold ? written.map { LastWriter(writtenAt: $0) } : nil)
        held = try view.transaction.heldConflicts(of: shown.pair.id).first { $0.name == name }?.id
        settlement = try view.transaction.settlements(of: shown.pair.id).first { $0.name == name }?.settlement
        let query = ConflictQuery(pair: shown.pair.id, attribute: name, state: .person)
        decided = try view.transaction.conflicts(query, .newestFirst, limit: 1).first?.id
        settled = try settlement.map { try shown.values($0.values, of: name) } ?? []
    }

    /// What people call it.
    var title: String {
        if name == parentAttribute { return "place" }
        let parts = name.split(separator: ";", maxSplits: 1)
        guard parts.count == 2 else { return name }
        return parts[0] + (parts[1] == "others" ? ", further values" : ", stand-in")
    }

    /// The same as AD's admins write it.
    var heading: String {
        guard let specification else { return title }
        let end = title.firstIndex(of: ",") ?? title.endIndex
        return specification.ad + title[end...]
    }

    /// By a name of either side, `place`, or the canonical one.
    func isCalled(_ wanted: String) -> Bool {
        let wanted = CaseFolding.lowercaseName(wanted)
        if name == wanted || title == wanted { return true }
        return specification.map {
            CaseFolding.lowercaseName($0.ad) == wanted || CaseFolding.lowercaseName($0.miniorange) == wanted
        } ?? false
    }

    /// Why it is as it is, for a person.
    func why(isOnBothSides: Bool) -> String {
        if let settlement {
            return "a person decided conflict \(settlement.conflict.rawValue), and that is still to be written"
        }
        if let held { return "conflict \(held.rawValue) waits for a person: syncline conflicts show \(held.rawValue)" }
        if !isOnBothSides { return "the entry is not on both sides" }
        guard let reason = state.reason else {
            switch writer {
            case let writer? where writer.side != nil: return "in agreement; last set at \(writer.words)"
            case let writer?: return "in agreement; \(writer.words)"
            case nil where sides.ad.stamp?.isOurs == true:
                let why = decided.map { ", as a person decided conflict \($0.rawValue)" } ?? ""
                return "in agreement; Syncline wrote it to both sides\(why)"
            case nil: return "in agreement; who set it last is not known"
            }
        }
        return reason.words
    }

    /// How a conflict about it is settled, and which way it goes.
    var ruleWords: String {
        if state.rule.shape == .set { return "values come and go one by one" + way }
        let prefer = state.rule.conflict == .newest ? ", then \(state.rule.prefer.name)" : ""
        return "\(state.rule.conflict.name)\(prefer)\(way)"
    }

    private var way: String { state.rule.direction == .both ? "" : ", \(state.rule.direction.word) only" }

    func json(isOnBothSides: Bool) -> JSONValue {
        func part(_ side: Side) -> JSONValue {
            .object([
                ("attribute", .string(sides[side].attribute)),
                ("values", .array(sides[side].values.map(\.json))),
                ("stamp", sides[side].stamp.map { StampText($0).json } ?? .null),
            ])
        }
        return .object([
            ("name", .string(name)), ("title", .string(title)), ("ad", part(.ad)), ("miniorange", part(.miniorange)),
            ("base", base.map { .array($0.map(\.json)) } ?? .null),
            ("difference", .string(orNull: state.reason?.rawValue)),
            ("why", .string(why(isOnBothSides: isOnBothSides))), ("lastWriter", writer?.json ?? .null),
            (
                "rule",
                .object([
                    ("conflict", .string(state.rule.conflict.name)), ("prefer", .string(state.rule.prefer.name)),
                    ("direction", .string(state.rule.direction.word)),
                    ("perValue", .bool(state.rule.shape == .set)), ("origin", .string(orNull: origin)),
                ])
            ),
            ("heldConflict", held.map { .int(Int(clamping: $0.rawValue)) } ?? .null),
            (
                "settlement",
                settlement.map {
                    .object([
                        ("conflict", .int(Int(clamping: $0.conflict.rawValue))),
                        ("values", .array(settled.map(\.json))), ("time", .string($0.time.text)),
                    ])
                } ?? .null
            ),
        ])
    }
}
