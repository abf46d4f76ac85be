import Cache
import Configuration
import Foundation
import Mapping
import SyncModel

/// `syncline conflicts resolve`: has a person's decision written as a new change, by the daemon, which refuses where a side has moved since.
package struct ConflictResolveCommand: ConfirmedDecision, Sendable {
    /// What is to stand, as a person says it.
    package enum Choice: Sendable {
        /// `ad`, `miniorange`, `base`.
        case take(String)
        /// Values as text, or in base64; of a reference the name of an entry.
        case values([String], isBase64: Bool)
    }

    /// Which conflicts.
    package enum Subject: Sendable {
        case ids([UInt64])
        case all(ConflictSelection)
    }

    /// One conflict and what is to become of it.
    struct Step {
        var id: ConflictID
        /// Nil where the cache has no such conflict.
        var conflict: ShownConflict?
        var choice: ConflictChoice
        var words: String
    }

    /// As many requests are under way at once: they share the daemon's commits.
    private static let requestsAtOnce = 32

    let options: InspectorOptions
    private let subject: Subject
    private let choice: Choice
    let isConfirmed: Bool

    /// - Parameter isConfirmed: whether more than one may be settled at once.
    package init(_ options: InspectorOptions, _ subject: Subject, _ choice: Choice, isConfirmed: Bool) {
        self.options = options
        self.subject = subject
        self.choice = choice
        self.isConfirmed = isConfirmed
    }

    /// 0: done; 1: not, or not all; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await decide(output)
    }

    // MARK: What is to be done

    func plan(_ view: InspectedView, _ output: InspectorOutput) throws -> [Step] {
        let conflicts: [(ConflictID, StoredConflict?)]
        switch subject {
        case .ids(let ids):
            var seen: Set<UInt64> = []
            conflicts = try ids.filter { seen.insert($0).inserted }.map {
                (ConflictID($0), try view.transaction.storedConflict(ConflictID($0)))
            }
        case .all(let selection):
            let filter = try ConflictFilter(selection, view, now: .now)
            var found: [(ConflictID, StoredConflict?)] = []
            // Of those that the filters select, how many are none that could be settled so.
            var leftOut = 0
            try view.transaction.forEachConflict(filter.query, .oldestFirst) { conflict in
                guard filter.matches(conflict) else { return true }
                if case .attribute = conflict.record.subject {
                    found.append((conflict.id, conflict))
                } else {
                    leftOut += 1
                }
                return true
            }
            conflicts = found
            if leftOut > 0 {
                let words = leftOut == 1 ? "1 conflict is" : "\(leftOut) conflicts are"
                output.complain(
                    "\(words) about an entry's existence or a membership, and left out: change it at either side"
                )
            }
        }
        return try conflicts.map { id, stored in
            let shown = try stored.map { try ShownConflict($0, view) }
            let (choice, words) = try self.choice(shown, view)
            return Step(id: id, conflict: shown, choice: choice, words: words)
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

    func count(of _: Step) -> Int { 1 }

    func preview(of step: Step) -> JSONValue {
        .object([
            ("id", .int(Int(clamping: step.id.rawValue))), ("choice", .string(step.choice.code)),
            ("conflict", step.conflict?.json ?? .null),
        ])
    }

    func confirmation(of steps: [Step]) -> String { "settles these \(steps.count) conflicts so" }

    func show(_ steps: [Step], _ output: InspectorOutput) {
        if steps.isEmpty { output.line("no conflicts") }
        for step in steps {
            guard let conflict = step.conflict else {
                output.line("\(step.id.rawValue)  not in the report")
                continue
            }
            output.line("\(step.id.rawValue)  \(conflict.shortTitle) of \(conflict.entry)")
            for side in Side.allCases {
                let line = conflict.values[side].isEmpty ? "no value" : conflict.line(side)
                output.line("    \(side.name.padded(to: 12))\(line)")
            }
            output.line("    \("to stand".padded(to: 12))\(givenWords(step, conflict))")
        }
    }

    /// A reference that a person gave is a number by now; what he wrote says more.
    private func givenWords(_ step: Step, _ conflict: ShownConflict) -> String {
        guard case .values(let texts, false) = choice, !conflict.isSecret else { return step.words }
        return texts.map(\.printable).joined(separator: " | ")
    }

    // MARK: Doing it

    func carryOut(_ steps: [Step], _ client: AdminClient, _ output: InspectorOutput) async -> Int32 {
        var replies: [ResolutionReply] = []
        var failure: String?
        var rest = steps[...]
        while !rest.isEmpty, failure == nil {
            let batch = rest.prefix(Self.requestsAtOnce).map { ($0.id, $0.choice) }
            rest = rest.dropFirst(batch.count)
            let answers = await Self.send(batch, client)
            for answer in answers {
                switch answer {
                case .success(let reply): replies.append(reply)
                case .failure(let error): failure = failure ?? "\(error)"
                }
                if failure != nil { break }
            }
        }
        let told = failure
        return InspectorRun.perform(output) {
            if options.isJSON {
                let results = zip(steps, replies).map { step, reply in reply.json(of: step.id) }
                output.json(.object([("results", .array(results))]), isPretty: true)
            } else {
                for (step, reply) in zip(steps, replies) { output.line("\(step.id.rawValue)  \(reply.words)") }
            }
            guard let told else { return replies.allSatisfy(\.isDone) ? 0 : InspectorRun.found }
            output.complain(told)
            return CommandOutput.untold
        }
    }

    private static func send(
        _ batch: [(ConflictID, ConflictChoice)],
        _ client: AdminClient
    ) async -> [Result<ResolutionReply, any Error>] {
        await withTaskGroup(of: (Int, Result<ResolutionReply, any Error>).self) { group in
            for (index, (id, choice)) in batch.enumerated() {
                group.addTask {
                    do { return (index, .success(try await client.resolve(id, choice))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var answers: [Result<ResolutionReply, any Error>?] = Array(repeating: nil, count: batch.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers.compactMap(\.self)
        }
    }
}

/// A value that a person gives for a conflict's attribute, in canonical form.
private struct GivenValue {
    let octets: Octets

    init(_ text: String, for record: ConflictRecord?, _ view: InspectedView) throws {
        guard let record, case .attribute(let name) = record.subject, let mapping = view.mapping(record.object) else {
            octets = Octets(text)
            return
        }
        if name == parentAttribute {
            let bases = Side.allCases.map { mapping.specification.scopes[$0].base.normalized }
            if let given = try? DistinguishedName(parsing: text), bases.contains(given.normalized) {
                octets = Octets([0])
                return
            }
            guard mapping.specification.containerPairs.isEmpty else {
                throw LookupError(
                    description:
                        "the object \(mapping.specification.name) has containers of its own; take ad, miniorange or base"
                )
            }
            octets = Octets(try view.pair(text).id.rawValue.bigEndianOctets)
        } else if mapping.isReference(.ad, name) {
            octets = Octets(try view.pair(text).id.rawValue.bigEndianOctets)
        } else {
            octets = Octets(text)
        }
    }
}
