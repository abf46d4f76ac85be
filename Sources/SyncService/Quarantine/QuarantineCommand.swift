import Cache
import Configuration
import SyncModel

/// What a person does about an entry that is set aside.
package enum QuarantineAction: String, CaseIterable, Sendable {
    case retry, drop
}

/// `syncline quarantine`: entries whose write is refused, or that nobody can decide about, each with the reason and the remedy; `retry` and `drop` by the daemon.
package struct QuarantineCommand: Sendable {
    package enum Subject: Sendable {
        case list
        case act(QuarantineAction, entries: [String])
        case retryAll
    }

    private static let pairsPerRequest = 500

    private let options: InspectorOptions
    private let subject: Subject

    package init(_ options: InspectorOptions, _ subject: Subject) {
        self.options = options
        self.subject = subject
    }

    /// 0: nothing is set aside, or what was asked for is done; 1: something is, or not all was done; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        var pairs: [PairID] = []
        var labels: [String] = []
        var socket = ""
        var action = QuarantineAction.retry
        let code = InspectorRun.perform(output) {
            let inspected = try InspectedCache(options)
            socket = inspected.wiring.configuration.adminSocket
            return try inspected.read { view in
                switch subject {
                case .list: return try list(view, output)
                case .act(let wanted, let entries):
                    action = wanted
                    pairs = try entries.map { try view.pair($0).id }
                    labels = entries
                case .retryAll:
                    pairs = try view.transaction.quarantined(after: nil, limit: .max).map(\.0)
                    labels = try pairs.map { try view.names.name(of: $0) }
                }
                return 0
            }
        }
        if case .list = subject { return code }
        guard code == 0 else { return code }
        return await perform(action, pairs, labels, AdminClient(socket: socket), output)
    }

    private func list(_ view: InspectedView, _ output: InspectorOutput) throws -> Int32 {
        let naming = EntryNaming(view.transaction)
        let rows = try view.transaction.quarantined(after: nil, limit: .max)
        var shown: [JSONValue] = []
        for (pair, record) in rows {
            let name = try view.names.name(of: pair)
            let reason = try naming.refusedMember(of: pair, record.reason) + record.reason.explanation
            if options.isJSON {
                shown.append(
                    .object([
                        ("pair", .int(Int(clamping: pair.rawValue))), ("entry", .string(name)),
                        ("side", .string(orNull: record.reason.side?.name)),
                        ("code", record.reason.refusal.map { .int(Int($0.code)) } ?? .null),
                        ("message", .string(orNull: record.reason.refusal?.message)),
                        ("reason", .string(reason)), ("attempts", .int(record.attempts)),
                        ("since", .string(record.since.text)), ("nextAttempt", .string(orNull: record.next?.text)),
                        ("dropped", .bool(record.isDropped)),
                    ])
                )
            } else {
                output.line(name.printable)
                output.line("    \(reason.printable)")
                output.line("    \(record.times)")
            }
        }
        if options.isJSON {
            output.json(.array(shown), isPretty: true)
        } else if rows.isEmpty {
            output.line("nothing is set aside")
        }
        return rows.isEmpty ? 0 : InspectorRun.found
    }

    private func perform(
        _ action: QuarantineAction,
        _ pairs: [PairID],
        _ labels: [String],
        _ client: AdminClient,
        _ output: InspectorOutput
    ) async -> Int32 {
        var answers: [Bool] = []
        do {
            var rest = pairs[...]
            while !rest.isEmpty {
                let part = Array(rest.prefix(Self.pairsPerRequest))
                rest = rest.dropFirst(part.count)
                answers += try await client.quarantine(action, part)
            }
        } catch {
            output.complain("\(error)")
            return CommandOutput.untold
        }
        let done = action == .retry ? "is tried now" : "is not tried again before it changes"
        return InspectorRun.perform(output) {
            if options.isJSON {
                output.json(Self.json(labels, answers), isPretty: true)
            } else {
                if labels.isEmpty { output.line("nothing is set aside") }
                for (label, wasThere) in zip(labels, answers) {
                    output.line("\(label.printable): \(wasThere ? done : "not in quarantine")")
                }
            }
            return answers.allSatisfy(\.self) ? 0 : InspectorRun.found
        }
    }

    /// What became of each of the entries.
    static func json(_ labels: [String], _ answers: [Bool]) -> JSONValue {
        .array(zip(labels, answers).map { .object([("entry", .string($0)), ("done", .bool($1))]) })
    }
}

extension QuarantineRecord {
    /// How often it was tried, and when it is again.
    var times: String {
        let tries = attempts == 1 ? "1 attempt" : "\(attempts) attempts"
        let next =
            if isDropped {
                "dropped: tried when it changes, or by syncline quarantine retry"
            } else if let next {
                "next \(next.text)"
            } else {
                "tried when it, its obstacle or the configuration changes"
            }
        return "\(tries) since \(since.text); \(next)"
    }
}

extension QuarantineReason {
    /// The server that refuses, holds the entry that is not written, or shows less or more than is known of it.
    var side: Side? {
        switch self {
        case .refused(let side, _), .members(let side, _, _), .protected(let side), .vanished(let side),
            .returned(let side):
            side
        case .ambiguousMatch, .noCounterpartForParent, .missingRequiredValue: nil
        }
    }

    var refusal: Refusal? {
        switch self {
        case .refused(_, let refusal), .members(_, _, let refusal): refusal
        case .ambiguousMatch, .noCounterpartForParent, .missingRequiredValue, .protected, .vanished, .returned: nil
        }
    }
}
