import Cache
import SyncModel

/// `syncline cache history ENTRY`: what was written for an entry, where, and why, the newest first; or what was agreed at one time.
package struct CacheHistoryCommand {
    private let options: InspectorOptions
    private let entry: String
    private let limit: Int
    private let time: String?

    /// - Parameters:
    ///   - limit: at most so many lines; 0: all.
    ///   - time: shows what both sides agreed on then, as `ConflictTime` reads it.
    package init(_ options: InspectorOptions, entry: String, limit: Int = 100, at time: String? = nil) {
        self.time = time
        self.options = options
        self.entry = entry
        self.limit = limit == 0 ? .max : limit
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            try InspectedCache(options).read { view in
                let pair = try view.pair(entry)
                if let time { return try showState(at: time, of: pair, view, output) }
                let lines = try view.transaction.history(of: pair.id, limit: limit)
                if options.isJSON {
                    output.json(.array(try lines.map { try json($0, pair.id, view) }), isPretty: true)
                    return 0
                }
                output.line("pair \(pair.id.rawValue): \(try ShownPair(pair, view).name)")
                if lines.isEmpty { output.line("no history: nothing was written") }
                for line in lines { try show(line, pair.id, view, output) }
                if lines.count < limit, let begins = try view.transaction.historyBegins() {
                    output.line("what was written before \(begins.text) is not kept any more (`cache: {history: …}`)")
                }
                return 0
            }
        }
    }

    private func showState(
        at time: String,
        of pair: Pair,
        _ view: InspectedView,
        _ output: InspectorOutput
    ) throws -> Int32 {
        guard let then = ConflictTime.parse(time, now: .now) else {
            output.complain("\(time) is no time; write 2026-01-31T12:00Z, or 3d for three days ago")
            return CommandOutput.untold
        }
        let since = try view.transaction.history(of: pair.id, since: then.advanced(byMilliseconds: 1))
        let state = PastState(of: pair.id, now: pair.base, undoing: since)
        let begins = try view.transaction.historyBegins().flatMap { $0 > then ? $0 : nil }
        let shown = try ShownPair(pair, view)
        let values = try state.values?.items.map { ($0.name, try shown.values($0.values, of: $0.name)) }
        let members = try state.membersChanged.sorted { $0.key < $1.key }.map {
            (try view.names.name(of: $0.key), $0.value)
        }
        if options.isJSON {
            output.json(
                .object([
                    ("pair", .int(Int(clamping: pair.id.rawValue))), ("time", .string(then.text)),
                    ("isBeforeJoin", .bool(state.isBeforeJoin)),
                    ("isBeforeHistory", .bool(begins != nil)),
                    ("agreed", values.map { .object($0.map { ($0.0, .array($0.1.map(\.json))) }) } ?? .null),
                    (
                        "memberships",
                        .array(members.map { .object([("dn", .string($0.0)), ("isMember", .bool($0.1))]) })
                    ),
                ]),
                isPretty: true
            )
            return 0
        }
        output.line("pair \(pair.id.rawValue): \(try shown.name), as both sides had it at \(then.text)")
        if state.isBeforeJoin { output.line("before that its entries were not joined; what is shown may be later") }
        if let begins {
            output.line("what was written before \(begins.text) is not kept any more; what is shown may be from then")
        }
        if values == nil { output.line("not there on both sides") }
        for (name, values) in values ?? [] {
            for value in values { output.line("    \(name): \(value.line)") }
        }
        for (name, isMember) in members {
            output.line("    \(isMember ? "then a member, and not now" : "not yet a member"): \(name)")
        }
        return 0
    }

    /// A group's line is also that of each member, whom the others don't concern.
    private static func members(_ line: HistoryRecord, _ pair: PairID) -> [HistoryRecord.MemberChange] {
        line.pair == pair ? line.members : line.members.filter { $0.member == pair }
    }

    private func show(
        _ line: HistoryRecord,
        _ pair: PairID,
        _ view: InspectedView,
        _ output: InspectorOutput
    ) throws {
        let text = "\(line.time.text)  \(line.side.name.padded(to: 10))  \(line.words)"
        let width = ScreenWidth.columns
        let parts = text.count <= width ? [text] : TextWrap.exactLines(text, width: width - 4)
        for (index, part) in parts.enumerated() { output.line(index == 0 ? part : "    \(part)") }
        let members = Self.members(line, pair)
        for change in members.prefix(100) {
            let group = line.pair == pair ? change.member : line.pair
            let preposition = line.pair == pair ? "" : change.isPresent ? "to " : "from "
            output.line("    \(change.isPresent ? "+" : "-") \(preposition)\(try view.names.name(of: group))")
        }
        if members.count > 100 { output.line("    … and \(members.count - 100) more") }
    }

    private func json(_ line: HistoryRecord, _ pair: PairID, _ view: InspectedView) throws -> JSONValue {
        .object([
            ("time", .string(line.time.text)), ("pair", .int(Int(clamping: line.pair.rawValue))),
            ("event", .string(line.event.code)), ("side", .string(line.side.name)),
            ("cause", .string(line.cause.code)), ("attributes", .array(line.attributes.map(JSONValue.string))),
            (
                "members",
                .array(
                    try Self.members(line, pair).map {
                        .object([
                            ("pair", .int(Int(clamping: $0.member.rawValue))),
                            ("dn", .string(try view.names.name(of: $0.member))), ("isMember", .bool($0.isPresent)),
                        ])
                    }
                )
            ),
        ])
    }
}

extension HistoryRecord {
    /// What was written, and why, for a person.
    var words: String {
        let what = attributes.map { $0 == parentAttribute ? "place" : $0 }.joined(separator: ", ")
        return "\(event.words)\(what.isEmpty ? "" : ": \(what)") (\(cause.words))"
    }
}

extension HistoryRecord.Event {
    /// Part of what `--json` promises.
    var code: String {
        switch self {
        case .added: "added"
        case .modified: "modified"
        case .renamed: "renamed"
        case .deleted: "deleted"
        case .joined: "joined"
        case .quarantined: "quarantined"
        case .conflict: "conflict"
        case .membersChanged: "members-changed"
        }
    }

    /// For a person.
    var words: String {
        switch self {
        case .quarantined: "set aside"
        case .membersChanged: "members changed"
        default: code
        }
    }
}
