import Cache
import Mapping
import SyncModel

/// The DNs of entries, made by walking up to a configured base. Containers are remembered, so use one for each transaction.
final class EntryNames {
    private static let rememberedContainers = 65_536

    private let transaction: CacheTransaction
    private let roots: PerSide<[Anchor: DistinguishedName]>
    private var containers = PerSide<[Anchor: String]>(both: [:])

    init(_ transaction: CacheTransaction, _ wiring: Wiring) throws {
        self.transaction = transaction
        var roots = PerSide<[Anchor: DistinguishedName]>(both: [:])
        for side in Side.allCases {
            for scope in wiring.views[side].scopes {
                let fact = try transaction.fact("root.\(side.name).\(scope.base.normalized.lossyText)")
                guard let anchor = fact.flatMap({ Anchor(octets: $0.bytes) }) else { continue }
                roots[side][anchor] = scope.base
            }
        }
        self.roots = roots
    }

    /// The DN as the cache knows it; where a container above is not in the cache, with a part that says so.
    func name(of replica: Replica) throws -> String {
        switch replica.parent {
        case .root: return (roots[replica.side][replica.anchor] ?? DistinguishedName([replica.rdn])).description
        case .unresolved(let parent): return parent.child(replica.rdn).description
        case .entry(let parent):
            let container = try containerName(replica.side, parent, depth: 0)
            return container.isEmpty ? replica.rdn.description : "\(replica.rdn.description),\(container)"
        }
    }

    /// The DN of an entry, or its GUID where the cache does not have it.
    func name(of anchor: Anchor, _ side: Side) throws -> String {
        if let known = containers[side][anchor] { return known }
        guard let replica = try transaction.replica(side, anchor) else {
            return "(not in the cache: \(anchor.text(on: side)))"
        }
        return try name(of: replica)
    }

    /// The DN on the side that has the entry, AD first.
    func name(of pair: PairID) throws -> String {
        guard let pair = try transaction.pair(pair) else { return "pair \(pair.rawValue)" }
        for side in Side.allCases {
            if let anchor = pair.anchors[side], let replica = try transaction.replica(side, anchor) {
                return try name(of: replica)
            }
        }
        return "pair \(pair.id.rawValue)"
    }

    /// Whether the entry is the configured base with this DN.
    func isBase(_ anchor: Anchor, _ side: Side, _ name: DistinguishedName) -> Bool {
        roots[side][anchor]?.normalized == name.normalized
    }

    /// The entry with this DN.
    func anchor(_ side: Side, named name: DistinguishedName) throws -> Anchor? {
        let bases = roots[side].sorted { $0.value.rdns.count > $1.value.rdns.count }
        for (root, base) in bases {
            guard let below = name.relative(to: base) else { continue }
            var anchor: Anchor? = root
            for rdn in below.reversed() {
                guard let parent = anchor else { break }
                anchor = try transaction.child(side, of: parent, named: rdn.normalized)
            }
            if let anchor { return anchor }
        }
        return nil
    }

    private func containerName(_ side: Side, _ anchor: Anchor, depth: Int) throws -> String {
        if let known = containers[side][anchor] { return known }
        let name: String
        if let root = roots[side][anchor] {
            name = root.description
        } else if depth < 128, let replica = try transaction.replica(side, anchor) {
            switch replica.parent {
            case .root: name = replica.rdn.description
            case .unresolved(let parent): name = parent.child(replica.rdn).description
            case .entry(let parent):
                name = "\(replica.rdn.description),\(try containerName(side, parent, depth: depth + 1))"
            }
        } else {
            // Still a DN, and one that nobody has.
            name = "CN=(not in the cache: \(anchor.text(on: side)))"
        }
        if containers[side].count >= Self.rememberedContainers { containers[side].removeAll(keepingCapacity: true) }
        containers[side][anchor] = name
        return name
    }
}
