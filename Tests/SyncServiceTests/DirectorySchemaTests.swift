import Mapping
import SyncModel
import Testing

@testable import SyncService

struct DirectorySchemaTests {
    private static let schema = DirectorySchema(
        attributeTypes: [
            "( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'the NAME (of SUP) a $ family' SUP name )",
            "( 2.5.4.3 NAME 'cn' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{64} )",
            "( 2.16.840.1.113730.3.1.3 NAME 'employeeNumber' SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
            "( 1.3.6.1.4.1.42.2.27.8.1.17 NAME 'pwdAccountLockedTime' SINGLE-VALUE USAGE directoryOperation )",
            "(2.5.4.12 NAME 'title' USAGE userApplications)", "( 0.9 NAME 'uid' )", "( 0.10 NAME 'info' )",
            "", "(", "( 1.2.3 )", "NAME",
        ],
        objectClasses: [
            "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
            "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( surname $ cn ) MAY ( description ) )",
            "( 2.5.6.7 NAME 'inetOrgPerson' SUP person MAY ( title $ uid $ employeeNumber ) )",
            "( 9.9 NAME 'mailbox' AUXILIARY MAY info )",
        ],
        contentRules: ["( 2.5.6.7 NAME 'inetOrgPerson' AUX mailbox )"]
    )

    @Test(arguments: [("sn", "sn"), ("SURNAME", "sn"), ("cn;lang-de", "cn")])
    func attributesAreFoundByEveryName(_ row: (asked: String, name: String)) {
        #expect(Self.schema.attribute(row.asked)?.name == row.name)
    }

    @Test func factsOfAttributesAreRead() {
        #expect(Self.schema.attribute("employeeNumber")?.isSingleValued == true)
        #expect(Self.schema.attribute("cn")?.isSingleValued == false)
        #expect(Self.schema.attribute("cn")?.syntax == "1.3.6.1.4.1.1466.115.121.1.15")
        #expect(Self.schema.attribute("pwdAccountLockedTime")?.isOperational == true)
        #expect(Self.schema.attribute("title")?.isOperational == false)
        #expect(Self.schema.attribute("family") == nil)
    }

    @Test(arguments: [
        ("sn", true), ("surname", true), ("title", true), ("description", true), ("info", true),
        ("pwdAccountLockedTime", true), ("noSuch", false),
    ])
    func classesPermitWithTheirSuperiorsAndContentRules(_ row: (attribute: String, isPermitted: Bool)) {
        #expect(Self.schema.permits(row.attribute, in: ["inetOrgPerson"]) == row.isPermitted)
    }

    @Test func whatClassesDemandIsUnderFirstNames() {
        #expect(Self.schema.content(of: ["INETORGPERSON"]).required == ["objectclass", "sn", "cn"])
    }

    private func mapping(
        _ rules: [(ad: String, miniorange: String)],
        classes: [String] = ["inetOrgPerson"]
    ) throws -> ObjectMapping {
        let base = try DistinguishedName(parsing: "ou=people,dc=syncline,dc=test")
        func scope(_ classes: [String], _ rdn: String) -> ScopeSpecification {
            ScopeSpecification(base: base, filter: .present("cn"), objectClasses: classes, rdn: rdn)
        }
        return try ObjectMapping(
            ObjectSpecification(
                name: "people",
                kind: .user,
                scopes: PerSide(ad: scope(["user"], "cn"), miniorange: scope(classes, "uid")),
                match: [MatchSpecification(ad: "sAMAccountName", miniorange: "uid")],
                attributes: ([("sAMAccountName", "uid"), ("sn", "sn")] + rules).map {
                    AttributeSpecification(ad: $0.0, miniorange: $0.1, origin: "test.yaml:1")
                }
            )
        )
    }

    @Test(
        arguments: [
            ([], ["inetOrgPerson"], []),
            ([("title", "titel")], ["inetOrgPerson"], ["titel (test.yaml:1) is not an attribute"]),
            (
                [("title", "title")], ["person"],
                ["uid (test.yaml:1): entries of person", "title (test.yaml:1): entries of"]
            ),
            ([], ["inetOrgPersn"], ["inetOrgPersn (objectClass of people) is not a class"]),
            ([("url", "employeeNumber")], ["inetOrgPerson"], ["employeeNumber (test.yaml:1) holds one value"]),
        ] as [([(String, String)], [String], [String])]
    )
    func objectionsAreRaised(_ row: (rules: [(String, String)], classes: [String], seen: [String])) throws {
        let rules = row.rules.map { (ad: $0.0, miniorange: $0.1) }
        let mapping = try mapping(rules, classes: row.classes)
        let findings = SchemaCheck.judge([mapping], .miniorange, Self.schema)
        #expect(findings.count == row.seen.count, "\(findings.map(\.seen))")
        for (finding, words) in zip(findings, row.seen) { #expect(finding.seen.contains(words)) }
    }
}
