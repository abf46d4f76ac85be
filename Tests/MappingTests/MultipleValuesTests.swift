import Mapping
import SyncModel
import Testing

/// One value at AD, several at the LDAP side.
struct MultipleValuesTests {
    struct Row: Sendable {
        var ad: [Octets]
        var miniorange: [Octets]
        /// Primary and others; nil is no base.
        var base: ([Octets], [Octets])?
        var expectedAD: ([Octets], [Octets])
        var expectedMiniOrange: ([Octets], [Octets])

        init(
            _ ad: [Octets],
            _ miniorange: [Octets],
            base: ([Octets], [Octets])?,
            _ expectedAD: ([Octets], [Octets]),
            _ expectedMiniOrange: ([Octets], [Octets])? = nil
        ) {
            (self.ad, self.miniorange, self.base) = (ad, miniorange, base)
            (self.expectedAD, self.expectedMiniOrange) = (expectedAD, expectedMiniOrange ?? expectedAD)
        }
    }

    static let rows: [Row] = [
        // Without a base.
        Row(["a"], ["a"], base: nil, (["a"], [])),
        Row(["b"], ["a", "b"], base: nil, (["b"], ["a"])),
        Row([], ["a", "b"], base: nil, ([], ["b"]), (["a"], ["b"])),
        Row(["x"], ["a", "b"], base: nil, (["x"], ["b"]), (["a"], ["b"])),
        Row(["x"], [], base: nil, (["x"], []), ([], [])),
        // Nothing moved.
        Row(["b"], ["a", "b"], base: (["b"], ["a"]), (["b"], ["a"])),
        Row([], ["b"], base: ([], ["b"]), ([], ["b"])),
        // AD moved.
        Row(["x"], ["a", "b"], base: (["a"], ["b"]), (["x"], ["b"]), (["a"], ["b"])),
        Row([], ["a", "b"], base: (["a"], ["b"]), ([], ["b"]), (["a"], ["b"])),
        Row(["b"], ["b"], base: ([], ["b"]), (["b"], [])),
        Row(["b"], ["a", "b"], base: (["a"], ["b"]), (["b"], []), (["a"], ["b"])),
        // The LDAP side moved: what AD can't show is no difference.
        Row(["a"], ["a", "c"], base: (["a"], ["b"]), (["a"], ["c"])),
        Row(["a"], ["a"], base: (["a"], ["b"]), (["a"], [])),
        Row(["a"], ["b", "x"], base: (["a"], ["b"]), (["a"], ["b"]), (["x"], ["b"])),
        Row(["a"], ["b"], base: (["a"], ["b"]), (["a"], ["b"]), ([], ["b"])),
        Row(["a"], [], base: (["a"], ["b"]), (["a"], []), ([], [])),
        // A base from before there was a rule.
        Row(["x"], ["b", "x"], base: ([], []), (["x"], ["b"])),
        Row([], ["a", "b"], base: ([], []), ([], ["b"]), (["a"], ["b"])),
        // Both moved.
        Row(["b"], ["b", "c"], base: (["a"], ["b"]), (["b"], ["c"])),
        Row(["x"], ["a", "c"], base: (["a"], ["b"]), (["x"], ["c"]), (["a"], ["c"])),
        Row(["x"], ["b", "x"], base: (["a"], ["b"]), (["x"], ["b"])),
    ]

    @Test(arguments: rows)
    func furtherValuesAreNeverTakenForAChange(_ row: Row) throws {
        let mapping = try mapping(rule("mail", "mail"))
        let base = row.base.map { ["mail": $0.0, "mail;others": $0.1] as Attributes }
        let lifted = try mapping.lift(ad: ["mail": row.ad], miniorange: ["mail": row.miniorange], base: base)
        #expect(lifted.ad?.values == ["mail": row.expectedAD.0, "mail;others": row.expectedAD.1])
        #expect(
            lifted.miniorange?.values == ["mail": row.expectedMiniOrange.0, "mail;others": row.expectedMiniOrange.1]
        )
    }

    @Test func onlyThePrimaryValueGoesToAD() throws {
        let mapping = try mapping(rule("mail", "mail"))
        let target: Attributes = ["mail": ["b"], "mail;others": ["a", "c"], "samaccountname": ["u"]]
        #expect(try mapping.create(.ad, target).attributes["mail"] == ["b"])
        #expect(try mapping.create(.miniorange, target).attributes["mail"] == ["a", "b", "c"])
        let projection = try mapping.change(
            .miniorange,
            to: target,
            current: ["mail": ["a", "c", "old"], "uid": ["u"]]
        )
        #expect(
            projection.changes.filter { $0.name == "mail" } == [
                AttributeChange(name: "mail", old: ["a", "c", "old"], new: ["a", "b", "c"])
            ]
        )
        #expect(try mapping.change(.ad, to: target, current: ["mail": ["b"], "samaccountname": ["u"]]).isEmpty)
    }

    @Test func aTargetThatHoldsItsPrimaryAmongTheOthersShowsItOnce() throws {
        let entry = try mapping(rule("mail", "mail")).create(
            .miniorange,
            ["mail": ["a"], "mail;others": ["a", "b"], "samaccountname": ["u"]]
        )
        #expect(entry.attributes["mail"] == ["a", "b"])
    }

    @Test func valuesThatBothSidesHoldSeveralOfAreASet() throws {
        let mapping = try mapping(rule("otherTelephone", "telephoneNumber"))
        let merge = try #require(mapping.mergeRules.first { $0.name == "othertelephone" })
        #expect(merge.shape == .set)
        #expect(!mapping.mergeRules.contains { $0.name == "othertelephone;others" })
        let lifted = try mapping.lift(ad: ["othertelephone": ["1", "2"]], miniorange: ["telephonenumber": ["2", "3"]])
        #expect(lifted.ad?.values["othertelephone"] == ["1", "2"])
        #expect(lifted.miniorange?.values["othertelephone"] == ["2", "3"])
    }

    @Test func whatBothSidesHoldOneOfHasNoFurtherValues() throws {
        let names = try mapping(rule("employeeNumber", "employeeNumber")).mergeRules.map(\.name)
        #expect(names == ["employeenumber", "samaccountname", "samaccountname;others"])
    }

    @Test func aRuleByHandIsSingleValuedWhereADIs() throws {
        let byHand = AttributeSpecification(ad: "title", miniorange: "title")
        #expect(try mapping(byHand).mergeRules.contains { $0.name == "title;others" })
    }
}
