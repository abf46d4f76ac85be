import Cache
import Foundation
import SyncModel

/// What settling conflicts comes to, as the cache has them.
struct ConflictResolveQuery: DecisionQuery {
    static let name = "conflict-resolution"

    struct Request: Codable, Sendable {
        var id: UInt64
        var choice: ResolutionRequest
    }

    /// One conflict and what is to become of it.
    private struct Step {
        var id: ConflictID
        /// Nil where the cache has no such conflict.
        var conflict: ShownConflict?
        var choice: ConflictChoice
        var words: String
    }

    var subject: ConflictResolveCommand.Subject
    var choice: ConflictResolveCommand.Choice
    var isJSON: Bool

    func plan(_ view: InspectedView, _ output: InspectorOutput) throws -> [Request] {
        let conflicts = try conflicts(view, output)
        if conflicts.isEmpty { output.line(isJSON ? #"{"preview": []}"# : "no conflicts") }
        var requests: [Request] = []
        for id in conflicts {
            let shown = try view.transaction.storedConflict(id).map { try ShownConflict($0, view) }
            let (choice, words) = try self.choice(shown, view)
            let step = Step(id: id, conflict: shown, choice: choice, words: words)
            if isJSON {
                output.text(requests.isEmpty ? #"{"preview": ["# + "\n" : ",\n")
                preview(of: step).append(to: &output.pending, indent: nil)
            } else {
                show(step, output)
            }
            requests.append(Request(id: id.rawValue, choice: ResolutionRequest(choice)))
            try output.account(for: choice.octets)
        }
        if isJSON, !requests.isEmpty { output.text("\n]}\n") }
        return requests
    }

    /// In the order in which they are settled.
    private func conflicts(_ view: InspectedView, _ output: InspectorOutput) throws -> [ConflictID] {
        switch subject {
        case .ids(let ids):
            var seen: Set<UInt64> = []
            return ids.filter { seen.insert($0).inserted }.map { ConflictID($0) }
        case .all(let selection):
            let filter = try ConflictFilter(selection, view, now: .now)
            var found: [ConflictID] = []
            // Of those that the filters select, how many are none that could be settled so.
            var leftOut = 0
            try view.transaction.forEachConflict(filter.query, .oldestFirst) { conflict in
                guard filter.matches(conflict) else { return true }
                if case .attribute = conflict.record.subject { found.append(conflict.id) } else { leftOut += 1 }
                return true
            }
            if leftOut > 0 {
                let words = leftOut == 1 ? "1 conflict is" : "\(leftOut) conflicts are"
                output.complain(
                    "\(words) about an entry's existence or a membership, and left out: change it at either side"
                )
            }
            return found
        }
    }

    /// In canonical form, and for a person.
    private func choice(_ conflict: ShownConflict?, _ view: InspectedView) throws -> (ConflictChoice, String) {
        func line(_ values: [ShownValue]) -> String {
            values.isEmpty ? "no value" : values.map(\.line).joined(separator: " | ")
        }
        switch choice {
        case .take("base"): return (.base, conflict.map { line($0.base) } ?? "the base")
        case .take(let name):
            guard let side = Side(name: name) else {
                throw LookupError(description: "--take \(name): take ad, miniorange or base")
            }
            return (.side(side), conflict.map { line($0.values[side]) } ?? "the value of \(name)")
        case .values(let texts, let isBase64):
            let values = try texts.map { text -> Octets in
                guard isBase64 else { return try GivenValue(text, for: conflict?.record, view).octets }
                guard let data = Data(base64Encoded: text) else {
                    throw LookupError(description: "a value is not valid base64")
                }
                return Octets(data)
            }
            let isSecret = conflict?.isSecret ?? true
            return (.values(values.sorted()), line(values.map { isSecret ? .secret : ShownValue($0) }))
        }
    }

    private func preview(of step: Step) -> JSONValue {
        .object([
            ("id", .int(Int(clamping: step.id.rawValue))), ("choice", .string(step.choice.code)),
            ("conflict", step.conflict?.json ?? .null),
        ])
    }

    private func show(_ step: Step, _ output: InspectorOutput) {
        guard let conflict = step.conflict else {
            return output.line("\(step.id.rawValue)  not in the report")
        }
        output.line("\(step.id.rawValue)  \(conflict.shortTitle) of \(conflict.entry)")
        for side in Side.allCases {
            let line = conflict.values[side].isEmpty ? "no value" : conflict.line(side)
            output.line("    \(side.name.padded(to: 12))\(line)")
        }
        output.line("    \("to stand".padded(to: 12))\(givenWords(step, conflict))")
    }

    /// A reference that a person gave is a number by now; what he wrote says more.
    private func givenWords(_ step: Step, _ conflict: ShownConflict) -> String {
        guard case .values(let texts, false) = choice, !conflict.isSecret else { return step.words }
        return texts.map(\.printable).joined(separator: " | ")
    }
}

extension ConflictChoice {
    /// Of the values that it names itself.
    fileprivate var octets: Int {
        if case .values(let values) = self { values.reduce(0) { $0 + $1.count } } else { 0 }
    }
}
