import Mapping
import SyncModel
import Testing

/// RDNs: who names an entry, the counter, renames.
struct NameTests {
    static func people() throws -> ObjectMapping { try mapping(rule("cn", "cn"), rule("displayName", "displayName")) }

    @Test(arguments: [(0, "Al"), (1, "Al"), (2, "Al (2)"), (12, "Al (12)")] as [(UInt8, Octets)])
    func theCounterIsAppendedFromTwoOn(_ counter: UInt8, _ expected: Octets) throws {
        let mapping = try Self.people()
        let target: Attributes = ["samaccountname": ["al"], "cn": ["Al"]]
        let entry = try mapping.create(.ad, target, counter: counter)
        #expect(entry.rdn == RelativeDistinguishedName(type: "cn", value: expected))
        #expect(entry.attributes["cn"] == [expected])
        #expect(try mapping.lift(.ad, entry.attributes, counter: counter)["cn"] == ["Al"])
        for base in [nil, target] {
            let lifted = try mapping.lift(
                ad: entry.attributes,
                miniorange: ["uid": ["al"], "cn": ["Al"]],
                base: base,
                counter: counter
            )
            #expect(lifted.ad?.values["cn"] == ["Al"])
            #expect(lifted.miniorange?.values["cn"] == ["Al"])
        }
    }

    @Test func aNameThatEndsLikeACounterIsKeptWhereItWasAgreed() throws {
        let mapping = try Self.people()
        let atAD: Attributes = ["samaccountname": ["al"], "cn": ["Al (2)"]]
        #expect(try mapping.lift(.ad, atAD, base: ["cn": ["Al (2)"]], counter: 2)["cn"] == ["Al (2)"])
        #expect(try mapping.lift(.ad, atAD, base: ["cn": ["Al"]], counter: 2)["cn"] == ["Al"])
        #expect(try mapping.lift(.ad, atAD, base: ["cn": ["Al"]], counter: 0)["cn"] == ["Al (2)"])
    }

    @Test func aChangedNameIsARenameAndNoAttributeChange() throws {
        let mapping = try Self.people()
        let target: Attributes = ["samaccountname": ["bo"], "cn": ["Bo"]]
        let atAD = try mapping.change(
            .ad,
            to: target,
            current: ["samaccountname": ["al"], "cn": ["Al (2)"]],
            counter: 2
        )
        #expect(atAD.newRDN == RelativeDistinguishedName(type: "cn", value: "Bo (2)"))
        #expect(atAD.changes.map(\.name) == ["samaccountname"])
        let there = try mapping.change(.miniorange, to: target, current: ["uid": ["al"], "cn": ["Al"]])
        #expect(there.newRDN == RelativeDistinguishedName(type: "uid", value: "bo"))
        #expect(there.changes.map(\.name) == ["cn"])
    }

    @Test func aNameWithoutItsCounterShowsTheValueToo() throws {
        let current: Attributes = ["samaccountname": ["al"], "cn": ["Al"]]
        #expect(try Self.people().change(.ad, to: current, current: current, counter: 2).isEmpty)
    }

    @Test func furtherValuesOfTheNamingAttributeAreNoRename() throws {
        let projection = try Self.people().changes(
            .miniorange,
            to: ["samaccountname": ["al"], "samaccountname;others": ["c"]],
            of: ["samaccountname;others"],
            current: ["uid": ["al", "b"]],
            nameCounter: 0,
            resolver: FixedResolver(),
            rdn: RelativeDistinguishedName(type: "uid", value: "al")
        )
        #expect(projection.newRDN == nil)
        #expect(projection.changes == [AttributeChange(name: "uid", old: ["al", "b"], new: ["al", "c"])])
    }

    @Test(
        arguments: [
            (["displayname": ["D"], "samaccountname": ["s"]], "D"), (["samaccountname": ["s"]], "s"),
        ] as [(Attributes, Octets)]
    )
    func withoutARuleADIsNamedByWhatPeopleReadAndStaysSo(_ target: Attributes, _ expected: Octets) throws {
        let mapping = try mapping(rule("displayName", "displayName"))
        let entry = try mapping.create(.ad, target)
        #expect(entry.rdn == RelativeDistinguishedName(type: "cn", value: expected))
        #expect(entry.attributes["cn"] == [expected])
        let moved = try mapping.change(.ad, to: target.with("displayname", ["E"]), current: entry.attributes)
        #expect(moved.newRDN == nil)
    }

    @Test func aNameThatNoRuleCarriesIsCutToWhatADTakes() throws {
        let long = Octets(String(repeating: "ä", count: 80))
        let entry = try mapping(rule("displayName", "displayName"))
            .create(.ad, ["displayname": [long], "samaccountname": ["s"]], counter: 2)
        #expect(entry.rdn.value == Octets(String(repeating: "ä", count: 60) + " (2)"))
        #expect(entry.invalid == [])
    }

    @Test func aMissingNameIsMissed() throws {
        #expect(try Self.people().create(.ad, ["samaccountname": ["s"]]).missingRequired == "cn")
        #expect(try Self.people().create(.miniorange, ["cn": ["s"]]).missingRequired == "uid")
        let removed = try Self.people().change(.miniorange, to: ["cn": ["A"]], current: ["uid": ["al"], "cn": ["A"]])
        #expect(removed.missingRequired == "uid")
        #expect(removed.newRDN == nil)
    }

    @Test(arguments: [
        ("cn", 64, 0), ("cn", 65, 1), ("initials", 6, 0), ("initials", 7, 1), ("samaccountname", 20, 0),
        ("samaccountname", 21, 1),
    ])
    func aValueTooLongForADIsInvalidAndNotCut(_ attribute: String, _ length: Int, _ count: Int) throws {
        let target = (["samaccountname": ["s"], "cn": ["C"]] as Attributes)
            .with(attribute, [Octets(String(repeating: "ä", count: length))])
        let mapping = try mapping(rule("cn", "cn"), rule("initials", "initials"))
        let entry = try mapping.create(.ad, target)
        #expect(entry.invalid.map(\.attribute) == (count == 0 ? [] : [attribute]))
        let projection = try mapping.change(.ad, to: target, current: [:])
        #expect(projection.invalid.map(\.attribute) == (count == 0 ? [] : [attribute]))
        #expect(projection.changes.contains { $0.name == attribute } == (count == 0 && attribute != "cn"))
        // The LDAP side takes it.
        #expect(try mapping.create(.miniorange, target).invalid == [])
    }

    @Test func theConfiguredLimitGoesBeforeTheKnownOne() throws {
        let mapping = try mapping(rule("title", "title", limit: 3))
        #expect(
            try mapping.create(.ad, ["samaccountname": ["s"], "title": ["long"]]).invalid.map(\.attribute) == ["title"]
        )
    }

    @Test(arguments: Array("\"/\\[]:;|=,+*?<>\u{1}"))
    func whatADForbidsInAnAccountNameIsInvalid(_ character: Character) throws {
        let entry = try Self.people().create(.ad, ["samaccountname": [Octets("a\(character)b")], "cn": ["C"]])
        #expect(entry.invalid.map(\.attribute) == ["samaccountname"])
        #expect(entry.invalid.allSatisfy { !$0.reason.contains("a\(character)b") })
    }
}
