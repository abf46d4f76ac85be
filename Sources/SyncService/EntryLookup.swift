package import Cache
import Mapping
package import SyncModel

/// Finds the pair that an admin means: by DN, by objectGUID or entryUUID, or by a name (sAMAccountName, uid, mail).
package struct EntryLookup {
    private let transaction: CacheTransaction
    private let wiring: Wiring

    package init(_ transaction: CacheTransaction, wiring: Wiring) {
        self.transaction = transaction
        self.wiring = wiring
    }

    /// Throws `LookupError` where nothing, or more than one entry, fits.
    package func pair(_ entry: String) throws -> PairID {
        var found: Set<PairID> = []
        for side in Side.allCases {
            for anchor in try anchors(entry, side) {
                if let pair = try transaction.pairID(side, anchor) { found.insert(pair) }
            }
        }
        guard let pair = found.first else {
            throw LookupError(description: "no entry in the cache is known as \(entry)")
        }
        guard found.count == 1 else {
            throw LookupError(description: "\(found.count) entries are known as \(entry); give a DN or a GUID")
        }
        return pair
    }

    private func anchors(_ entry: String, _ side: Side) throws -> [Anchor] {
        let octets = side == .ad ? UUIDText.parseGUID(entry) : UUIDText.parse(entry)
        if let octets, let anchor = Anchor(octets: octets) { return [anchor] }
        if entry.contains("="), let name = try? DistinguishedName(parsing: entry) {
            return try resolve(name, side).map { [$0] } ?? []
        }
        return try transaction.anchors(side, key: ObjectMapping.commandKey(entry), limit: 8)
    }

    func resolve(_ name: DistinguishedName, _ side: Side) throws -> Anchor? {
        for scope in wiring.views[side].scopes {
            guard let below = name.relative(to: scope.base),
                let root = try transaction.fact("root.\(side.name).\(scope.base.normalized.lossyText)"),
                var anchor = Anchor(octets: root.bytes)
            else { continue }
            var isFound = true
            for rdn in below.reversed() {
                guard let child = try transaction.child(side, of: anchor, named: rdn.normalized) else {
                    isFound = false
                    break
                }
                anchor = child
            }
            if isFound { return anchor }
        }
        return nil
    }
}

package struct LookupError: Error, CustomStringConvertible {
    package var description: String
}
