import Cache
import Configuration
import SyncModel

/// `syncline approve`, `syncline reject`: has a person's decision carried out by the daemon, which leaves alone what is no longer waiting for one.
package struct HoldDecisionCommand: ConfirmedDecision, Sendable {
    package enum Decision: Sendable { case approve, reject }

    /// What is decided about.
    package enum Subject: Sendable {
        /// All that a hold stops, what has this cause, or these entries of it.
        case hold(UInt64, cause: String?, entries: [String])
        /// All deletions that are held.
        case allDeletions
        /// Entries that a side, by its name, does not show any more; all of them if none is named.
        case vanished(side: String, entries: [String])
    }

    struct Step {
        var question: HoldDecision
        var pairs: [PairID]
        var lines: [String]
    }

    private static let pairsPerRequest = 2_000
    private static let namesShown = 20

    let options: InspectorOptions
    private let verdict: HoldVerdict
    private let subject: Subject
    let isConfirmed: Bool

    /// - Parameter isConfirmed: whether more than one write may be let go, or taken back, at once.
    package init(_ options: InspectorOptions, _ decision: Decision, _ subject: Subject, isConfirmed: Bool) {
        self.options = options
        verdict = decision == .approve ? .approve : .reject
        self.subject = subject
        self.isConfirmed = isConfirmed
    }

    /// 0: done; 1: not, or not all; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await decide(output)
    }

    // MARK: What is to be done

    func plan(_ view: InspectedView, _: InspectorOutput) throws -> [Step] {
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
            return [Step(question: .vanished(side), pairs: pairs, lines: try lines(head, pairs, remadeAt: side, view))]
        }
    }

    func show(_ steps: [Step], _ output: InspectorOutput) {
        for step in steps { step.lines.forEach(output.line) }
    }

    func count(of step: Step) -> Int { step.pairs.count }

    func preview(of step: Step) -> JSONValue { .object(step.question.json + [("entries", .int(step.pairs.count))]) }

    func confirmation(of _: [Step]) -> String { "does it" }

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
        return Step(question: .hold(id), pairs: pairs, lines: lines)
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

    // MARK: Doing it

    func carryOut(_ steps: [Step], _ client: AdminClient, _ output: InspectorOutput) async -> Int32 {
        var results: [(Step, HoldDecisionReply)] = []
        do {
            for step in steps {
                var total: HoldDecisionReply?
                var rest = step.pairs[...]
                repeat {
                    let part = Array(rest.prefix(Self.pairsPerRequest))
                    rest = rest.dropFirst(part.count)
                    let reply = try await client.decide(step.question, verdict, part)
                    total = total?.adding(reply) ?? reply
                } while !rest.isEmpty
                if let total { results.append((step, total)) }
            }
        } catch {
            output.complain("\(error)")
            return CommandOutput.untold
        }
        return InspectorRun.perform(output) {
            if options.isJSON {
                output.json(
                    .array(results.map { .object($0.question.json + $1.json(entries: $0.pairs.count)) }),
                    isPretty: true
                )
            } else {
                if results.isEmpty { output.line("nothing waits for a decision") }
                for (step, reply) in results {
                    output.line("\(step.question.label)  \(reply.words(of: step.pairs.count))")
                }
            }
            return results.allSatisfy { $0.1.isDecided && $0.1.leftAlone == 0 } ? 0 : InspectorRun.found
        }
    }
}
