import Cache
import SyncModel

/// All pairs that are set aside.
struct QuarantinedPairs: CacheQuery {
    static let name = "quarantined-pairs"

    struct Row: Codable, Sendable {
        var pair: UInt64
        /// The DN, or what a person called it.
        var name: String
    }

    func answer(_ inspected: InspectedCache) throws -> [Row] {
        try inspected.read { view in
            try view.transaction.quarantined(after: nil, limit: .max).map { pair, _ in
                Row(pair: pair.rawValue, name: try view.names.name(of: pair))
            }
        }
    }
}
