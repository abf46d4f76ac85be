import BenchSamples
import Cache
import Mapping
import SyncModel

/// People on both sides and in agreement, with what the service keeps of each: replicas, names, keys, the pair, stamps and history.
struct CachePopulation {
    private static let people = 5_000
    let samples: Samples
    private let roots = PerSide(ad: Anchor(high: 1, low: 1), miniorange: Anchor(high: 2, low: 1))
    private let server = Anchor(high: 3, low: 1)
    private let time = Timestamp(milliseconds: 1_767_268_800_000)

    init() throws { samples = try Samples() }

    func fill(_ cache: Cache, people: Int) throws {
        try cache.write { transaction in
            for side in Side.allCases { try addBase(side, transaction) }
        }
        for first in stride(from: 0, to: people, by: Self.people) {
            try cache.write { transaction in
                for number in first..<min(people, first + Self.people) { try add(number, transaction) }
            }
        }
    }

    private func addBase(_ side: Side, _ transaction: CacheTransaction) throws {
        let name = try DistinguishedName(parsing: Samples.bases[side])
        guard let leaf = name.leaf else { return }
        try transaction.setFact("root.\(side.name).\(name.normalized.lossyText)", Octets(roots[side].octets))
        let base = Replica(
            side: side,
            anchor: roots[side],
            object: nil,
            kind: .container,
            parent: .root,
            rdn: leaf,
            attributes: Attributes(),
            version: .unordered
        )
        try transaction.put(base, replacing: nil)
        try transaction.setLoaded(side, true)
    }

    private func add(_ number: Int, _ transaction: CacheTransaction) throws {
        var pair = Pair(id: try transaction.makePairID(), object: "people", kind: .user)
        let raw = samples.rawPair(number)
        pair.base = raw.base
        pair.base?[parentAttribute] = [Octets([0])]
        for side in Side.allCases {
            let replica = replica(number, side, side == .ad ? raw.ad : raw.miniorange, version: UInt64(number))
            try transaction.put(replica, replacing: nil)
            pair.anchors[side] = replica.anchor
            pair.presence[side] = .present
        }
        try transaction.put(pair, replacing: nil)
        try transaction.append(
            HistoryRecord(pair: pair.id, time: time, event: .joined, side: .ad, cause: .changedAtAD, attributes: [])
        )
        try putStamp(number, .miniorange, transaction)
    }

    func replica(_ number: Int, _ side: Side, _ attributes: Attributes, version: UInt64) -> Replica {
        let name = side == .ad ? "cn" : "uid"
        let rdn = RelativeDistinguishedName(type: name, value: attributes[name].first ?? Octets("\(number)"))
        return Replica(
            side: side,
            anchor: anchor(number, side),
            object: "people",
            kind: .user,
            parent: .entry(roots[side]),
            rdn: rdn,
            attributes: attributes,
            version: .usn(version, invocationID: server),
            keys: samples.mapping.keys(side, attributes)
        )
    }

    /// As the servers give them: objectGUIDs without any order, entryUUIDs in the order of time.
    private func anchor(_ number: Int, _ side: Side) -> Anchor {
        let number = UInt64(number) + 1_000
        guard side == .ad else { return Anchor(high: number << 16, low: 7) }
        // SplitMix64's mixing, which no two numbers share.
        var mixed = number &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return Anchor(high: mixed ^ mixed >> 31, low: number)
    }

    func putStamp(_ number: Int, _ side: Side, _ transaction: CacheTransaction) throws {
        let stamp = Stamp(time: time, granularity: 1, source: .entry, author: "cn=syncline", isOurs: true)
        try transaction.put(AttributeStamp(attribute: "title", stamp: stamp), side, anchor(number, side))
    }
}
