import Mapping
import SyncModel
import Testing

struct MappingErrorTests {
    static let account = rule("sAMAccountName", "uid")

    static let rejected: [(String, [AttributeSpecification], Int?)] =
        [
            "objectSid", "sIDHistory", "nTSecurityDescriptor", "adminCount", "memberOf", "primaryGroupID", "objectGUID",
            "distinguishedName", "name", "objectClass", "unicodePwd", "userPassword", "member", "whenCreated",
        ].map { ($0, [account, rule($0, "title")], 1) }
        + [
            "entryUUID", "entryCSN", "entryDN", "structuralObjectClass", "createTimestamp", "modifyTimestamp",
            "memberOf",
            "objectClass", "userPassword", "member", "uniqueMember", "memberUid",
        ].map { ($0, [account, rule("title", $0)], 1) }
        + [
            ("the same AD attribute twice", [account, rule("title", "title"), rule("TITLE", "employeeType")], 2),
            ("the same LDAP attribute twice", [account, rule("title", "title"), rule("info", "title")], 2),
            ("no attribute name", [account, rule("", "title")], 1),
            ("an option at AD", [account, rule("title;others", "title")], 1),
            ("blank in a name", [account, rule("title", "job title")], 1),
            ("account flags as text", [account, rule("userAccountControl", "employeeType")], 1),
            ("times as text", [account, rule("accountExpires", "shadowExpire")], 1),
            (
                "account state from another attribute",
                [account, rule("title", "pwdAccountLockedTime", .accountEnabled)], 1
            ),
            (
                "equal flags",
                [account, rule("userAccountControl", "f", .accountEnabledFlag(enabled: "A", disabled: "a"))], 1
            ),
            (
                "empty flag",
                [account, rule("userAccountControl", "f", .accountEnabledFlag(enabled: "", disabled: ""))], 1
            ),
            ("a fallback to nothing", [account, rule("sn", "sn", fallback: ["cn"])], 1),
            ("a fallback on the way to AD", [account, rule("sn", "sn", .value, .toAD, fallback: ["uid"])], 1),
            (
                "a reference as fallback",
                [account, rule("manager", "manager", .reference), rule("sn", "sn", fallback: ["manager"])], 2
            ),
            ("no name at the LDAP side", [rule("displayName", "displayName")], nil),
            ("a name that is not written", [rule("sAMAccountName", "uid", .value, .toAD)], nil),
            ("no name at AD", [rule("employeeID", "uid")], nil),
        ]

    @Test(arguments: rejected)
    func whatCannotWorkIsRefusedWithTheRuleAndARemedy(
        _ what: String,
        _ rules: [AttributeSpecification],
        _ position: Int?
    ) {
        let error = #expect(throws: MappingError.self) { try ObjectMapping(specification(rules)) }
        #expect(error?.rule == position, "\(what)")
        #expect(error?.reason.isEmpty == false)
    }

    @Test func oppositeDirectionsAreRefused() {
        let error = #expect(throws: MappingError.self) {
            try ObjectMapping(
                specification([Self.account, rule("title", "title", .value, .toAD)], direction: .toMiniOrange)
            )
        }
        #expect(error?.rule == 1)
    }

    @Test func theObjectsDirectionNarrowsTheRules() throws {
        let mapping = try ObjectMapping(specification(AttributePreset.user, direction: .toAD))
        #expect(mapping.mergeRules.allSatisfy { $0.direction == .toAD })
    }

    @Test func oneAttributeMayBeReadTwiceAndWrittenOnce() throws {
        let mapping = try mapping(rule("employeeID", "uid", .value, .toAD))
        let lifted = try mapping.lift(.miniorange, ["uid": ["al"]])
        #expect(lifted == ["employeeid": ["al"], "samaccountname": ["al"]])
        let target: Attributes = ["employeeid": ["x"], "samaccountname": ["al"]]
        #expect(try mapping.change(.miniorange, to: target, current: ["uid": ["al"]]).isEmpty)
        #expect(
            try mapping.change(.ad, to: target, current: ["samaccountname": ["al"]]).changes.map(\.name) == [
                "employeeid"
            ]
        )
    }

    @Test func anEmptyMatchRuleIsRefused() {
        let error = #expect(throws: MappingError.self) {
            try ObjectMapping(specification([Self.account], match: [MatchSpecification(ad: "mail", miniorange: "")]))
        }
        #expect(error?.match == 0)
    }

    @Test func rulesToTheLDAPSideNeverChangeAD() throws {
        let mapping = try mapping(rule("title", "title", .value, .toMiniOrange))
        #expect(try mapping.change(.ad, to: ["title": ["t"]], current: [:], of: ["title"]).isEmpty)
        #expect(try mapping.change(.miniorange, to: ["title": ["t"]], current: [:], of: ["title"]).changes.count == 1)
    }
}
