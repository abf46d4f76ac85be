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
        case .read, .readName, .confirmAbsence, .readMembers, .readBelow, .readGroups: "read"
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
        case .stale: "stale"
        case .gone: "gone"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .unknown: "unknown"
        }
    }
}
