import Mapping
import SyncModel
import Testing

@testable import SyncService

struct MappingTrialTests {
    private func report(
        ad: [String]?,
        miniorange: [String]?,
        base: [String]?,
        place: PerSide<String> = PerSide(both: ""),
        basePlace: Octets? = nil,
        hasContainer: Bool = true
    ) throws -> MappingTestReport {
        let mapping = try Self.mapping()
        var entries = PerSide<EntrySnapshot?>(both: nil)
        if let ad {
            entries.ad = EntrySnapshot(
                anchor: Anchor(high: 1, low: 1),
                name: try DistinguishedName(parsing: "CN=Anna,\(place.ad)OU=People,DC=syncline,DC=test"),
                attributes: [
                    "cn": ["Anna"], "samaccountname": ["anna"], "title": ad.map { Octets($0) }, "unicodepwd": ["x"],
                ],
                version: .unordered
            )
        }
        if let miniorange {
            entries.miniorange = EntrySnapshot(
                anchor: Anchor(high: 2, low: 2),
                name: try DistinguishedName(parsing: "uid=anna,\(place.miniorange)ou=people,dc=syncline,dc=test"),
                attributes: ["cn": ["Anna"], "uid": ["anna"], "sn": ["A"], "title": miniorange.map { Octets($0) }],
                version: .unordered
            )
        }
        var pair: Pair?
        if let base {
            pair = Pair(id: PairID(7), object: "people", kind: .user)
            pair?.anchors = PerSide(ad: Anchor(high: 1, low: 1), miniorange: Anchor(high: 2, low: 2))
            pair?.base = ["samaccountname": ["anna"], "cn": ["Anna"], "title": base.map { Octets($0) }]
        }
        var containers = PerSide<DistinguishedName?>(both: nil)
        if hasContainer {
            containers.ad = try DistinguishedName(parsing: "\(place.miniorange)OU=People,DC=syncline,DC=test")
            containers.miniorange = try DistinguishedName(parsing: "\(place.ad)ou=people,dc=syncline,dc=test")
        }
        let trial = MappingTrial(
            live: LivePair(mapping: mapping, entries: entries, pair: pair, how: "test"),
            references: LiveReferences(cache: nil),
            attributes: PerSide(ad: entries.ad?.attributes, miniorange: entries.miniorange?.attributes),
            basePlace: basePlace,
            containers: containers
        )
        return try trial.report()
    }

    static func mapping() throws -> ObjectMapping {
        func scope(_ base: String, _ rdn: String) throws -> ScopeSpecification {
            ScopeSpecification(
                base: try DistinguishedName(parsing: base),
                filter: .present("cn"),
                objectClasses: ["inetOrgPerson"],
                rdn: rdn
            )
        }
        return try ObjectMapping(
            ObjectSpecification(
                name: "people",
                kind: .user,
                scopes: PerSide(
                    ad: try scope("OU=People,DC=syncline,DC=test", "cn"),
                    miniorange: try scope("ou=people,dc=syncline,dc=test", "uid")
                ),
                match: [],
                attributes: [("sAMAccountName", "uid"), ("cn", "cn"), ("title", "title")].map {
                    AttributeSpecification(ad: $0.0, miniorange: $0.1, origin: "test.yaml:3")
                }
            )
        )
    }

    @Test(
        arguments: [
            (["A"], ["A"], nil, "equal", []), ([], [], nil, "empty", []),
            (["A"], ["A"], ["B"], "equal", []),
            (["A"], ["B"], ["B"], "ad -> miniorange", ["miniorange"]),
            (["A"], ["B"], ["A"], "ad <- miniorange", ["ad"]),
            (["A"], ["B"], ["C"], "conflict: the later wins", []),
            (["A"], ["B"], nil, "conflict: the later wins", []),
            ([], ["B"], nil, "ad <- miniorange", ["ad"]),
            ([], ["B"], ["B"], "ad -> miniorange", ["miniorange"]),
        ] as [([String], [String], [String]?, String, [String])]
    )
    func eachRuleHasItsVerdict(
        _ row: (ad: [String], miniorange: [String], base: [String]?, verdict: String, writes: [String])
    ) throws {
        let report = try report(ad: row.ad, miniorange: row.miniorange, base: row.base)
        #expect(report.rules.first { $0.ad == "title" }?.verdict == row.verdict)
        #expect(report.writes.map(\.side) == row.writes)
        #expect(report.isEqual == ["equal", "empty"].contains(row.verdict))
    }

    @Test func oneEntryAloneShowsWhatWouldBeMade() throws {
        let report = try report(ad: ["A"], miniorange: nil, base: nil)
        let write = try #require(report.writes.first)
        #expect(report.writes.count == 1 && write.operation == "create" && write.side == "miniorange")
        #expect(write.name == "uid=anna,ou=people,dc=syncline,dc=test")
        #expect(write.attributes.first { $0.name == "title" }?.new == ["A"])
    }

    @Test func anotherPlaceIsARename() throws {
        let report = try report(
            ad: ["A"],
            miniorange: ["A"],
            base: ["A"],
            place: PerSide(ad: "OU=Sales,", miniorange: ""),
            basePlace: "/"
        )
        #expect(report.writes.map(\.operation) == ["rename"])
        #expect(report.writes.first?.newName == "uid=anna,OU=Sales,ou=people,dc=syncline,dc=test")
    }

    @Test func aPlaceWithoutACounterpartIsAnObstacle() throws {
        let report = try report(
            ad: ["A"],
            miniorange: nil,
            base: nil,
            place: PerSide(ad: "OU=Sales,", miniorange: ""),
            hasContainer: false
        )
        #expect(report.writes.isEmpty && !report.isEqual)
        #expect(report.obstacles.contains { $0.contains("no counterpart at miniorange") })
    }

    @Test func passwordsAreNeverShown() throws {
        #expect(try !report(ad: ["A"], miniorange: ["A"], base: nil).text.contains("unicodepwd: x"))
    }

    @Test(arguments: [
        ("title", "Grüße", "Grüße"), ("title", "", "<0 octets>"), ("jpegPhoto", "\u{1}\u{2}", "<2 octets>"),
        ("userPassword", "x", "<not shown>"), ("USERPASSWORD;binary", "x", "<not shown>"),
        ("initialPassword", "x", "<not shown>"),
    ])
    func valuesAreShownAsTextOrByLength(_ row: (attribute: String, value: String, shown: String)) {
        #expect(TrialText.text(Octets(row.value), attribute: row.attribute) == row.shown)
    }
}
