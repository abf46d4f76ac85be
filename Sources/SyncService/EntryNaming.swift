package import Cache
package import SyncModel

/// Names entries for people: their DN as the cache knows it.
package struct EntryNaming {
    private let transaction: CacheTransaction

    package init(_ transaction: CacheTransaction) { self.transaction = transaction }

    package func name(of anchor: Anchor, _ side: Side) throws -> String? {
        var rdns: [RelativeDistinguishedName] = []
        var current = anchor
        while let replica = try transaction.replica(side, current), rdns.count < 128 {
            rdns.append(replica.rdn)
            switch replica.parent {
            case .entry(let parent): current = parent
            case .unresolved(let parent): return DistinguishedName(rdns + parent.rdns).description
            case .root:
                // The base's own DN stands in the configuration; its last component is enough to recognise it.
                return DistinguishedName(rdns).description
            }
        }
        return rdns.isEmpty ? nil : DistinguishedName(rdns).description
    }

    /// The DN on the side that has the entry, AD first.
    package func label(of id: PairID) throws -> String {
        guard let pair = try transaction.pair(id) else { return "pair \(id.rawValue)" }
        for side in Side.allCases {
            if let anchor = pair.anchors[side], let name = try name(of: anchor, side) { return "\(side.name): \(name)" }
        }
        return "pair \(id.rawValue)"
    }
}
