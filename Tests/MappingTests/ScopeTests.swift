import Mapping
import SyncModel
import Testing

struct ScopeTests {
    static let whole = "DC=syncline,DC=test"

    static func domain(_ base: String = whole) throws -> ObjectMapping {
        try ObjectMapping(
            specification(
                [rule("sAMAccountName", "uid")],
                filter: .and([.equality("objectClass", "user"), .not(.present("info"))]),
                adBase: base
            )
        )
    }

    static let user: Attributes = [
        "objectclass": ["top", "user"], "samaccountname": ["al"], "useraccountcontrol": ["512"],
    ]

    @Test(arguments: [
        ("CN=Al,OU=People,DC=syncline,DC=test", true), ("CN=Al,DC=syncline,DC=test", true),
        ("DC=syncline,DC=test", false),
        ("CN=Al,DC=other,DC=test", false), ("CN=Al,CN=Users,DC=syncline,DC=test", true),
        ("CN=Al,CN=System,DC=syncline,DC=test", false), ("CN=System,DC=syncline,DC=test", false),
        ("CN=Al,OU=A,cn=builtin,DC=syncline,DC=test", false),
        ("CN=Al,CN=ForeignSecurityPrincipals,DC=syncline,DC=test", false),
        ("CN=DC1,OU=Domain  Controllers,DC=syncline,DC=test", false),
        ("CN=Al,CN=Program Data,DC=syncline,DC=test", false),
        ("CN=Al,CN=LostAndFound,DC=syncline,DC=test", false), ("CN=Al,CN=Deleted Objects,DC=syncline,DC=test", false),
        ("CN=Al,CN=Managed Service Accounts,DC=syncline,DC=test", false),
        ("CN=Al,CN=Configuration,DC=syncline,DC=test", false), ("CN=Al,CN=System,OU=A,DC=syncline,DC=test", true),
        ("CN=Al\\0ACNF:0dd3f0b6-1f5c-4a4e-8c4b-2a9d2c2f6a11,OU=A,DC=syncline,DC=test", false),
        ("CN=Al,OU=A\\0ADEL:0dd3f0b6-1f5c-4a4e-8c4b-2a9d2c2f6a11,DC=syncline,DC=test", false),
        ("CN=Al CNF:,OU=A,DC=syncline,DC=test", true),
    ])
    func theNameDecides(_ text: String, _ isInScope: Bool) throws {
        let standing = try Self.domain().standing(.ad, name: name(text), attributes: Self.user)
        #expect(standing == (isInScope ? .inScope(isProtected: false) : .outOfScope))
    }

    @Test(
        arguments: [
            ("iscriticalsystemobject", ["TRUE"], false), ("iscriticalsystemobject", ["FALSE"], true),
            ("samaccountname", ["krbtgt"], false), ("samaccountname", ["KRBTGT_1234"], false),
            ("samaccountname", ["Guest"], false),
            ("samaccountname", ["ADMINISTRATOR"], false), ("samaccountname", ["administrator2"], true),
            ("objectclass", ["top", "user", "computer"], false),
            ("objectclass", ["user", "msDS-GroupManagedServiceAccount"], false),
            ("objectclass", ["user", "msDS-ManagedServiceAccount"], false),
            ("objectclass", ["user", "trustedDomain"], false),
            ("objectclass", ["user", "inetOrgPerson"], true), ("objectclass", ["contact"], false),
            ("useraccountcontrol", ["2080"], false), ("useraccountcontrol", ["4096"], false),
            ("useraccountcontrol", ["532480"], false),
            ("useraccountcontrol", ["66050"], true), ("info", ["x"], false),
        ] as [(String, [Octets], Bool)]
    )
    func theAttributesDecide(_ attribute: String, _ values: [Octets], _ isInScope: Bool) throws {
        let standing = try Self.domain().standing(
            .ad,
            name: name("CN=Al,OU=A,DC=syncline,DC=test"),
            attributes: Self.user.with(attribute, values)
        )
        #expect(standing == (isInScope ? .inScope(isProtected: false) : .outOfScope))
    }

    @Test(arguments: [("1", true), ("0", false)])
    func anAdminsEntryIsReadAndProtected(_ count: String, _ isProtected: Bool) throws {
        let standing = try Self.domain().standing(
            .ad,
            name: name("CN=Al,OU=A,DC=syncline,DC=test"),
            attributes: Self.user.with("admincount", [Octets(count)])
        )
        #expect(standing == .inScope(isProtected: isProtected))
    }

    @Test func aBaseWithinTheSystemsContainersIsAskedForInAsManyWords() throws {
        let mapping = try Self.domain("CN=Own,CN=System,DC=syncline,DC=test")
        let entry = name("CN=Al,CN=Own,CN=System,DC=syncline,DC=test")
        #expect(mapping.standing(.ad, name: entry, attributes: Self.user) == .inScope(isProtected: false))
    }

    @Test func theListIsADsAlone() throws {
        let entry = name("uid=guest,ou=people,dc=syncline,dc=test")
        let attributes: Attributes = ["objectclass": ["inetOrgPerson", "computer"], "uid": ["guest"]]
        #expect(
            try Self.domain().standing(.miniorange, name: entry, attributes: attributes) == .inScope(isProtected: false)
        )
    }

    @Test func whatProtectionFilterMatchAndNamesNeedIsRead() throws {
        let mapping = try ObjectMapping(
            specification(
                [rule("sAMAccountName", "uid"), rule("title", "title")],
                match: [MatchSpecification(ad: "employeeID", miniorange: "employeeNumber")],
                filter: .present("extensionAttribute1")
            )
        )
        #expect(
            mapping.readAttributes.ad == [
                "admincount", "cn", "displayname", "employeeid", "extensionattribute1", "iscriticalsystemobject",
                "mail",
                "objectclass", "samaccountname", "title", "useraccountcontrol",
            ]
        )
        #expect(
            mapping.readAttributes.miniorange == [
                "cn", "displayname", "employeenumber", "mail", "objectclass", "title", "uid",
            ]
        )
        let kept = mapping.selected(.ad, ["title": ["t"], "homedirectory": ["h"], "cn": ["c"], "whencreated": ["w"]])
        #expect(kept == ["title": ["t"], "cn": ["c"]])
    }

    @Test func keysAreFoldedNumberedAndSorted() throws {
        let mapping = try ObjectMapping(
            specification(
                [rule("sAMAccountName", "uid")],
                match: [
                    MatchSpecification(ad: "sAMAccountName", miniorange: "uid"),
                    MatchSpecification(ad: "mail", miniorange: "mail"),
                ]
            )
        )
        let atAD = mapping.keys(
            .ad,
            ["samaccountname": ["AL  Bo "], "mail": ["Al@X.test"], "cn": ["al bo"], "title": ["t"]]
        )
        #expect(
            atAD == [
                Octets([0] + Array("al bo".utf8)), Octets([1] + Array("al@x.test".utf8)),
                Octets([0xFF] + Array("al bo".utf8)), Octets([0xFF] + Array("al@x.test".utf8)),
            ]
        )
        let there = mapping.keys(.miniorange, ["uid": ["AL BO"], "mail": ["b@x.test", "a@x.test"], "cn": [" "]])
        #expect(there.count == 6)
        #expect(there.contains(Octets([0] + Array("al bo".utf8))))
        #expect(atAD.contains(ObjectMapping.commandKey("Al BO")))
    }
}
