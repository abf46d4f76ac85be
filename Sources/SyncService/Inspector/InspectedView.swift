import Cache
import Mapping
import SyncModel

/// One consistent view of the cache, for as long as its transaction.
struct InspectedView {
    let transaction: CacheTransaction
    let names: EntryNames
    let wiring: Wiring
    let mappings: [String: ObjectMapping]

    func mapping(_ object: String?) -> ObjectMapping? { object.flatMap { mappings[$0] } }

    /// Throws `LookupError` where nothing, or more than one entry, fits.
    func pair(_ entry: String) throws -> Pair {
        let id = try EntryLookup(transaction, wiring: wiring).pair(entry)
        guard let pair = try transaction.pair(id) else {
            throw LookupError(
                description: "the entry \(entry) leads to a pair that is not there; run syncline cache verify"
            )
        }
        return pair
    }
}
