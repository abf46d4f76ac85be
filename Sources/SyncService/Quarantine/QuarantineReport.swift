import Cache
import SyncModel

/// The entries that are set aside, each with the reason and the remedy.
struct QuarantineReport: InspectorReport {
    static let name = "quarantine"

    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
        try inspected.read { try list($0, screen, output) }
    }

    private func list(
        _ view: InspectedView,
        _ screen: Screen,
        _ output: InspectorOutput
    ) throws -> Int32 {
        let naming = EntryNaming(view.transaction)
        let rows = try view.transaction.quarantined(after: nil, limit: output.limits.rows)
        output.noteRest(of: try view.transaction.count(.quarantine))
        var shown: [JSONValue] = []
        for (pair, record) in rows {
            let name = try view.names.name(of: pair)
            let reason = try naming.refusedMember(of: pair, record.reason) + record.reason.explanation
            if screen.isJSON {
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
        if screen.isJSON {
            output.json(.array(shown), isPretty: true)
        } else if rows.isEmpty {
            output.line("nothing is set aside")
        }
        return rows.isEmpty ? 0 : InspectorRun.found
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
            .returned(let side), .unreadable(let side, _):
            side
        case .ambiguousMatch, .noCounterpartForParent, .missingRequiredValue: nil
        }
    }

    var refusal: Refusal? {
        switch self {
        case .refused(_, let refusal), .members(_, _, let refusal): refusal
        case .ambiguousMatch, .noCounterpartForParent, .missingRequiredValue, .protected, .vanished, .returned,
            .unreadable:
            nil
        }
    }
}
