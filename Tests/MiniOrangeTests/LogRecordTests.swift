import LDAPClient
import MiniOrange
import SyncModel
import Testing

struct LogRecordTests {
    static let uuid = "6dd705ea-7bc7-1041-8743-559c62ce2400"
    static let csn = "20261123202303.298446Z#000000#000#000000"

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var attributes: [String: [Octets]]
        var expected: LogRecord.Meaning

        init(_ description: String, _ attributes: [String: [Octets]], _ expected: LogRecord.Meaning) {
            testDescription = description
            self.attributes = attributes
            self.expected = expected
        }
    }

    static var anchor: Anchor { Anchor(entryUUID: Octets(uuid)) ?? Anchor(high: 0, low: 0) }
    static var version: Version { .csn(ChangeSequenceNumber(parsing: csn)!) }
    static let inside: Octets = "uid=a,ou=people,dc=syncline,dc=test"
    static let outside: Octets = "uid=a,ou=away,dc=syncline,dc=test"

    static let rows = [
        Row(
            "an add is the whole entry, without its password",
            [
                "reqType": ["add"], "reqDN": [inside],
                "reqMod": [
                    "objectClass:+ inetOrgPerson", "uid:+ a", "description;lang-de:+ hallo", "userPassword:+ hello",
                    "mail:+ a", "mail:+ b", "entryCSN:+ \(csn)".octets, "entryUUID:+ \(uuid)".octets,
                ],
            ],
            .change(
                .present(
                    EntrySnapshot(
                        anchor: anchor,
                        name: try! DistinguishedName(parsing: inside),
                        attributes: ["objectclass": ["inetOrgPerson"], "uid": ["a"], "mail": ["a", "b"]],
                        version: version
                    )
                )
            )
        ),
        Row("an add elsewhere is nothing", ["reqType": ["add"], "reqDN": [outside]], .nothing),
        Row(
            "an add without entryCSN is read",
            ["reqType": ["add"], "reqDN": [inside], "reqMod": ["uid:+ a"]],
            .read(anchor)
        ),
        Row(
            "a modify is its edits",
            [
                "reqType": ["modify"], "reqDN": [inside],
                "reqMod": ["mail:= b", "entryCSN:= \(csn)".octets, "modifiersName:= cn=x"],
            ],
            .change(
                .edited(
                    anchor,
                    edits: [AttributeEdit(kind: .replace, name: "mail", values: ["b"])],
                    newName: nil,
                    version: version
                )
            )
        ),
        Row(
            "a modify of nothing wanted still has a version",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["userPassword:= x", "entryCSN:= \(csn)".octets]],
            .change(.edited(anchor, edits: [], newName: nil, version: version))
        ),
        Row(
            "a modify with an increment is read",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["mail:# 1", "entryCSN:= \(csn)".octets]],
            .read(anchor)
        ),
        Row(
            "a modify that isn't understood is read",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["?", "entryCSN:= \(csn)".octets]],
            .read(anchor)
        ),
        Row("a modify elsewhere is nothing", ["reqType": ["modify"], "reqDN": [outside]], .nothing),
        Row("a rename is read", ["reqType": ["modrdn"], "reqDN": [inside], "reqNewDN": [inside]], .read(anchor)),
        Row("a move out is read", ["reqType": ["modrdn"], "reqDN": [inside], "reqNewDN": [outside]], .read(anchor)),
        Row("a move in is read", ["reqType": ["modrdn"], "reqDN": [outside], "reqNewDN": [inside]], .read(anchor)),
        Row(
            "a move elsewhere is nothing",
            ["reqType": ["modrdn"], "reqDN": [outside], "reqNewDN": [outside]],
            .nothing
        ),
        Row("a rename without its new name is read", ["reqType": ["modrdn"], "reqDN": [outside]], .read(anchor)),
        Row("a delete is proof", ["reqType": ["delete"], "reqDN": [inside]], .change(.deleted(anchor))),
        Row("a delete elsewhere is told, too", ["reqType": ["delete"], "reqDN": [outside]], .change(.deleted(anchor))),
        Row("an unknown write is read", ["reqType": ["extended"], "reqDN": [inside]], .read(anchor)),
        Row("a record without a type can't be used", ["reqDN": [inside]], .unreadable),
        Row("a record without an entryUUID can't be used", ["reqType": ["delete"], "reqEntryUUID": []], .unreadable),
    ]

    @Test(arguments: rows)
    func `a record means`(row: Row) throws {
        var attributes = row.attributes
        if attributes["reqEntryUUID"] == nil { attributes["reqEntryUUID"] = [Octets(Self.uuid)] }
        let entry = LDAPEntry(
            dn: "reqStart=1,cn=accesslog",
            attributes: attributes.map { LDAPAttribute($0.key, $0.value) }
        )
        let view = try TestSlapd.view()
        #expect(
            LogRecord(entry).meaning(shape: EntryShape(view: view), scopes: view.scopes.map(\.base)) == row.expected
        )
    }

    @Test func `old values, which hold password hashes, are never asked for`() {
        #expect(!LogRecord.requested.contains { $0.lowercased() == "reqold" || $0 == "*" })
    }
}

extension String {
    var octets: Octets { Octets(self) }
}
