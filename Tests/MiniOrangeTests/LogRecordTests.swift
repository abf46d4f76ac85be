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
            .read(anchor, withMembers: true)
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
                    version: version,
                    stamp: stamp("cn=x")
                )
            )
        ),
        Row(
            "a modify that does not tell its author is whose it was",
            [
                "reqType": ["modify"], "reqDN": [inside], "reqAuthzID": ["cn=Admin,dc=syncline,dc=test"],
                "reqMod": ["entryCSN:= \(csn)".octets],
            ],
            .change(
                .edited(anchor, edits: [], newName: nil, version: version, stamp: stamp("cn=Admin,dc=syncline,dc=test"))
            )
        ),
        Row(
            "a modify that was replicated is its author's, ours as well",
            [
                "reqType": ["modify"], "reqDN": [inside], "reqAuthzID": ["cn=replicator"],
                "reqMod": ["entryCSN:= \(csn)".octets, "modifiersName:= CN=Sync,dc=syncline,dc=test"],
            ],
            .change(
                .edited(
                    anchor,
                    edits: [],
                    newName: nil,
                    version: version,
                    stamp: stamp("CN=Sync,dc=syncline,dc=test", isOurs: true)
                )
            )
        ),
        Row(
            "a modify of nothing wanted still has a version",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["userPassword:= x", "entryCSN:= \(csn)".octets]],
            .change(.edited(anchor, edits: [], newName: nil, version: version, stamp: stamp(nil)))
        ),
        Row(
            "a modify with an increment is read",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["mail:# 1", "entryCSN:= \(csn)".octets]],
            .read(anchor, withMembers: false)
        ),
        Row(
            "a modify that isn't understood is read",
            ["reqType": ["modify"], "reqDN": [inside], "reqMod": ["?", "entryCSN:= \(csn)".octets]],
            .read(anchor, withMembers: true)
        ),
        Row("a modify elsewhere is nothing", ["reqType": ["modify"], "reqDN": [outside]], .nothing),
        Row(
            "a rename is read",
            ["reqType": ["modrdn"], "reqDN": [inside], "reqNewDN": [inside]],
            .read(anchor, withMembers: false)
        ),
        Row(
            "a move out is read",
            ["reqType": ["modrdn"], "reqDN": [inside], "reqNewDN": [outside]],
            .read(anchor, withMembers: false)
        ),
        Row(
            "a move in is read",
            ["reqType": ["modrdn"], "reqDN": [outside], "reqNewDN": [inside]],
            .read(anchor, withMembers: true)
        ),
        Row(
            "a move elsewhere is nothing",
            ["reqType": ["modrdn"], "reqDN": [outside], "reqNewDN": [outside]],
            .nothing
        ),
        Row(
            "a rename without its new name is read",
            ["reqType": ["modrdn"], "reqDN": [outside]],
            .read(anchor, withMembers: true)
        ),
        Row("a delete is proof", ["reqType": ["delete"], "reqDN": [inside]], .change(.deleted(anchor))),
        Row("a delete elsewhere is told, too", ["reqType": ["delete"], "reqDN": [outside]], .change(.deleted(anchor))),
        Row(
            "an unknown write is read",
            ["reqType": ["extended"], "reqDN": [inside]],
            .read(anchor, withMembers: true)
        ),
        Row("a record without a type can't be used", ["reqDN": [inside]], .unreadable),
        Row("a record without an entryUUID can't be used", ["reqType": ["delete"], "reqEntryUUID": []], .unreadable),
    ]

    static let group: Octets = "cn=a,ou=groups,dc=syncline,dc=test"
    static let outsideGroup: Octets = "cn=a,ou=away,dc=syncline,dc=test"

    static let rowsOfGroups = [
        Row(
            "an add is the whole group, with its members",
            [
                "reqType": ["add"], "reqDN": [group],
                "reqMod": [
                    "objectClass:+ groupOfNames", "cn:+ a", "member:+ cn=x", "member:+ cn=y",
                    "entryCSN:+ \(csn)".octets,
                ],
            ],
            .change(
                .present(
                    EntrySnapshot(
                        anchor: anchor,
                        name: try! DistinguishedName(parsing: group),
                        attributes: ["objectclass": ["groupOfNames"], "cn": ["a"], "member": ["cn=x", "cn=y"]],
                        version: version,
                        tellsMembers: true
                    )
                )
            )
        ),
        Row(
            "a modify is its edits, those of members among them",
            [
                "reqType": ["modify"], "reqDN": [group],
                "reqMod": [
                    "member:+ cn=x", "description:= d", "member:- cn=y", "member:-", "entryCSN:= \(csn)".octets,
                ],
            ],
            .change(
                .edited(
                    anchor,
                    edits: [
                        AttributeEdit(kind: .add, name: "member", values: ["cn=x"]),
                        AttributeEdit(kind: .replace, name: "description", values: ["d"]),
                        AttributeEdit(kind: .delete, name: "member", values: ["cn=y"]),
                        AttributeEdit(kind: .replace, name: "member", values: []),
                    ],
                    newName: nil,
                    version: version,
                    stamp: stamp(nil)
                )
            )
        ),
        Row(
            "a modify without a version that does not touch members is read without them",
            ["reqType": ["modify"], "reqDN": [group], "reqMod": ["description:= d"]],
            .read(anchor, withMembers: false)
        ),
        Row(
            "a modify without a version that touches members is read with them",
            ["reqType": ["modify"], "reqDN": [group], "reqMod": ["description:= d", "uniqueMember:+ cn=x"]],
            .read(anchor, withMembers: true)
        ),
        Row(
            "a rename is read without members",
            ["reqType": ["modrdn"], "reqDN": [group], "reqNewDN": [group], "reqMod": ["cn:+ b"]],
            .read(anchor, withMembers: false)
        ),
        Row(
            "a rename that touches members is read with them",
            ["reqType": ["modrdn"], "reqDN": [group], "reqNewDN": [group], "reqMod": ["memberUid:+ b"]],
            .read(anchor, withMembers: true)
        ),
        Row(
            "a move in is read with members",
            ["reqType": ["modrdn"], "reqDN": [outsideGroup], "reqNewDN": [group]],
            .read(anchor, withMembers: true)
        ),
    ]

    @Test(arguments: rows)
    func `a record means`(row: Row) throws {
        #expect(try Self.meaning(row, try TestSlapd.view()) == row.expected)
    }

    @Test(arguments: rowsOfGroups)
    func `a record of a group means`(row: Row) throws {
        #expect(try Self.meaning(row, try TestSlapd.viewOfGroups()) == row.expected)
    }

    /// As the record with `csn` tells it.
    private static func stamp(_ author: String?, isOurs: Bool = false) -> Stamp {
        var stamp = Stamp(ChangeSequenceNumber(parsing: csn)!, source: .log, author: Author(nil, ownName: nil))
        stamp.author = author
        stamp.isOurs = isOurs
        return stamp
    }

    private static func meaning(_ row: Row, _ view: DirectoryView) throws -> LogRecord.Meaning {
        var attributes = row.attributes
        if attributes["reqEntryUUID"] == nil { attributes["reqEntryUUID"] = [Octets(uuid)] }
        let entry = LDAPEntry(
            dn: "reqStart=1,cn=accesslog",
            attributes: attributes.map { LDAPAttribute($0.key, $0.value) }
        )
        return LogRecord(entry).meaning(
            shape: EntryShape(view: view),
            scopes: view.scopes.map(\.base),
            ownName: "cn=sync,dc=syncline,dc=test"
        )
    }

    @Test func `old values, which hold password hashes, are never asked for`() {
        #expect(!LogRecord.requested.contains { $0.lowercased() == "reqold" || $0 == "*" })
    }
}

extension String {
    var octets: Octets { Octets(self) }
}
