import Cache
import SyncModel

/// `syncline holds`: what is stopped until a person decides, by cause; of one hold also its entries.
package struct HoldsCommand: Sendable {
    private let options: InspectorOptions
    private let id: UInt64?
    private let cause: String?
    private let showsEnded: Bool

    /// - Parameters:
    ///   - id: lists the entries of this one.
    ///   - cause: only those with this cause.
    package init(_ options: InspectorOptions, id: UInt64? = nil, cause: String? = nil, showsEnded: Bool = false) {
        self.options = options
        self.id = id
        self.cause = cause
        self.showsEnded = showsEnded
    }

    /// 0: nothing is stopped; 1: something is; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            let inspected = try InspectedCache(options)
            return try inspected.read { view in
                if let id { return try list(HoldID(id), view, output) }
                return try summarize(view, output)
            }
        }
    }

    // MARK: All

    private func summarize(_ view: InspectedView, _ output: InspectorOutput) throws -> Int32 {
        let holds = try view.transaction.holds().filter { showsEnded || $0.hold.isOpen }
        var shown: [JSONValue] = []
        for (id, hold) in holds {
            let survey = try hold.isOpen ? HoldSurvey(id, view) : nil
            if options.isJSON {
                shown.append(try json(id, hold, survey, view))
            } else {
                try show(id, hold, survey, view, output)
            }
        }
        if options.isJSON {
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

    private func list(_ id: HoldID, _ view: InspectedView, _ output: InspectorOutput) throws -> Int32 {
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
        var rows: [JSONValue] = []
        for group in groups {
            for pair in group.pairs {
                let name = try view.names.name(of: pair)
                let deletion = try view.transaction.deletion(of: pair)
                if options.isJSON {
                    rows.append(
                        .object([
                            ("pair", .int(Int(clamping: pair.rawValue))), ("entry", .string(name)),
                            ("cause", .string(group.cause.token)),
                            ("learned", .string(orNull: deletion?.learned.text)),
                            ("author", .string(orNull: deletion?.author)),
                        ])
                    )
                } else {
                    output.line("\(group.cause.token.printable)  \(name.printable)")
                }
            }
        }
        if options.isJSON { output.json(.array(rows), isPretty: true) }
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
