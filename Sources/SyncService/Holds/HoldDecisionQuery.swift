import Cache
import SyncModel

/// What approving or rejecting comes to, as the cache has it.
struct HoldDecisionQuery: DecisionQuery {
    static let name = "hold-decision"

    struct Request: Codable, Sendable {
        var question: HoldDecision
        var pairs: [UInt64]
    }

    private struct Step {
        var request: Request
        /// For a person.
        var lines: [String]
    }

    private static let namesShown = 20

    var verdict: HoldVerdict
    var subject: HoldDecisionCommand.Subject
    var isJSON: Bool

    func plan(_ view: InspectedView, _ output: InspectorOutput) throws -> [Request] {
        let steps = try steps(view)
        if isJSON {
            let previews = steps.map {
                JSONValue.object($0.request.question.json + [("entries", .int($0.request.pairs.count))])
            }
            output.json(.object([("preview", .array(previews))]), isPretty: true)
        } else {
            for step in steps { step.lines.forEach(output.line) }
        }
        return steps.map(\.request)
    }

    private func steps(_ view: InspectedView) throws -> [Step] {
        switch subject {
        case .allDeletions:
            return try view.transaction.holds().compactMap { id, hold in
                guard hold.isOpen else { return nil }
                return try step(id, hold, HoldSurvey(id, view).groups.flatMap(\.pairs), view)
            }
        case .hold(let number, let cause, let entries):
            let id = HoldID(number)
            guard let hold = try view.transaction.hold(id) else {
                throw LookupError(description: "there is no hold \(number); syncline holds lists them")
            }
            guard hold.isOpen else {
                throw LookupError(description: "hold \(number) is \(hold.state.word) already")
            }
            let groups = try HoldSurvey(id, view).groups
            var pairs = groups.filter { cause == nil || $0.cause.token == cause }.flatMap(\.pairs)
            if let cause, pairs.isEmpty {
                throw LookupError(description: "hold \(number) has no cause \(cause); syncline holds lists them")
            }
            if !entries.isEmpty { pairs = try named(entries, among: pairs, "held by hold \(number)", view) }
            return [try step(id, hold, pairs, view)]
        case .vanished(let name, let entries):
            guard let side = Side.allCases.first(where: { $0.name == name }) else {
                throw LookupError(description: "\(name) is no side")
            }
            var pairs = try view.transaction.quarantined(after: nil, limit: .max)
                .filter { $0.1.reason == .vanished(side) }.map(\.0)
            if !entries.isEmpty { pairs = try named(entries, among: pairs, "missed at \(side.name)", view) }
            guard !pairs.isEmpty else { return [] }
            let head =
                verdict == .approve
                ? "\(pairs.count) that \(side.name) does not show any more were deleted there; the other side follows:"
                : "\(pairs.count) that \(side.name) does not show any more are made again there:"
            let request = Request(question: .vanished(side), pairs: pairs.map(\.rawValue))
            return [Step(request: request, lines: try lines(head, pairs, remadeAt: side, view))]
        }
    }

    private func named(
        _ entries: [String],
        among pairs: [PairID],
        _ state: String,
        _ view: InspectedView
    ) throws -> [PairID] {
        let held = Set(pairs)
        return try entries.map { entry in
            let pair = try view.pair(entry).id
            guard held.contains(pair) else { throw LookupError(description: "\(entry) is not \(state)") }
            return pair
        }
    }

    private func step(_ id: HoldID, _ hold: Hold, _ pairs: [PairID], _ view: InspectedView) throws -> Step {
        let (object, side) = (hold.kind.object, hold.kind.side)
        let head =
            switch verdict {
            case .approve: "hold \(id.rawValue): \(pairs.count) of \(object) are deleted on \(side.name) as well:"
            case .reject:
                "hold \(id.rawValue): \(pairs.count) of \(object) are made again on \(side.opposite.name), from what "
                    + "\(side.name) has:"
            }
        let lines = try lines(head, pairs, remadeAt: side.opposite, view)
        return Step(request: Request(question: .hold(id.rawValue), pairs: pairs.map(\.rawValue)), lines: lines)
    }

    private func lines(
        _ head: String,
        _ pairs: [PairID],
        remadeAt side: Side,
        _ view: InspectedView
    ) throws -> [String] {
        var lines = [head]
        for pair in pairs.prefix(Self.namesShown) { lines.append("  \(try view.names.name(of: pair).printable)") }
        if pairs.count > Self.namesShown { lines.append("  … and \(pairs.count - Self.namesShown) more") }
        if verdict == .reject { lines.append(Self.loss(side)) }
        return lines
    }

    /// What an entry that is made again on a side does not get back.
    private static func loss(_ side: Side) -> String {
        "their memberships come back with them. What the server gives each new entry does not: "
            + (side == .ad
                ? "objectGUID, objectSid (and the rights that are granted to it), the password"
                : "entryUUID, operational attributes, the password")
    }
}
