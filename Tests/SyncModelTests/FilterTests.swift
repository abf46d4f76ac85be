import SyncModel
import Testing

struct FilterTests {
    @Test(
        arguments: [
            (.present("objectClass"), "(objectClass=*)"),
            (.equality("cn", ""), "(cn=)"),
            (.equality("cn", "Babs Jensen"), "(cn=Babs Jensen)"),
            (.equality("cn", "a*b(c)d\\e"), #"(cn=a\2Ab\28c\29d\5Ce)"#),
            (.equality("cn", Octets([0, 0x0A, 0x7F, 0x20])), #"(cn=\00\0A\7F )"#),
            (.equality("cn", "é"), "(cn=é)"),
            (.equality("cn", Octets([0xC3, 0xA9, 0xFF])), #"(cn=\C3\A9\FF)"#),
            (.greaterOrEqual("uSNChanged", "5"), "(uSNChanged>=5)"),
            (.lessOrEqual("uSNChanged", "5"), "(uSNChanged<=5)"),
            (.approximate("sn", "Jon"), "(sn~=Jon)"),
            (.substrings("cn", initial: "a", any: ["b*", "c"], final: "d"), #"(cn=a*b\2A*c*d)"#),
            (.substrings("cn", initial: nil, any: ["b"], final: nil), "(cn=*b*)"),
            (.substrings("cn", initial: "a", any: [], final: nil), "(cn=a*)"),
            (.substrings("cn", initial: nil, any: [], final: "d"), "(cn=*d)"),
            (.and([]), "(&)"),
            (.or([]), "(|)"),
            (.not(.and([.present("a"), .or([.present("b"), .present("c")])])), "(!(&(a=*)(|(b=*)(c=*))))"),
            (.extensible(attribute: "cn", rule: nil, dnAttributes: false, value: "a"), "(cn:=a)"),
            (
                .extensible(attribute: "cn", rule: "caseExactMatch", dnAttributes: false, value: "a"),
                "(cn:caseExactMatch:=a)"
            ),
            (.extensible(attribute: "o", rule: nil, dnAttributes: true, value: "a"), "(o:dn:=a)"),
            (.extensible(attribute: "sn", rule: "2.4.6.8.10", dnAttributes: true, value: "a"), "(sn:dn:2.4.6.8.10:=a)"),
            (.extensible(attribute: nil, rule: "1.2.3", dnAttributes: false, value: "a"), "(:1.2.3:=a)"),
            (
                .extensible(attribute: nil, rule: "2.4.6.8.10", dnAttributes: true, value: "*"),
                #"(:dn:2.4.6.8.10:=\2A)"#
            ),
        ] as [(Filter, String)]
    )
    func textIsThatOfTheFilter(_ filter: Filter, _ text: String) throws {
        #expect(filter.description == text)
        #expect(try Filter(parsing: text) == filter)
    }

    @Test func everyValueComesBackAsItWas() throws {
        for value in DistinguishedNameTests.octetStrings.map({ Octets($0) }) {
            let filters: [Filter] = [
                .equality("a", value), .greaterOrEqual("a", value), .lessOrEqual("a", value), .approximate("a", value),
                .substrings("a", initial: value, any: [value, value], final: value),
                .extensible(attribute: "a", rule: nil, dnAttributes: false, value: value),
            ]
            for filter in filters { #expect(try Filter(parsing: filter.description) == filter) }
            let all = Filter.and([.or(filters), .not(.or(filters))])
            #expect(try Filter(parsing: all.description) == all)
        }
    }

    @Test func attributesAreSortedAndEachOnce() throws {
        let filter = try Filter(
            parsing:
                "(&(objectClass=*)(|(CN=a)(cn=b*)(!(Mail>=c)))(userCertificate;binary=*)(sn;lang-EN=x)(OU:dn:=y)(:1.2:=z))"
        )
        #expect(
            filter.attributes == [
                "cn", "distinguishedname", "entrydn", "mail", "objectclass", "ou", "sn;lang-en", "usercertificate",
            ]
        )
    }

    @Test func matchingAsksForTheStatedAttributesAlone() throws {
        let filter = try Filter(
            parsing:
                "(&(|(CN=a)(x=1))(|(!(Mail>=c))(x=1))(|(b;BINARY=*)(x=1))(|(OU:dn:=y)(x=1))(|(sn~=q)(x=1))(|(s=*a)(x=1)))"
        )
        var asked: Set<String> = []
        let result = filter.matches { name in
            asked.insert(name)
            return name == "x" ? ["1"] : []
        }
        #expect(result == true)
        #expect(asked.sorted() == filter.attributes)
    }
}
