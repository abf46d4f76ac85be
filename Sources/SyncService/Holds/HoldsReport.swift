import Cache
import SyncModel

/// What is stopped until a person decides, by cause; of one hold also its entries.
struct HoldsReport: InspectorReport {
    static let name = "holds"

    /// Lists the entries of this one.
    var id: UInt64?
    /// Only those with this cause.
    var cause: String?
    var showsEnded: Bool

    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
        try inspected.read { view in
            if let id { return try list(HoldID(id), view, screen, output) }
            return try summarize(view, screen, output)
        }
    }

    // MARK: All

    private func summarize(
        _ view: InspectedView,
        _ screen: Screen,
        _ output: InspectorOutput
    ) throws -> Int32 {
        let holds = try view.transaction.holds().filter { showsEnded || $0.hold.isOpen }
        var shown: [JSONValue] = []
        for (id, hold) in holds {
            let survey = try hold.isOpen ? HoldSurvey(id, view) : nil
            if screen.isJSON {
                shown.append(try json(id, hold, survey, view))
            } else {
                try show(id, hold, survey, view, output)
            }
        }
        if screen.isJSON {
            output.json(.array(shown), isPretty: true)
        } else if holds.isEmpty {
            output.line("nothing is held")
        }
        return holds.contains(where: \.hold.isOpen) ? InspectorRun.found : 0
    }

    private func show(
        _ id: HoldID,
        _ hold: Hold,
        _ survey: HoldSurvey?,
        _ view: InspectedView,
        _ output: InspectorOutput
    ) throws {
        let state = hold.isOpen ? "" : ", \(hold.state.word) at \(hold.ended?.text ?? "an unknown time")"
        output.line("hold \(id.rawValue): \(hold.kind.words) stopped since \(hold.since.text)\(state)")
        output.line("  \(hold.cause)")
        guard let survey else { return }
        for group in survey.groups {
            output.line("  \(group.pairs.count): \(try group.words(hold.kind.side, view))")
            output.line("      --cause \(group.cause.argument)")
        }
        output.line("  entries: syncline holds \(id.rawValue)")
        output.line("  decide:  syncline approve \(id.rawValue)   or   syncline reject \(id.rawValue)")
    }

    private func json(_ id: HoldID, _ hold: Hold, _ survey: HoldSurvey?, _ view: InspectedView) throws -> JSONValue {
        let groups = try (survey?.groups ?? []).map { group in
            JSONValue.object([
                ("cause", .string(group.cause.token)), ("held", .int(group.pairs.count)),
                ("words", .string(try group.words(hold.kind.side, view))), ("since", .string(group.first.text)),
            ])
        }
        return .object([
            ("id", .int(Int(clamping: id.rawValue))), ("kind", .string(hold.kind.word)),
            ("object", .string(hold.kind.object)), ("side", .string(hold.kind.side.name)),
            ("state", .string(hold.state.word)),
            ("since", .string(hold.since.text)), ("ended", .string(orNull: hold.ended?.text)),
            ("cause", .string(hold.cause)), ("causes", .array(groups)),
        ])
    }

    // MARK: One

    private func list(
        _ id: HoldID,
        _ view: InspectedView,
        _ screen: Screen,
        _ output: InspectorOutput
    ) throws -> Int32 {
        guard let hold = try view.transaction.hold(id) else {
            throw LookupError(description: "there is no hold \(id.rawValue); syncline holds lists them")
        }
        guard hold.isOpen else {
            output.complain("hold \(id.rawValue) is \(hold.state.word)")
            return 0
        }
        let groups = try HoldSurvey(id, view).groups.filter { cause == nil || $0.cause.token == cause }
        if let cause, groups.isEmpty {
            throw LookupError(description: "hold \(id.rawValue) has no cause \(cause); syncline holds lists them")
        }
        let entries = groups.flatMap { group in group.pairs.map { (pair: $0, cause: group.cause) } }
        var rows: [JSONValue] = []
        for (pair, cause) in entries.prefix(output.limits.rows) {
            let name = try view.names.name(of: pair)
            let deletion = try view.transaction.deletion(of: pair)
            if screen.isJSON {
                rows.append(
                    .object([
                        ("pair", .int(Int(clamping: pair.rawValue))), ("entry", .string(name)),
                        ("cause", .string(cause.token)),
                        ("learned", .string(orNull: deletion?.learned.text)),
                        ("author", .string(orNull: deletion?.author)),
                    ])
                )
            } else {
                output.line("\(cause.token.printable)  \(name.printable)")
            }
        }
        output.noteRest(of: entries.count)
        if screen.isJSON { output.json(.array(rows), isPretty: true) }
        return InspectorRun.found
    }
}

extension DeletionCause {
    /// As it is written on a command line.
    fileprivate var argument: String {
        if case .author(let name) = self { return "'\(name.printable)'" }
        return token
    }
}

extension Hold.State {
    /// Part of what `--json` promises.
    var word: String {
        switch self {
        case .open: "open"
        case .approved: "approved"
        case .rejected: "rejected"
        case .lapsed: "lapsed"
        }
    }
}
