import Fuzzing
import LDAPClient
import MiniOrange
import SyncModel
import Testing

@Suite struct FuzzTests {
    @Test func `Whatever an LDAP server tells, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            try await Campaign.run(Self.positions + Self.entries, path: path)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static let csn = "20261123202303.298446Z#000000#001#000000"
    private static let uuid = "6dd705ea-7bc7-1041-8743-559c62ce2400"
    private static let cookie = "rid=001,sid=001,csn=\(csn);20261123202303.298446Z#000000#002#000000"

    private static let positions: [FuzzSubject] = [
        .text("cookie", [cookie, "rid=001,csn=\(csn)"], tokens: ["csn=", ";", ",", "#", "rid="]) { text in
            guard let cookie = SyncCookie(parsing: Octets(text)) else { return nil }
            try Violation.unless(SyncCookie(parsing: cookie.octets) == cookie, "it does not come back as it was")
            try Violation.unless(cookie.covers(cookie), "it does not cover itself")
            return (cookie, cookie.newest)
        },
        // The server's octets and the position's, with a line's end between them.
        FuzzSubject(
            "position",
            [
                FeedPosition(way: .accesslog, base: Anchor(high: 1, low: 2), progress: .loading),
                FeedPosition(
                    way: .syncrepl,
                    base: Anchor(high: 1, low: 2),
                    progress: .cookie(SyncCookie(parsing: Octets(cookie)))
                ),
                FeedPosition(
                    way: .polling,
                    base: Anchor(high: 1, low: 2),
                    progress: .time(GeneralizedTime(seconds: 1_700_000_000))
                ),
            ].map { $0.cursor.server.bytes + $0.cursor.position.bytes }
        ) { octets in
            let cursor = Cursor(server: Octets(octets.prefix(17)), position: Octets(octets.dropFirst(17)))
            guard let position = FeedPosition(cursor) else { return nil }
            try Violation.unless(FeedPosition(position.cursor) == position, "it does not come back as it was")
            return position
        },
        .text(
            "attribute type",
            [
                "( 2.5.4.4 NAME ( 'sn' 'surname' ) DESC 'RFC2256: last' SUP name )",
                "( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{32768} )",
                "( 1.1 NAME 'a' SUP b )\n( 1.2 NAME 'b' SUP a )",
                String(repeating: "( 2.5.4.4 NAME ( 'sn' ", count: 2_000),
            ],
            tokens: ["(", ")", "'", "NAME", "SUP", "SYNTAX", "DESC", "EQUALITY"]
        ) { text in
            let schema = AttributeSchema(attributeTypes: text.split(separator: "\n").map { Octets(String($0)) })
            return ["sn", "surname", "name", "a", "b", ""].map { name in
                (schema.hasEquality(name), schema.wireName(name), schema.spelling(name))
            }
        },
    ]

    private static let tokens = [
        "\n", ":", "reqMod: ", ":+ ", ":- ", ":= ", ":# ", "reqType: modify\n", "reqDN: ", "entryCSN", "member", "mail",
        csn,
    ]

    private static let records = [
        """
        reqType: modify
        reqDN: uid=a,ou=people,dc=syncline,dc=test
        reqEntryUUID: \(uuid)
        reqAuthzID: cn=admin,dc=syncline,dc=test
        reqStart: 20261123202303.000001Z
        reqMod: mail:- a@b
        reqMod: mail:+ c@d
        reqMod: :
        reqMod: description:= x
        reqMod: counter:# 5
        reqMod: member:-
        reqMod: entryCSN:= \(csn)
        reqMod: modifiersName:= cn=x
        entryCSN: \(csn)
        """,
        """
        reqType: add
        reqDN: uid=a,ou=people,dc=syncline,dc=test
        reqEntryUUID: \(uuid)
        reqMod: objectClass:+ inetOrgPerson
        reqMod: uid:+ a
        reqMod: entryCSN:+ \(csn)
        """,
        """
        reqType: modrdn
        reqDN: uid=a,ou=people,dc=syncline,dc=test
        reqNewDN: uid=b,ou=people,dc=syncline,dc=test
        reqNewRDN: uid=b
        reqDeleteOldRDN: TRUE
        reqEntryUUID: \(uuid)
        entryCSN: \(csn)
        """,
        """
        reqType: delete
        reqDN: uid=a,ou=people,dc=syncline,dc=test
        reqEntryUUID: \(uuid)
        """,
    ].map { Array($0.utf8) }

    private static func entry(_ octets: [UInt8]) -> LDAPEntry {
        let attributes = attributeLines(octets).map { LDAPAttribute($0.name, $0.values.map { Octets($0) }) }
        return LDAPEntry(dn: "uid=a,ou=people,dc=syncline,dc=test", attributes: attributes)
    }

    private static let shape: EntryShape = {
        let base = (try? DistinguishedName(parsing: "dc=syncline,dc=test")) ?? DistinguishedName([])
        let view = DirectoryView(
            base: base,
            scopes: [DirectoryView.Scope(base: base, filter: .present("uid"))],
            attributes: ["uid", "mail", "description", "userCertificate;binary"],
            references: [],
            memberAttributes: ["member"]
        )
        return EntryShape(view: view, tellsMembers: true)
    }()

    private static let entries: [FuzzSubject] = [
        FuzzSubject("log modification", ["mail:+ a", "mail:-", ":", "n:= \u{0}", "c:# 1"].map { Array($0.utf8) }) {
            LogModification(parsing: Octets($0))
        },
        FuzzSubject("log record", records, tokens: tokens) { octets in
            let record = LogRecord(entry(octets))
            let scopes = [try DistinguishedName(parsing: "ou=people,dc=syncline,dc=test")]
            return (record.number, record.meaning(shape: shape, scopes: scopes, ownName: "cn=sync"))
        },
        FuzzSubject("stamps of the log", [records.flatMap { $0 + [0x0C] }], tokens: tokens + ["\u{0C}"]) { octets in
            let schema = AttributeSchema()
            let wanted: Set<String> = ["mail", "description", "uid", AttributeStamp.entryName]
            return LogStamps(
                octets.split(separator: 0x0C).map { entry(Array($0)) },
                wanted: wanted,
                schema: schema,
                ownName: nil,
                asOf: ChangeSequenceNumber(parsing: Octets(octets))
            )
        },
        FuzzSubject(
            "entry",
            [
                Array(
                    "entryUUID: \(uuid)\nentryCSN: \(csn)\nuid: a\nmail: x\nmail: y\nobjectClass: inetOrgPerson".utf8
                ),
                Array("entryUUID: \(uuid)\nmodifyTimestamp: 20261129000000Z\nmodifiersName: cn=x\nmember: cn=y".utf8),
            ],
            tokens: ["entryUUID: ", "entryCSN: ", ";binary", "\n"]
        ) { octets in
            let entry = entry(octets)
            return (EntryStamp.stamp(entry, ownName: "cn=x"), RootDSE(entry), try? shape.snapshot(entry))
        },
    ]
}
