import Cache
import Configuration
import Mapping
import SyncModel

/// A cache that is open for reading, with what the configuration says of it.
struct InspectedCache {
    let wiring: Wiring
    let cache: Cache
    let mappings: [String: ObjectMapping]

    init(_ wiring: Wiring, _ cache: Cache) {
        self.wiring = wiring
        self.cache = cache
        mappings = Dictionary(uniqueKeysWithValues: wiring.mappings.map { ($0.specification.name, $0) })
    }

    /// Throws `ConfigurationErrors`, `MappingError`, `CacheError`.
    init(_ options: InspectorOptions) throws {
        let configuration = try Configuration.load(path: options.configurationPath)
        self.init(try Wiring(configuration), try options.openCache(configuration))
    }

    func read<Result>(_ body: (InspectedView) throws -> Result) throws -> Result {
        try cache.read { transaction in
            try body(
                InspectedView(
                    transaction: transaction,
                    names: try EntryNames(transaction, wiring),
                    wiring: wiring,
                    mappings: mappings
                )
            )
        }
    }
}
