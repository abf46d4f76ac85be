import Mapping
import SyncModel
import Testing

/// A group's one name at the LDAP side and its two at AD.
struct GroupNameTests {
    struct Names: Equatable, Sendable, CustomTestStringConvertible {
        var cn: Octets
        var account: Octets
        var named: Octets
        var testDescription: String { "\(cn.text ?? "") \(account.text ?? "") \(named.text ?? "")" }

        init(_ cn: Octets, _ account: Octets, _ named: Octets) {
            (self.cn, self.account, self.named) = (cn, account, named)
        }

        init(all name: Octets) { self.init(name, name, name) }
    }

    static func groups(_ direction: Direction = .both, prefer: Side = .ad) throws -> ObjectMapping {
        var group = specification(
            AttributePreset.group,
            kind: .group,
            miniorangeName: "cn",
            objectClasses: ["groupOfNames"],
            direction: direction
        )
        group.prefer = prefer
        return try ObjectMapping(group)
    }

    /// Both sides and what they agreed on, merged and written until nothing is left to do.
    struct Pair {
        var ad: Attributes
        var miniorange: Attributes
        var base: Attributes?
        var counter: UInt8 = 0
        /// The value of each side's RDN.
        var named: PerSide<Octets?>
        /// Each value that a side was given, in order.
        var writes: [String] = []

        init(_ names: Names) {
            ad = ["cn": [names.cn], "samaccountname": [names.account]]
            miniorange = ["cn": [names.named]]
            named = PerSide(ad: names.cn, miniorange: names.named)
        }

        var names: Names {
            Names(ad["cn"].first ?? "", ad["samaccountname"].first ?? "", named.miniorange ?? "")
        }

        /// By someone else.
        mutating func rename(_ side: Side, _ name: Octets) {
            let kept = (side == .ad ? ad : miniorange)["cn"].filter { $0 != named[side] }
            if side == .ad { ad["cn"] = [name] } else { miniorange["cn"] = (kept + [name]).sorted() }
            named[side] = name
        }

        mutating func settle(_ mapping: ObjectMapping) throws {
            for _ in 0..<10 where try step(mapping) {}
            #expect(try !step(mapping), "it never comes to rest")
        }

        /// Whether anything was written.
        private mutating func step(_ mapping: ObjectMapping) throws -> Bool {
            let lifted = try mapping.lift(ad: ad, miniorange: miniorange, base: base, counter: counter)
            let sides = PerSide(
                ad: lifted.ad?.values ?? Attributes(),
                miniorange: lifted.miniorange?.values ?? Attributes()
            )
            var target = Attributes()
            var agreed = Attributes()
            var changed = PerSide<[String]>(both: [])
            for rule in mapping.mergeRules {
                let was = base?[rule.name] ?? []
                let (ad, there) = (sides.ad[rule.name], sides.miniorange[rule.name])
                let wanted = merged(rule, was, ad, there)
                target[rule.name] = wanted
                agreed[rule.name] = ad == there ? ad : was
                if wanted != ad { changed.ad.append(rule.name) }
                if wanted != there { changed.miniorange.append(rule.name) }
            }
            base = agreed
            var hasWritten = false
            for side in Side.allCases where !changed[side].isEmpty {
                let projection = try mapping.change(
                    side,
                    to: target,
                    current: side == .ad ? ad : miniorange,
                    of: changed[side],
                    counter: counter
                )
                #expect(projection.invalid == [] && projection.missingRequired == nil)
                let entry = try written(projection, side)
                hasWritten = hasWritten || !projection.isEmpty
                for name in changed[side] {
                    let rest = try mapping.change(side, to: target, current: entry, of: [name], counter: counter)
                    if rest.changes.isEmpty, rest.newRDN == nil { base?[name] = target[name] }
                }
            }
            return hasWritten
        }

        private func merged(_ rule: MergeRule, _ was: [Octets], _ ad: [Octets], _ there: [Octets]) -> [Octets] {
            switch rule.direction {
            case .toMiniOrange: ad
            case .toAD: there
            case .both:
                if ad == there || there == was {
                    ad
                } else if ad == was {
                    there
                } else {
                    rule.prefer == .ad ? ad : there
                }
            }
        }

        /// A rename comes first, and by itself.
        private mutating func written(_ projection: Projection, _ side: Side) throws -> Attributes {
            var projection = projection
            if let rdn = projection.newRDN {
                projection.changes = []
                writes.append("\(side.name) \(rdn.value.text ?? "")")
            }
            let old = side == .ad ? ad : miniorange
            var new = old
            for change in projection.changes {
                new[change.name] = change.new
                writes.append("\(side.name) \(change.name)")
            }
            if let rdn = projection.newRDN {
                // modDN without the old RDN's value.
                let attribute = CaseFolding.lowercaseName(rdn.type)
                let gone = [named[side]].compactMap { $0 }
                named[side] = rdn.value
                new[attribute] = ([rdn.value] + old[attribute].filter { !gone.contains($0) && $0 != rdn.value })
                    .sorted()
            }
            if side == .ad { ad = new } else { miniorange = new }
            return new
        }
    }

    static let long = Octets(String(repeating: "n", count: 70))

    @Test(
        "Whoever renames a group on either side renames it everywhere",
        arguments: [
            // AD's CN, its sAMAccountName, both, the LDAP side's name.
            (Names("crew", "team", "team"), Names(all: "crew")),
            (Names("team", "crew", "team"), Names(all: "crew")),
            (Names("crew", "crew", "team"), Names(all: "crew")),
            (Names("team", "team", "crew"), Names(all: "crew")),
            (Names("TEAM", "team", "team"), Names(all: "TEAM")),
            // Both sides at once: AD is preferred.
            (Names("team", "crew", "squad"), Names(all: "crew")),
            (Names("crew", "crew", "squad"), Names(all: "crew")),
            (Names("crew", "team", "squad"), Names(all: "crew")),
            // Each of AD's went its own way.
            (Names("crew", "squad", "team"), Names("crew", "squad", "squad")),
            // What can't be the other is nobody's but its own.
            (Names("Crew + Co", "team", "team"), Names("Crew + Co", "team", "team")),
            (Names("team", "team", long), Names("team", long, long)),
            (Names("team", long, "team"), Names("team", long, long)),
        ]
    )
    func renames(_ edited: Names, _ expected: Names) throws {
        let mapping = try Self.groups()
        var pair = Pair(Names(all: "team"))
        try pair.settle(mapping)
        #expect(pair.writes == [])
        let start = pair
        pair = Pair(edited)
        pair.base = start.base
        try pair.settle(mapping)
        #expect(pair.names == expected, "\(pair.writes)")
    }

    @Test(
        "A CN of its own never crosses",
        arguments: [
            (Names("Our Team", "team", "team"), Names("Our Team", "team", "team")),
            (Names("The Crew", "team", "team"), Names("The Crew", "team", "team")),
            (Names("The Team", "crew", "team"), Names("The Team", "crew", "crew")),
            (Names("The Team", "team", "crew"), Names("The Team", "crew", "crew")),
            (Names("crew", "crew", "team"), Names(all: "crew")),
            (Names("team", "team", "team"), Names(all: "team")),
        ]
    )
    func ownNames(_ edited: Names, _ expected: Names) throws {
        let mapping = try Self.groups()
        var pair = Pair(Names("The Team", "team", "team"))
        try pair.settle(mapping)
        #expect(pair.writes == [])
        let base = pair.base
        pair = Pair(edited)
        pair.base = base
        try pair.settle(mapping)
        #expect(pair.names == expected, "\(pair.writes)")
    }

    /// Every start and every edit over three names: it comes to rest, with one name on both sides, and none that nobody gave it.
    @Test(arguments: [Side.ad, .miniorange])
    func everyEditComesToRest(_ prefer: Side) throws {
        let mapping = try Self.groups(prefer: prefer)
        let names: [Octets] = ["a", "b", "c"]
        let states = names.flatMap { cn in names.flatMap { account in names.map { Names(cn, account, $0) } } }
        for start in states {
            var pair = Pair(start)
            try pair.settle(mapping)
            #expect(pair.names.account == pair.names.named, "\(start)")
            #expect(pair.names.account == (prefer == .ad ? start.account : start.named), "\(start)")
            let agreed = pair
            for edited in states {
                var pair = Pair(edited)
                pair.base = agreed.base
                try pair.settle(mapping)
                #expect(pair.names.account == pair.names.named, "\(start), then \(edited)")
                let given = [edited.cn, edited.account, edited.named]
                #expect(given.contains(pair.names.account), "\(start), then \(edited)")
                if edited == agreed.names { #expect(pair.writes == []) }
            }
        }
    }

    @Test func aNameThatCameTogetherIsOneFromThenOn() throws {
        let mapping = try Self.groups()
        var pair = Pair(Names("The Team", "team", "team"))
        try pair.settle(mapping)
        pair.rename(.ad, "team")
        try pair.settle(mapping)
        pair.rename(.miniorange, "crew")
        try pair.settle(mapping)
        #expect(pair.names == Names(all: "crew"))
    }

    @Test func entriesThatMeetKeepTheCNThatADHas() throws {
        let mapping = try Self.groups()
        var pair = Pair(Names("The Team", "team", "TEAM"))
        try pair.settle(mapping)
        #expect(pair.names == Names("The Team", "team", "team"))
        #expect(pair.writes == ["miniorange team"])
    }

    @Test(
        "Where nothing is written to AD, sAMAccountName alone is the name",
        arguments: [
            (Names("crew", "team", "team"), Names("crew", "team", "team")),
            (Names("team", "crew", "team"), Names("team", "crew", "crew")),
            (Names("team", "team", "crew"), Names("team", "team", "team")),
        ]
    )
    func fromADAlone(_ edited: Names, _ expected: Names) throws {
        let mapping = try Self.groups(.toMiniOrange)
        var pair = Pair(Names(all: "team"))
        try pair.settle(mapping)
        let base = pair.base
        pair = Pair(edited)
        pair.base = base
        try pair.settle(mapping)
        #expect(pair.names == expected)
    }

    @Test(
        "Where AD only follows, both of its names do",
        arguments: [
            (Names("team", "team", "crew"), Names(all: "crew")), (Names("crew", "team", "team"), Names(all: "team")),
            (Names("team", "crew", "team"), Names(all: "team")),
        ]
    )
    func toADAlone(_ edited: Names, _ expected: Names) throws {
        let mapping = try Self.groups(.toAD)
        var pair = Pair(Names(all: "team"))
        try pair.settle(mapping)
        let base = pair.base
        pair = Pair(edited)
        pair.base = base
        try pair.settle(mapping)
        #expect(pair.names == expected)
    }

    @Test func theCounterIsNoPartOfTheName() throws {
        let mapping = try Self.groups()
        var pair = Pair(Names("team (2)", "team", "team"))
        pair.counter = 2
        try pair.settle(mapping)
        #expect(pair.writes == [])
        pair.rename(.miniorange, "crew")
        try pair.settle(mapping)
        #expect(pair.names == Names("crew (2)", "crew", "crew"))
    }

    @Test func furtherNamesOfTheLDAPSideStay() throws {
        let mapping = try Self.groups()
        var pair = Pair(Names(all: "team"))
        pair.miniorange["cn"] = ["alias", "team"]
        try pair.settle(mapping)
        pair.rename(.ad, "crew")
        try pair.settle(mapping)
        #expect(pair.names == Names(all: "crew"))
        #expect(pair.miniorange["cn"] == ["alias", "crew"])
    }

    @Test(
        arguments: [
            (["cn": ["team"], "samaccountname": ["team"]], "team"),
            (["cn": ["The Team"], "samaccountname": ["team"]], "team"),
        ] as [(Attributes, Octets)]
    )
    func aNewLDAPGroupIsNamedByTheAccount(_ atAD: Attributes, _ expected: Octets) throws {
        let mapping = try Self.groups()
        let entry = try mapping.create(.miniorange, mapping.lift(.ad, atAD))
        #expect(entry.rdn == RelativeDistinguishedName(type: "cn", value: expected))
        #expect(entry.attributes["cn"] == [expected])
        #expect(entry.missingRequired == nil)
    }

    @Test(arguments: [(0, "team"), (2, "team (2)")] as [(UInt8, Octets)])
    func aNewADGroupHasBothNames(_ counter: UInt8, _ cn: Octets) throws {
        let mapping = try Self.groups()
        let target = try mapping.lift(.miniorange, ["cn": ["team"]])
        #expect(target["cn"] == ["team"])
        let entry = try mapping.create(.ad, target, counter: counter)
        #expect(entry.rdn == RelativeDistinguishedName(type: "cn", value: cn))
        #expect(entry.attributes["cn"] == [cn])
        #expect(entry.attributes["samaccountname"] == ["team"])
        #expect(entry.missingRequired == nil)
    }

    @Test func aNameTooLongForACNIsCutThere() throws {
        let mapping = try Self.groups()
        let entry = try mapping.create(.ad, mapping.lift(.miniorange, ["cn": [Self.long]]))
        #expect(entry.rdn.value == Octets(String(repeating: "n", count: 64)))
        #expect(entry.attributes["samaccountname"] == [Self.long])
        #expect(entry.invalid == [])
    }

    @Test func aGroupMadeAgainAtADHasItsAccountForACN() throws {
        let mapping = try Self.groups()
        let base: Attributes = ["samaccountname": ["team"]]
        let target = try mapping.lift(.miniorange, ["cn": ["team"]], base: base)
        #expect(target["cn"] == [])
        let entry = try mapping.create(.ad, target)
        #expect(entry.rdn.value == "team")
        #expect(entry.missingRequired == nil)
    }

    @Test func withoutARuleTheCNStaysAsItWasMade() throws {
        let mapping = try ObjectMapping(
            specification(
                [rule("sAMAccountName", "cn")],
                kind: .group,
                miniorangeName: "cn",
                objectClasses: ["groupOfNames"]
            )
        )
        let entry = try mapping.create(.ad, ["samaccountname": ["team"]])
        #expect(entry.rdn.value == "team")
        let projection = try mapping.change(.ad, to: ["samaccountname": ["crew"]], current: entry.attributes)
        #expect(projection.newRDN == nil)
        #expect(projection.changes.map(\.name) == ["samaccountname"])
    }
}
