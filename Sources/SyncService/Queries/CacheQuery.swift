import SyncModel

/// Something that the cache alone tells. Who can read the cache answers it: a command, or the daemon for whoever has the role `look`.
protocol CacheQuery: Codable, Sendable {
    associatedtype Answer: Codable, Sendable

    /// The last part of its path in the admin API.
    static var name: String { get }

    /// Throws `LookupError` for what is not there, and what reading the cache throws.
    func answer(_ inspected: InspectedCache) throws -> Answer
}

/// The pairs that a person means, in the same order.
struct NamedPairs: CacheQuery {
    static let name = "pairs"

    /// DNs, GUIDs or names.
    var entries: [String]

    func answer(_ inspected: InspectedCache) throws -> [UInt64] {
        try inspected.read { view in try entries.map { try view.pair($0).id.rawValue } }
    }
}
