import Cache
import Mapping
import SyncModel

/// Pairs and entries as the cache knows them.
struct PairResolver: ReferenceResolver {
    let transaction: CacheTransaction

    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? { try transaction.pairID(side, anchor) }

    func anchor(_ side: Side, of pair: PairID) throws -> Anchor? { try transaction.pair(pair)?.anchors[side] }
}
