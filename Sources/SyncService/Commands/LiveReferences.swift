import Cache
import Mapping
import SyncModel

/// The entries that references name, found live: what the engine would know of them after it had read both sides.
struct LiveReferences: ReferenceResolver {
    private var ids = PerSide<[Anchor: PairID]>(both: [:])
    private var anchors: [PairID: PerSide<Anchor?>] = [:]
    private var names = PerSide<[Anchor: String]>(both: [:])
    /// Pairs that the cache does not have are numbered from the other end.
    private var next = UInt64.max
    private let cache: Cache?

    init(cache: Cache?) { self.cache = cache }

    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? { ids[side][anchor] }

    func anchor(_ side: Side, of pair: PairID) throws -> Anchor? {
        if let known = anchors[pair] { return known[side] }
        return try cache?.read { try $0.pair(pair)?.anchors[side] }
    }

    /// What people call an entry.
    func name(_ side: Side, _ anchor: Anchor) -> String? { names[side][anchor] }

    func name(of pair: PairID) -> String {
        for side in Side.allCases {
            if let anchor = anchors[pair]?[side], let name = names[side][anchor] {
                return "the entry \(name)"
            }
        }
        return "pair \(pair.rawValue)"
    }

    private mutating func note(_ pair: LivePair) {
        let known = PerSide<Anchor?>(
            ad: pair.entries.ad?.anchor,
            miniorange: pair.entries.miniorange?.anchor
        )
        for side in Side.allCases {
            if let anchor = known[side], ids[side][anchor] != nil { return }
        }
        let id = pair.pair?.id ?? PairID(next)
        next -= 1
        anchors[id] = known
        for side in Side.allCases {
            guard let entry = pair.entries[side] else { continue }
            ids[side][entry.anchor] = id
            names[side][entry.anchor] = entry.name.description
        }
    }

    /// The entry's attributes as a replica holds them: names of other entries as references.
    mutating func resolved(
        _ entry: EntrySnapshot,
        _ side: Side,
        _ mapping: ObjectMapping,
        _ finder: LivePairFinder
    ) async throws -> Attributes {
        var attributes = mapping.selected(side, entry.attributes)
        for item in attributes.items where mapping.isReference(side, item.name) {
            var values: [Octets] = []
            for value in item.values {
                guard let name = try? DistinguishedName(parsing: value) else { continue }
                guard let target = try await finder.directories[side].entry(name) else {
                    values.append(Reference.unresolved(name).octets)
                    continue
                }
                names[side][target.anchor] = target.name.description
                if ids[side][target.anchor] == nil, let pair = try? await finder.pair(of: target, on: side) {
                    note(pair)
                }
                values.append(Reference.entry(target.anchor).octets)
            }
            attributes[item.name] = values
        }
        return attributes
    }
}
