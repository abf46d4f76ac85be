import Mapping
import SyncModel

/// Pair n is the entry with anchor (1, n) at AD and (2, n) at the LDAP side. Pairs below `known` exist; of those, `onlyAtAD` and `onlyAtMiniOrange`
/// have no entry at the other side.
struct FixedResolver: ReferenceResolver {
    var known: Range<UInt64> = 0..<100
    var onlyAtAD: Set<UInt64> = []
    var onlyAtMiniOrange: Set<UInt64> = []

    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? {
        known.contains(anchor.low) ? PairID(anchor.low) : nil
    }

    func anchor(_ side: Side, of pair: PairID) throws -> Anchor? {
        guard known.contains(pair.rawValue), !(side == .ad ? onlyAtMiniOrange : onlyAtAD).contains(pair.rawValue) else {
            return nil
        }
        return anchorOf(side, pair.rawValue)
    }
}

func anchorOf(_ side: Side, _ number: UInt64) -> Anchor { Anchor(high: side == .ad ? 1 : 2, low: number) }
func reference(_ side: Side, _ number: UInt64) -> Octets { Reference.entry(anchorOf(side, number)).octets }
func pair(_ number: UInt64) -> Octets { Octets(number.bigEndianOctets) }

func name(_ text: String) -> DistinguishedName {
    // swift-format-ignore: NeverUseForceTry
    try! DistinguishedName(parsing: text)
}

func rule(
    _ ad: String,
    _ miniorange: String,
    _ type: RuleType = .value,
    _ direction: Direction = .both,
    limit: Int? = nil,
    fallback: [String] = []
) -> AttributeSpecification {
    AttributeSpecification(
        ad: ad,
        miniorange: miniorange,
        type: type,
        direction: direction,
        isSingleValuedAtAD: AttributePreset.isSingleValuedAtAD(ad),
        maximumLengthAtAD: limit,
        fallback: fallback
    )
}

func specification(
    _ attributes: [AttributeSpecification],
    kind: ObjectKind = .user,
    adName: String = "cn",
    miniorangeName: String = "uid",
    objectClasses: [String] = ["inetOrgPerson"],
    direction: Direction = .both,
    match: [MatchSpecification] = [],
    filter: Filter = .present("objectclass"),
    adBase: String = "OU=People,DC=syncline,DC=test"
) -> ObjectSpecification {
    ObjectSpecification(
        name: "people",
        kind: kind,
        scopes: PerSide(
            ad: ScopeSpecification(
                base: name(adBase),
                filter: filter,
                objectClasses: ["top", "person", "organizationalPerson", "user"],
                rdn: adName
            ),
            miniorange: ScopeSpecification(
                base: name("ou=people,dc=syncline,dc=test"),
                filter: .present("objectclass"),
                objectClasses: objectClasses,
                rdn: miniorangeName
            )
        ),
        match: match,
        attributes: attributes,
        direction: direction
    )
}

/// A user's mapping with these rules besides the naming one.
func mapping(_ attributes: AttributeSpecification...) throws -> ObjectMapping {
    try ObjectMapping(specification([rule("sAMAccountName", "uid")] + attributes))
}

func userMapping() throws -> ObjectMapping { try ObjectMapping(specification(AttributePreset.user)) }

extension ObjectMapping {
    func lift(
        ad: Attributes? = nil,
        miniorange: Attributes? = nil,
        base: Attributes? = nil,
        counter: UInt8 = 0,
        resolver: FixedResolver = FixedResolver()
    ) throws -> PerSide<CanonicalSide?> {
        try canonical(ad: ad, miniorange: miniorange, base: base, nameCounter: counter, resolver: resolver)
    }

    func lift(_ side: Side, _ attributes: Attributes, base: Attributes? = nil, counter: UInt8 = 0) throws -> Attributes
    {
        let lifted = try lift(
            ad: side == .ad ? attributes : nil,
            miniorange: side == .miniorange ? attributes : nil,
            base: base,
            counter: counter
        )
        return lifted[side]?.values ?? Attributes()
    }

    func change(
        _ side: Side,
        to target: Attributes,
        current: Attributes,
        of names: [String]? = nil,
        counter: UInt8 = 0,
        resolver: FixedResolver = FixedResolver()
    ) throws -> Projection {
        try changes(
            side,
            to: target,
            of: names ?? mergeRules.map(\.name),
            current: current,
            nameCounter: counter,
            resolver: resolver
        )
    }

    func create(
        _ side: Side,
        _ target: Attributes,
        counter: UInt8 = 0,
        resolver: FixedResolver = FixedResolver()
    ) throws -> NewEntry {
        try newEntry(side, target: target, nameCounter: counter, resolver: resolver)
    }
}

extension Attributes {
    func applying(_ projection: Projection) -> Attributes {
        var result = self
        for change in projection.changes { result[change.name] = change.new }
        if let rdn = projection.newRDN { result[CaseFolding.lowercaseName(rdn.type)] = [rdn.value] }
        return result
    }

    func with(_ name: String, _ values: [Octets]) -> Attributes {
        var result = self
        result[name] = values
        return result
    }
}
