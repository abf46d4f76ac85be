import Support
import SyncModel

/// What happened, in lines for a person to read. They hold simulated values only.
extension World {
    func describe(_ operation: WriteOperation) -> String { operation.line }
    func describe(_ values: [Octets]) -> String { values.line }
    func describe(_ attributes: Attributes) -> String { attributes.line }

    func describe(_ outcome: WriteOutcome) -> String {
        switch outcome {
        case .done(let entry): "done \(describe(entry))"
        case .deleted: "deleted"
        case .edited(let entry, let refused, let absent):
            "edited \(describe(entry)) refused \(describe(refused.map(\.value)))"
                + (absent.isEmpty ? "" : " absent \(describe(absent))")
        case .found(let entries): "found \(entries.map(describe).joined(separator: ", "))"
        case .stamped(let entry, let stamps):
            "stamped \(describe(entry)) \(stamps.map { "\($0.attribute)@\($0.stamp.time.milliseconds % 10_000_000)" })"
        case .stale(let entry): "stale \(describe(entry))"
        case .gone: "gone"
        case .hidden: "hidden"
        case .refused(let refusal): "refused \(refusal.message)"
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        }
    }

    func describe(_ entry: EntrySnapshot) -> String {
        "\(entry.anchor.low) \(entry.name) v\(number(entry.version))\(entry.tellsMembers ? "*" : "") \(describe(entry.attributes))"
    }

    func number(_ version: Version) -> String {
        switch version {
        case .usn(let number, _): String(number)
        case .csn(let number): String(number.count)
        case .unordered: "?"
        }
    }

    func describe(_ event: FeedEvent) -> String {
        switch event {
        case .connected(_, _, let stepBack): "connected" + (stepBack.map { ", stepped back: \($0.reason)" } ?? "")
        case .disconnected: "disconnected"
        case .steppedBack(let stepBack): "stepped back: \(stepBack.reason)"
        case .clock(let clock): "clock \(clock.offset)"
        case .complete(_, let cursor): "complete \(describe(cursor))"
        case .changes(let changes, let cursor):
            changes.map(describe).joined(separator: ", ") + (cursor.map { " cursor \(describe($0))" } ?? "")
        }
    }

    private func describe(_ cursor: Cursor) -> String {
        UInt64(bigEndianOctets: cursor.position.bytes).map { String($0) } ?? "?"
    }

    private func describe(_ change: Change) -> String {
        switch change {
        case .present(let entry): "present \(describe(entry))"
        case .edited(let anchor, let edits, let newName, let version, _):
            "edited \(anchor.low) v\(number(version)) "
                + edits.map { "\($0.kind) \($0.name) \(describe($0.values))" }.joined(separator: "; ")
                + (newName.map { " -> \($0)" } ?? "")
        case .members(let anchor, let edits, let version):
            "members \(anchor.low) v\(number(version)) "
                + edits.map { "\($0.kind) \($0.name) \(describe($0.values))" }.joined(separator: "; ")
        case .deleted(let anchor, _): "deleted \(anchor.low)"
        }
    }
}
