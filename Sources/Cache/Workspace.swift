import SyncModel

/// Memory that transactions use one after the other.
///
/// `@unchecked Sendable`: a transaction takes it out of the cache's list and puts it back when it has ended, so it has
/// one user at any time.
final class Workspace: @unchecked Sendable {
    let key: CacheKey
    let writer = RecordWriter()
    let names = NameTable()
    /// The names of stamps that were read last, and the row that they were read from.
    var stampNames: (octets: [UInt8], names: StampNames)?
    // Two hundred kilobytes for each of the few transactions that run at one time.
    @exclusivity(unchecked) var joins = RecentLookups<EntryKey, PairID?>(bits: 10)
    @exclusivity(unchecked) var pairs = RecentLookups<PairID, PairOutline?>(bits: 9)
    @exclusivity(unchecked) var replicas = RecentLookups<EntryKey, ReplicaOutline?>(bits: 9)
    @exclusivity(unchecked) var links = RecentLookups<LinkID, Link?>(bits: 9)
    @exclusivity(unchecked) var isLoaded = PerSide<Bool?>(both: nil)

    init(_ seal: CacheSeal?) throws { key = try CacheKey(seal) }

    /// Another transaction begins.
    func begin() {
        joins.begin()
        pairs.begin()
        replicas.begin()
        links.begin()
        isLoaded = PerSide(both: nil)
    }
}
