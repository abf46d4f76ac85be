package import SyncModel

/// Translates between an entry and its pair; what the mapping needs to know of the store.
package protocol ReferenceResolver {
    /// The pair of an entry, or nil where it has none yet.
    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID?
    /// The entry of a pair on a side, or nil where it is not there (yet).
    func anchor(_ side: Side, of pair: PairID) throws -> Anchor?
}
