import Mapping
import SyncModel
import Testing

/// sn falls back to cn, then uid, and the fallback is never carried back.
struct FallbackTests {
    static func people() throws -> ObjectMapping {
        try mapping(rule("cn", "cn"), rule("sn", "sn", fallback: ["cn", "uid"]))
    }

    /// The base after an AD user without sn was created at the LDAP side.
    static let base: Attributes = ["samaccountname": ["al"], "cn": ["Al"], "sn;fallback": ["Al"]]
    static let atAD: Attributes = ["samaccountname": ["al"], "cn": ["Al"]]
    static let atMiniOrange: Attributes = ["uid": ["al"], "cn": ["Al"], "sn": ["Al"]]

    @Test(
        arguments: [
            (["samaccountname": ["al"], "cn": ["Al"], "sn": ["S"]], "S"),
            (["samaccountname": ["al"], "cn": ["Al"]], "Al"),
            (["samaccountname": ["al"]], "al"),
        ] as [(Attributes, Octets)]
    )
    func aDemandedValueIsMadeOfWhatThereIs(_ target: Attributes, _ expected: Octets) throws {
        let entry = try Self.people().create(.miniorange, target)
        #expect(entry.attributes["sn"] == [expected])
    }

    @Test func withNothingToStandInTheValueIsMissed() throws {
        #expect(try Self.people().create(.miniorange, ["mail": ["m"]]).missingRequired != nil)
    }

    @Test(arguments: [base, nil])
    func theStandInIsNoValue(_ base: Attributes?) throws {
        let lifted = try Self.people().lift(ad: Self.atAD, miniorange: Self.atMiniOrange, base: base)
        #expect(lifted.ad?.values == Self.base)
        #expect(lifted.miniorange?.values == Self.base)
    }

    @Test func aBaseThatDoesNotNameTheStandInServesAsWell() throws {
        var base = Self.base
        base["sn;fallback"] = []
        let lifted = try Self.people().lift(ad: Self.atAD, miniorange: Self.atMiniOrange, base: base)
        #expect(lifted.miniorange?.values["sn"] == [])
    }

    @Test func aValueOfItsOwnIsAChangeAndNothingElseIs() throws {
        let lifted = try Self.people().lift(
            ad: Self.atAD,
            miniorange: Self.atMiniOrange.with("sn", ["Smith"]),
            base: Self.base
        )
        #expect(lifted.ad?.values == Self.base)
        #expect(lifted.miniorange?.values == Self.base.with("sn", ["Smith"]))
    }

    @Test func removingTheValueAtADBringsTheStandIn() throws {
        let mapping = try Self.people()
        let current = Self.atMiniOrange.with("sn", ["Smith"])
        let base: Attributes = ["samaccountname": ["al"], "cn": ["Al"], "sn": ["Smith"]]
        let lifted = try mapping.lift(ad: Self.atAD, miniorange: current, base: base)
        #expect(lifted.ad?.values["sn"] == [])
        #expect(lifted.miniorange?.values["sn"] == ["Smith"])
        let projection = try mapping.change(.miniorange, to: Self.base, current: current, of: ["sn"])
        #expect(projection.changes == [AttributeChange(name: "sn", old: ["Smith"], new: ["Al"])])
        // Before the base has moved, the answer is already understood.
        let answered = try mapping.lift(ad: Self.atAD, miniorange: Self.atMiniOrange, base: base)
        #expect(answered.miniorange?.values["sn"] == [])
        #expect(answered.miniorange == answered.ad)
    }

    @Test func theStandInFollowsItsSourceInTheSameWrite() throws {
        let target: Attributes = ["samaccountname": ["al"], "cn": ["Bo"], "sn;fallback": ["Bo"]]
        for names in [["cn"], ["cn", "sn;fallback"]] {
            let projection = try Self.people().change(.miniorange, to: target, current: Self.atMiniOrange, of: names)
            #expect(projection.changes.map(\.name) == ["cn", "sn"])
            #expect(projection.changes.map(\.new) == [["Bo"], ["Bo"]])
        }
    }

    @Test func aChangedSourceDoesNotTouchAValueOfItsOwn() throws {
        let current = Self.atMiniOrange.with("sn", ["In conflict"])
        let target: Attributes = ["samaccountname": ["al"], "cn": ["Bo"]]
        let projection = try Self.people().change(.miniorange, to: target, current: current, of: ["cn"])
        #expect(projection.changes.map(\.name) == ["cn"])
    }

    /// The LDAP side's cn was changed there, its stand-in is the old one: that must not become AD's sn, now or after the base has moved.
    @Test func aStandInThatItsSourceLeftBehindIsReplacedAndNotCarriedBack() throws {
        let mapping = try Self.people()
        let moved = Self.atMiniOrange.with("cn", ["Bo"])
        let first = try mapping.lift(ad: Self.atAD, miniorange: moved, base: Self.base)
        #expect(first.miniorange?.values == Self.base.with("cn", ["Bo"]))
        let second = try mapping.lift(
            ad: Self.atAD.with("cn", ["Bo"]),
            miniorange: moved,
            base: Self.base.with("cn", ["Bo"])
        )
        #expect(second.ad?.values["sn;fallback"] == ["Bo"])
        #expect(second.miniorange?.values["sn;fallback"] == ["Al"])
        #expect(second.miniorange?.values["sn"] == [])
        let target = try #require(second.ad?.values)
        let projection = try mapping.change(.miniorange, to: target, current: moved, of: ["sn;fallback"])
        #expect(projection.changes == [AttributeChange(name: "sn", old: ["Al"], new: ["Bo"])])
    }

    @Test func theStandInGivenAtADAsARealValueIsAgreed() throws {
        let lifted = try Self.people().lift(
            ad: Self.atAD.with("sn", ["Al"]),
            miniorange: Self.atMiniOrange,
            base: Self.base
        )
        #expect(lifted.ad?.values == ["samaccountname": ["al"], "cn": ["Al"], "sn": ["Al"]])
        #expect(lifted.ad == lifted.miniorange)
    }

    @Test func theStandInIsWrittenToTheLDAPSideOnly() throws {
        let merge = try #require(try Self.people().mergeRules.first { $0.name == "sn;fallback" })
        #expect(merge.direction == .toMiniOrange)
        #expect(merge.shape == .register)
        #expect(try Self.people().create(.ad, Self.base).attributes["sn"] == [])
    }
}
