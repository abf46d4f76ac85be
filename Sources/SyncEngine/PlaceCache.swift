import SyncModel

/// A configured base: the entry under which one object's entries stand.
struct Root: Hashable, Sendable {
    var name: DistinguishedName
    var anchor: Anchor
    /// The objects that live here, sorted.
    var objects: [String]
}

/// Containers that were looked up by name. It holds nothing that the store does not; it saves looking the same parent up for each of its children.
struct PlaceCache: Sendable {
    private static let limit = 4_096
    private var anchors = PerSide<[DistinguishedName: Anchor]>(both: [:])
    private var names = PerSide<[Anchor: DistinguishedName]>(both: [:])
    /// Containers of the LDAP side as the end of a DN's text, with the comma.
    private var endings: [Anchor: [UInt8]] = [:]

    func anchor(_ side: Side, _ name: DistinguishedName) -> Anchor? { anchors[side][name] }
    func name(_ side: Side, _ anchor: Anchor) -> DistinguishedName? { names[side][anchor] }

    mutating func note(_ side: Side, _ name: DistinguishedName, _ anchor: Anchor) {
        if anchors[side].count >= PlaceCache.limit { anchors[side] = [:] }
        anchors[side][name] = anchor
    }

    mutating func note(_ side: Side, _ anchor: Anchor, _ name: DistinguishedName) {
        if names[side].count >= PlaceCache.limit { names[side] = [:] }
        names[side][anchor] = name
    }

    func ending(_ container: Anchor) -> [UInt8]? { endings[container] }

    mutating func note(_ container: Anchor, ending: [UInt8]) {
        if endings.count >= PlaceCache.limit { endings = [:] }
        endings[container] = ending
    }

    mutating func clear(_ side: Side) {
        anchors[side] = [:]
        names[side] = [:]
        if side == .miniorange { endings = [:] }
    }
}
