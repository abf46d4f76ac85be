import Fuzzing
import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite struct FuzzTests {
    @Test func `Whatever a domain controller tells, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            try await Campaign.run(Self.subjects, path: path)
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    private static let metadata = MetadataBytes(records: [
        MetadataBytes.Record(number: 0x0009_0001), MetadataBytes.Record(number: 3, version: 7),
        MetadataBytes.Record(number: 42),
    ])

    private static let cursors: [FeedCursor.State] = [
        .live, .dirSync(cookie: "MSDS cookie"), .loading(.scopes, end: 99), .loading(.everythingRestored, end: .max),
    ]

    private static let attributes = ["title", "manager", "member", AttributeStamp.entryName]

    private static func entry(_ octets: [UInt8]) -> LDAPEntry {
        let lines = attributeLines(octets)
        let name = lines.first { $0.name == "dn" }?.values.first ?? []
        return LDAPEntry(
            dn: String(decoding: name, as: UTF8.self),
            attributes: lines.map { LDAPAttribute($0.name, $0.values.map { Octets($0) }) }
        )
    }

    private static let view: DirectoryView = {
        let base = (try? DistinguishedName(parsing: "DC=example,DC=com")) ?? DistinguishedName([])
        return DirectoryView(
            base: base,
            scopes: [DirectoryView.Scope(base: base, filter: .equality("objectClass", "user"))],
            attributes: ["title", "samaccountname"],
            references: [],
            memberAttributes: ["member"]
        )
    }()

    private static let subjects: [FuzzSubject] = [
        FuzzSubject("replPropertyMetaData", [metadata.octets.bytes, MetadataBytes(records: []).octets.bytes]) {
            try ReplicationMetadata(decoding: Octets($0))
        },
        FuzzSubject(
            "metadata fragment",
            [StampReadingTests.fragment("title", 3, second: 10).bytes],
            tokens: ["<", ">", "</", "<dwVersion>", "</DS_REPL_ATTR_META_DATA>", "Z", "T"]
        ) { MetadataFragment(parsing: Octets($0)) },
        FuzzSubject(
            "cursor",
            cursors.map { state in
                let cursor = FeedCursor(invocationID: Anchor(high: 1, low: 2), position: 5_000, state: state).cursor
                return cursor.server.bytes + cursor.position.bytes
            }
        ) { octets in
            let stored = Cursor(server: Octets(octets.prefix(16)), position: Octets(octets.dropFirst(16)))
            guard let cursor = FeedCursor(stored) else { return nil }
            try Violation.unless(cursor.cursor == stored, "it does not come back as it was")
            return cursor
        },
        .text(
            "range",
            ["member;range=0-1499", "member;binary;range=1500-*", "x;range=1-1"],
            tokens: [";range=", "-", "*"]
        ) {
            let range = RangedAttribute($0)
            return (range, range?.continuation)
        },
        .text(
            "attribute number",
            ["2.5.4.12", "1.2.840.113556.1.4.656", "0.9.2342.19200300.100.1.10", "1.2.840.113556.1.4.16384"]
        ) {
            (
                AttributeNumber(objectIdentifier: $0, internalNumber: nil),
                AttributeNumber(objectIdentifier: "", internalNumber: $0)
            )
        },
        FuzzSubject(
            "entry",
            [
                Array(
                    """
                    dn: CN=a,DC=example,DC=com
                    objectGUID: 0123456789abcdef
                    uSNChanged: 5000
                    whenChanged: 20261129000000.0Z
                    isDeleted: TRUE
                    title: x
                    member;range=0-1: CN=b
                    member;range=1-1: <GUID=\(String(repeating: "0", count: 32))>;CN=c
                    lDAPDisplayName: title
                    attributeID: 2.5.4.12
                    invocationId: 0123456789abcdef
                    """.utf8
                )
            ],
            tokens: ["\n", "member;range=0-0: ", "objectGUID: ", "uSNChanged: ", "isDeleted: TRUE"]
        ) { octets in
            let entry = entry(octets)
            let reading = EntryReading(view: view)
            let words = StampReadingTests.words
            return (
                try? reading.change(of: entry, invocationID: Anchor(high: 1, low: 1)), reading.isInScope(entry),
                MemberNews(entry, attributes: ["member"])?.changes(version: .unordered),
                StampReading(entry, words: words).stamps(of: attributes),
                ServerDictionary.attributes(attributes, in: [entry]), ServerDictionary.servers(in: [entry])
            )
        },
        FuzzSubject("who may read what", [AccessControlTests.sample.bytes]) {
            try AccessControl(decoding: Octets($0)).permitsReading(
                AccessControlTests.confidential,
                token: AccessControlTests.token
            )
        },
    ]
}
