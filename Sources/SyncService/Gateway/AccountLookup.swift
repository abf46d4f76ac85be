import Cache
import Gateway
import Mapping
import SyncModel

/// Finds who is meant by a name in a bind, in the cache: by a DN of either side, sAMAccountName, uid or mail.
struct AccountLookup {
    private let transaction: CacheTransaction
    private let wiring: Wiring

    init(_ transaction: CacheTransaction, wiring: Wiring) {
        self.transaction = transaction
        self.wiring = wiring
    }

    /// Nil where nobody is called so, or more than one.
    func account(_ name: String) throws -> Account? {
        if name.contains("=") {
            guard let dn = try? DistinguishedName(parsing: name), !dn.isRoot else { return nil }
            let lookup = EntryLookup(transaction, wiring: wiring)
            return try only(Side.allCases) { side in try lookup.resolve(dn, side).map { [$0] } ?? [] }
        }
        // An account's own name comes first: an address can be given to anybody.
        return try only(Side.allCases) { try anchors($0, name, having: $0 == .ad ? "samaccountname" : "uid") }
            ?? only(Side.allCases) { try anchors($0, name, having: "mail") }
    }

    /// Nil where the entry is not a person who is kept in agreement.
    func account(_ side: Side, _ anchor: Anchor) throws -> Account? {
        guard let pair = try transaction.pairID(side, anchor) else { return nil }
        return try account(pair)
    }

    private func only(_ sides: [Side], _ anchors: (Side) throws -> [Anchor]) throws -> Account? {
        var found: Set<PairID> = []
        for side in sides {
            for anchor in try anchors(side) {
                if let pair = try transaction.pairID(side, anchor) { found.insert(pair) }
            }
        }
        guard found.count == 1, let pair = found.first else { return nil }
        return try account(pair)
    }

    /// Commands find entries by other names as well: only those with the value in this attribute count.
    private func anchors(_ side: Side, _ name: String, having attribute: String) throws -> [Anchor] {
        let key = ObjectMapping.commandKey(name)
        return try transaction.anchors(side, key: key, limit: 8).filter { anchor in
            guard let replica = try transaction.replica(side, anchor) else { return false }
            return replica.attributes[attribute].contains { $0.text.map(ObjectMapping.commandKey) == key }
        }
    }

    private func account(_ id: PairID) throws -> Account? {
        guard let pair = try transaction.pair(id), pair.kind == .user else { return nil }
        var account = Account(key: .pair(id), names: PerSide(both: nil))
        for side in Side.allCases {
            // Whoever has left the scope is nobody's business here.
            guard pair.presence[side] == .present, let anchor = pair.anchors[side],
                let replica = try transaction.replica(side, anchor), let name = try name(of: replica, side)
            else { continue }
            account.names[side] = name
            account.anchors[side] = anchor
            if replica.isProtected { account.isProtected = true }
        }
        return account.names == PerSide(both: nil) ? nil : account
    }

    /// The whole DN, up from the entry to a configured base.
    private func name(of replica: Replica, _ side: Side) throws -> DistinguishedName? {
        var rdns: [RelativeDistinguishedName] = []
        var current = replica
        while rdns.count < 128 {
            switch current.parent {
            case .root:
                guard let base = try base(current.anchor, side) else { return nil }
                return DistinguishedName(rdns + base.rdns)
            case .unresolved(let parent):
                return DistinguishedName(rdns + [current.rdn] + parent.rdns)
            case .entry(let parent):
                rdns.append(current.rdn)
                guard let next = try transaction.replica(side, parent) else { return nil }
                current = next
            }
        }
        return nil
    }

    private func base(_ anchor: Anchor, _ side: Side) throws -> DistinguishedName? {
        try wiring.views[side].scopes.map(\.base).first { base in
            try transaction.fact("root.\(side.name).\(base.normalized.lossyText)").flatMap { Anchor(octets: $0.bytes) }
                == anchor
        }
    }
}
