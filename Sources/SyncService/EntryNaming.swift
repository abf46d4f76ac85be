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

    /// Which members a group's quarantine is about, for the head of its line; empty for other reasons.
    package func refusedMember(of group: PairID, _ reason: QuarantineReason) throws -> String {
        guard case .members = reason else { return "" }
        let refused = try transaction.refusedLinks(of: group, limit: 4)
        var names: [String] = []
        for (link, _) in refused.prefix(3) {
            // Where the member holds the value the line stands with the member, and it is the group that says more.
            let isOfGroup = try transaction.pairID(link.side, link.group) == group
            names.append(try name(of: isOfGroup ? link.member : link.group, link.side) ?? "an unknown entry")
        }
        guard !names.isEmpty else { return "" }
        return names.joined(separator: "; ") + (refused.count > 3 ? "; …" : "") + ": "
    }
}
