import Metrics
import SyncModel

/// What the service counts and times, by the swift-metrics API.
struct ServiceMetrics: Sendable {
    static let shared = ServiceMetrics()

    func recordWrite(_ write: Write, _ outcome: WriteOutcome, took: Duration) {
        let dimensions = [
            ("side", write.side.name), ("operation", write.operation.word), ("outcome", outcome.word),
        ]
        Counter(label: "syncline_writes_total", dimensions: dimensions).increment()
        Timer(label: "syncline_write_seconds", dimensions: [("side", write.side.name)])
            .recordNanoseconds(took.wholeNanoseconds)
        if case .editValues(_, _, let edits) = write.operation, case .edited(_, let refused, _) = outcome {
            count(edits.add, "add", write.side, refused)
            count(edits.remove, "remove", write.side, refused)
        }
    }

    /// Values that came or went, and those that the server would not take.
    private func count(_ values: [Octets], _ change: String, _ side: Side, _ refused: [RefusedValue]) {
        let notTaken = values.isEmpty || refused.isEmpty ? 0 : Set(values).intersection(refused.map(\.value)).count
        for (outcome, count) in [("done", values.count - notTaken), ("refused", notTaken)] where count > 0 {
            let dimensions = [("side", side.name), ("change", change), ("outcome", outcome)]
            Counter(label: "syncline_membership_values_total", dimensions: dimensions).increment(by: count)
        }
    }
}

extension Duration {
    var wholeNanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }

    var inSeconds: Double {
        let parts = components
        return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
    }
}

extension WriteOperation {
    var word: String {
        switch self {
        case .add: "add"
        case .modify: "modify"
        case .rename: "rename"
        case .delete: "delete"
        case .editValues: "members"
        case .read, .readName, .confirmAbsence, .confirmEmpty, .readMembers, .readBelow, .readGroups, .readStamps:
            "read"
        }
    }
}

extension WriteOutcome {
    var word: String {
        switch self {
        case .done: "done"
        case .deleted: "deleted"
        case .edited: "done"
        case .found: "done"
        case .stamped: "done"
        case .stale: "stale"
        case .gone: "gone"
        case .hidden: "hidden"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        }
    }
}
