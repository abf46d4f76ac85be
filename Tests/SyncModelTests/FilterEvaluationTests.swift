import SyncModel
import Testing

struct FilterEvaluationTests {
    static let entry: [String: [Octets]] = [
        "cn": ["Ann  Lee", "Änne"],
        "mail": ["ann@syncline.test"],
        "objectcategory": ["CN=Person,CN=Schema,CN=Configuration,DC=syncline,DC=test"],
        "useraccountcontrol": ["514"],
        "grouptype": ["-2147483646"],
        "usnchanged": ["1000"],
        "big": ["-123456789012345678901234567890"],
        "whenchanged": ["20261123192700.0Z"],
        "objectguid": [Octets([0x41, 0x00, 0xFF, 0x61])],
        "blob": [Octets([0x41, 0xFF])],
        "member": ["CN=Bob,DC=syncline,DC=test"],
        "usercertificate": ["x"],
        "sn;lang-de": ["Lee"],
        "distinguishedname": ["CN=Ann Lee,OU=People,DC=syncline,DC=test"],
        "empty": [""],
        "star": ["a*b"],
    ]

    @Test(
        arguments: [
            // Presence.
            ("(objectClass=*)", true), ("(OBJECTCLASS=*)", true), ("(cn=*)", true), ("(sn=*)", false),
            ("(empty=*)", true),
            ("(userCertificate;binary=*)", true), ("(sn;lang-DE=lee)", true), ("(objectClass=person)", false),
            // Equality.
            ("(CN=ann lee)", true), ("(cn= ANN   LEE )", true), ("(cn=annlee)", false), ("(cn=äNNE)", true),
            ("(cn=anne)", false),
            ("(cn=A\u{308}nne)", true), ("(sn=x)", false), ("(!(sn=x))", true), ("(empty=)", true), ("(cn=)", false),
            (#"(objectGUID=\41\00\FF\61)"#, true), (#"(objectGUID=\61\00\FF\61)"#, false), (#"(blob=\61\FF)"#, false),
            ("(member=cn=bob, dc=SYNCLINE, dc=test)", true), ("(member=cn=bob,dc=test)", false),
            (#"(star=a\2Ab)"#, true),
            ("(whenChanged=20261123192700Z)", true), ("(whenChanged=20261123202700+01)", true),
            ("(mail~=ANN@syncline.test)", true),
            // Categories.
            ("(objectCategory=person)", true), ("(objectCategory=User)", true), ("(objectCategory=computer)", false),
            ("(objectCategory=cn=person,cn=schema,cn=configuration,dc=syncline,dc=test)", true), ("(cn=person)", false),
            // Substrings.
            ("(cn=ann*)", true), ("(cn=*LEE)", true), ("(cn=a*n*e)", true), ("(cn=*n l*)", true), ("(cn=ann *)", true),
            ("(cn=lee*)", false), ("(cn=*ann)", false), ("(mail=*@*)", true), ("(mail=ann@*@*)", false),
            ("(mail=a*n*n*n*n*n*t)", false),
            ("(mail=ann@syncline.test*ann@syncline.test)", false), ("(cn=än*)", true), ("(sn=a*)", false),
            (#"(blob=A*)"#, true),
            (#"(blob=a*)"#, false), (#"(blob=*\ff)"#, true), ("(empty=a*)", false), ("(star=*\\2a*)", true),
            // Order.
            ("(uSNChanged>=999)", true), ("(uSNChanged>=1000)", true), ("(uSNChanged>=1001)", false),
            ("(uSNChanged<=1000)", true),
            ("(uSNChanged<=999)", false), ("(uSNChanged>=-5)", true), ("(uSNChanged>=0001000)", true),
            ("(big<=-123456789012345678901234567889)", true), ("(big>=-123456789012345678901234567889)", false),
            ("(big<=0)", true), ("(big>=-0)", false), ("(whenChanged>=20261123192700Z)", true),
            ("(whenChanged<=20261123192659.9Z)", false), ("(whenChanged>=20261123212700+0200)", true),
            ("(cn>=ANN LEE)", true),
            ("(mail<=b)", true), ("(mail>=b)", false), ("(sn>=0)", false), ("(sn<=0)", false),
            // Bits.
            ("(userAccountControl:1.2.840.113556.1.4.803:=2)", true),
            ("(userAccountControl:1.2.840.113556.1.4.803:=514)", true),
            ("(userAccountControl:1.2.840.113556.1.4.803:=3)", false),
            ("(userAccountControl:1.2.840.113556.1.4.804:=3)", true),
            ("(userAccountControl:1.2.840.113556.1.4.804:=1)", false),
            ("(userAccountControl:integerBitAndMatch:=0)", true),
            ("(groupType:1.2.840.113556.1.4.803:=2147483648)", true),
            ("(groupType:1.2.840.113556.1.4.803:=2147483650)", true),
            ("(groupType:1.2.840.113556.1.4.804:=4)", false), ("(cn:1.2.840.113556.1.4.803:=2)", false),
            ("(sn:1.2.840.113556.1.4.803:=2)", false),
            // Other rules.
            ("(cn:caseExactMatch:=Ann Lee)", true), ("(cn:caseExactMatch:=ann Lee)", false),
            ("(cn:2.5.13.2:=ann lee)", true),
            ("(cn:octetStringMatch:=Ann Lee)", false), ("(cn:octetStringMatch:=Ann  Lee)", true),
            ("(uSNChanged:2.5.13.14:=01000)", true),
            ("(cn:=ann lee)", true), ("(ou:dn:=people)", true), ("(ou:=people)", false), ("(ou:dn:=teams)", false),
            ("(DC:dn:=test)", true),
            ("(:dn:caseIgnoreMatch:=people)", true),
            // Undefined.
            ("(cn:1.2.3.4:=x)", nil), ("(sn:1.2.840.113556.1.4.1941:=x)", nil), ("(cn:1.2.840.113556.1.4.803:=x)", nil),
            ("(:caseIgnoreMatch:=x)", nil), ("(uSNChanged:integerMatch:=x)", nil), ("(!(cn:1.2.3.4:=x))", nil),
        ] as [(String, Bool?)]
    )
    func entryMatches(_ text: String, _ expected: Bool?) throws {
        #expect(try Filter(parsing: text).matches { Self.entry[$0] ?? [] } == expected)
    }

    @Test func connectivesFollowThreeValuedLogic() {
        let operands: [(Filter, Bool?)] = [
            (.present("objectClass"), true), (.present("none"), false),
            (.extensible(attribute: "cn", rule: "1.2.3", dnAttributes: false, value: "x"), nil),
        ]
        for (left, leftValue) in operands {
            #expect(Filter.not(left).matches { _ in [] } == leftValue.map { !$0 })
            for (right, rightValue) in operands {
                let both = [leftValue, rightValue]
                let and: Bool? = both.contains(false) ? false : both.contains(nil) ? nil : true
                let or: Bool? = both.contains(true) ? true : both.contains(nil) ? nil : false
                #expect(Filter.and([left, right]).matches { _ in [] } == and)
                #expect(Filter.or([left, right]).matches { _ in [] } == or)
            }
        }
        #expect(Filter.and([]).matches { _ in [] } == true)
        #expect(Filter.or([]).matches { _ in [] } == false)
    }

    @Test(arguments: [
        ("organizationalUnit", "CN=Organizational-Unit,CN=Schema"), ("group", "cn=Group,CN=Schema"),
        ("inetOrgPerson", "CN=Person,CN=Schema"), ("contact", "CN=Person"), ("builtinDomain", "CN=Builtin-Domain"),
    ])
    func categoryIsNamedByItsClass(_ name: String, _ category: String) {
        #expect(Filter.equality("objectCategory", Octets(name)).matches { _ in [Octets(category)] } == true)
    }
}
