import SyncModel
import Testing

@testable import SyncService

/// Filters of RFC 4515 on the replicas of a side.
struct InspectorSearchTests {
    @Test(
        arguments: [
            // By key, with and without regard to case and spaces.
            ("(sAMAccountName=anna)", ["anna"]), ("(samaccountname= ANNA )", ["anna"]), ("(sAMAccountName=none)", []),
            ("(&(sAMAccountName=anna)(sn=Klein))", []),
            ("(|(sAMAccountName=anna)(sAMAccountName=bert))", ["anna", "bert"]),
            ("(|(sAMAccountName=anna)(sn=Klein))", ["anna", "dora"]), ("(!(sAMAccountName=anna))", nil),
            // By all that is stored.
            ("(sn=berg)", ["anna", "carla"]), ("sn=berg", ["anna", "carla"]), ("(sn~=BERG)", ["anna", "carla"]),
            ("(sn=müller)", ["bert"]),
            ("(sn=M\\c3\\bcLLER)", ["bert"]), ("(title=head of sales)", ["carla"]), ("(title=Head of)", []),
            ("(title=head*)", ["carla"]), ("(title=*of*les)", ["carla"]), ("(title=*of*of*)", []),
            ("(title=h*d*s)", ["carla"]), ("(sn=*ü*)", ["bert"]), ("(sn=*)", ["anna", "bert", "carla", "dora"]),
            ("(&(sn=*)(!(title=*)))", ["anna"]), ("(&(sn=berg)(|(title=x)(mail=anna@*)))", ["anna"]),
            ("(sn>=berg)", ["anna", "bert", "carla", "dora"]), ("(&(sn>=c)(sn<=l))", ["dora"]),
            ("(sn:caseExactMatch:=Berg)", ["anna", "carla"]), ("(sn:caseExactMatch:=berg)", []),
            ("(thumbnailPhoto=\\ff\\d8\\00\\01)", ["anna"]), ("(description=*)", []), ("(description=x)", []),
            ("(!(objectClass=*))", []),
            // By names, identity and memberships, which no record stores.
            ("(manager=cn=ANNA,ou=people,dc=syncline,dc=test)", ["bert"]), ("(manager=cn=anna*)", ["bert"]),
            ("(manager=cn=other,ou=people,dc=syncline,dc=test)", []), ("(manager=*)", ["bert"]),
            ("(entryDN=cn=dora,ou=people,dc=syncline,dc=test)", ["dora"]), ("(cn=dora)", ["dora"]),
            ("(CN=dor*)", ["dora"]),
            ("(objectGUID=04030201-0605-0807-090a-0b0c0d0e0f10)", ["anna"]),
            ("(memberOf=cn=staff,ou=teams,dc=syncline,dc=test)", ["anna", "bert"]),
            ("(member=cn=bert,ou=people,dc=syncline,dc=test)", ["staff"]),
        ] as [(String, [String]?)]
    )
    func aFilterFinds(_ row: (filter: String, names: [String]?)) throws {
        let folder = try InspectorFolder()
        let answer = try folder.run {
            CacheSearchCommand(folder.options, side: "ad", filter: row.filter, namesOnly: true).run($0)
        }
        #expect(answer.code == 0, "\(answer.errors)")
        let names = answer.lines.map { String($0.dropFirst(3).prefix { $0 != "," }) }.sorted()
        #expect(names == row.names ?? ["People", "Teams", "bert", "carla", "dora", "staff"], "\(answer.output)")
    }

    @Test(arguments: ["sn", "(sn=berg", "(&(sn=a)", "()", "(sn=\\zz)"])
    func whatIsNoFilterIsExitCodeTwo(_ filter: String) throws {
        let folder = try InspectorFolder()
        let answer = try folder.run { CacheSearchCommand(folder.options, filter: filter).run($0) }
        #expect(answer.code == 2)
        #expect(answer.errors.contains("not a filter"))
    }

    @Test func bothSidesAreSearchedUnlessOneIsNamed() throws {
        let folder = try InspectorFolder()
        let both = try folder.run { CacheSearchCommand(folder.options, filter: "(sn=klein)", namesOnly: true).run($0) }
        #expect(both.lines == ["CN=dora,OU=People,DC=syncline,DC=test", "uid=dora,ou=people,dc=syncline,dc=test"])
        let one = try folder.run {
            CacheSearchCommand(folder.options, side: "miniorange", filter: "(uid=dora)", namesOnly: true).run($0)
        }
        #expect(one.lines == ["uid=dora,ou=people,dc=syncline,dc=test"])
    }

    @Test func entriesAreShownAsTextForPeopleAndAsLinesOfJSON() throws {
        let folder = try InspectorFolder()
        let text = try folder.run {
            CacheSearchCommand(folder.options, side: "ad", filter: "(samaccountname=bert)").run($0)
        }
        #expect(
            text.output == """
                dn: CN=bert,OU=People,DC=syncline,DC=test
                manager: CN=anna,OU=People,DC=syncline,DC=test
                samaccountname: bert
                sn: Müller
                title: Chief
                objectGUID: 00000000-0000-0000-0000-00000000000c


                """
        )
        let chosen = try folder.run {
            CacheSearchCommand(folder.jsonOptions, side: "ad", filter: "(cn=staff)", attributes: ["member"]).run($0)
        }
        let object = try #require(try chosen.objects().first)
        #expect(
            (object["attributes"] as? [String: [String]]) == [
                "member": [
                    "CN=anna,OU=People,DC=syncline,DC=test", "CN=bert,OU=People,DC=syncline,DC=test",
                    "cn=outside,dc=syncline,dc=test",
                ]
            ]
        )
    }
}
