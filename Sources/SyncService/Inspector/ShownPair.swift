import Cache
import Mapping
import SyncModel

/// A pair with both its replicas and its base, as it is shown.
struct ShownPair {
    let pair: Pair
    let replicas: PerSide<Replica?>
    private let view: InspectedView

    init(_ pair: Pair, _ view: InspectedView) throws {
        self.pair = pair
        self.view = view
        var replicas = PerSide<Replica?>(both: nil)
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            replicas[side] = try view.transaction.replica(side, anchor)
        }
        self.replicas = replicas
    }

    var name: String {
        get throws {
            for side in Side.allCases {
                if let replica = replicas[side] { return try view.names.name(of: replica) }
            }
            return "pair \(pair.id.rawValue)"
        }
    }

    /// The base's attributes by their canonical names, with DNs for the pairs that they name.
    func base() throws -> [(name: String, values: [ShownValue])]? {
        try pair.base?.items.map { ($0.name, try values($0.values, of: $0.name)) }
    }

    /// Canonical values as they are shown.
    func values(_ values: [Octets], of name: String) throws -> [ShownValue] {
        if name == parentAttribute { return try values.map(place) }
        if SecretAttributes.contains(name, view.mapping(pair.object)) { return values.map { _ in .secret } }
        let rule = String(name.prefix { $0 != ";" })
        guard view.mapping(pair.object)?.isReference(.ad, rule) == true else { return values.map(ShownValue.init) }
        return try values.map { value in
            guard let id = UInt64(bigEndianOctets: value.bytes) else { return ShownValue(value) }
            return .text(try view.names.name(of: PairID(id)))
        }
    }

    private func place(_ value: Octets) throws -> ShownValue {
        switch value.count {
        case 1: return .text("the object's base")
        case 3:
            let number = Int(value.bytes[1]) << 8 | Int(value.bytes[2])
            guard let containers = view.mapping(pair.object)?.specification.containerPairs, number < containers.count
            else { return ShownValue(value) }
            return .text(containers[number].ad.description)
        default:
            guard let id = UInt64(bigEndianOctets: value.bytes) else { return ShownValue(value) }
            return .text(try view.names.name(of: PairID(id)))
        }
    }

    func json(memberships: Bool) throws -> JSONValue {
        func side(_ side: Side) throws -> JSONValue {
            guard let replica = replicas[side] else { return .null }
            return try ShownEntry(replica, view, memberships: memberships).json()
        }
        return .object([
            ("pair", .int(Int(clamping: pair.id.rawValue))),
            ("object", .string(orNull: pair.object)),
            ("kind", .string(pair.kind.name)),
            (
                "presence",
                .object(Side.allCases.map { ($0.name, .string(pair.presence[$0].name)) })
            ),
            ("ad", try side(.ad)),
            ("miniorange", try side(.miniorange)),
            (
                "base",
                try base().map { .object($0.map { ($0.name, .array($0.values.map(\.json))) }) } ?? .null
            ),
        ])
    }
}

extension Presence {
    /// Part of what `--json` promises.
    var name: String {
        switch self {
        case .missing: "missing"
        case .present: "present"
        case .deleted: "deleted"
        case .outOfScope: "out-of-scope"
        }
    }
}
