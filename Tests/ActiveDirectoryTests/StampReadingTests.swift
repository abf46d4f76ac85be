import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("Reading stamps")
struct StampReadingTests {
    static let here = Anchor(high: 1, low: 1)
    static let elsewhere = Anchor(high: 2, low: 2)
    static let words = ServerDictionary.Words(
        attributes: [
            "title": ServerDictionary.Attribute(
                number: AttributeNumber(rawValue: 12),
                isLink: false,
                isReplicated: true
            ),
            "mail": ServerDictionary.Attribute(
                number: AttributeNumber(rawValue: 0x0015_0003),
                isLink: false,
                isReplicated: true
            ),
            "manager": ServerDictionary.Attribute(
                number: AttributeNumber(rawValue: 0x0015_000A),
                isLink: true,
                isReplicated: true
            ),
            "lastlogon": ServerDictionary.Attribute(
                number: AttributeNumber(rawValue: 0x0009_0034),
                isLink: false,
                isReplicated: false
            ), "special": ServerDictionary.Attribute(number: nil, isLink: false, isReplicated: true),
        ],
        servers: [here: "dc1.syncline.test"]
    )
    static let asked = ["title", "mail", "manager", "lastlogon", "special", "unheardof", AttributeStamp.entryName]

    static let metadata = MetadataBytes(records: [
        record(2, 0x0002_0002, at: 100), record(12, 12, at: 300, elsewhere), record(7, 0x0009_0001, at: 200),
    ]).octets

    static func record(_ version: UInt32, _ number: UInt32, at second: UInt64, _ server: Anchor = here)
        -> MetadataBytes.Record
    {
        let time = 11_644_473_600 + second
        return .init(number: number, version: version, secondsSince1601: time, invocationID: server)
    }

    static func fragment(_ name: String, _ version: Int, second: Int, kind: String = "ATTR", more: String = "")
        -> Octets
    {
        Octets(
            """
            <DS_REPL_\(kind)_META_DATA>
            \t<pszAttributeName>\(name)</pszAttributeName>\(more)
            \t<dwVersion>\(version)</dwVersion>
            \t<ftimeLastOriginatingChange>1970-01-01T00:00:\(second)Z</ftimeLastOriginatingChange>
            \t<uuidLastOriginatingDsaInvocationID>00000000-0000-0000-0000-000000000000</uuidLastOriginatingDsaInvocationID>
            \t<usnOriginatingChange>9</usnOriginatingChange>
            \t<usnLocalChange>9</usnLocalChange>
            \t<pszLastOriginatingDsaDN></pszLastOriginatingDsaDN>
            </DS_REPL_\(kind)_META_DATA>

            """
        )
    }

    static func stamps(_ attributes: [LDAPAttribute]) -> [String: Stamp] {
        let entry = LDAPEntry(dn: "CN=x", attributes: attributes)
        let stamps = StampReading(entry, words: words).stamps(of: asked)
        return Dictionary(uniqueKeysWithValues: stamps.map { ($0.attribute, $0.stamp) })
    }

    static let changed = LDAPAttribute("whenChanged", ["19700101000959.0Z"])
    static let entryStamp = Stamp(time: Timestamp(milliseconds: 599_000), granularity: 1000, source: .entry)

    @Test func eachAttributeHasItsOwnStamp() {
        let stamps = Self.stamps([Self.changed, LDAPAttribute("replPropertyMetaData", [Self.metadata])])
        #expect(
            stamps["title"]
                == Stamp(
                    time: Timestamp(milliseconds: 300_000),
                    granularity: 1000,
                    source: .attribute,
                    server: Self.elsewhere.text(on: .ad),
                    version: 12
                )
        )
        #expect(stamps[AttributeStamp.entryName]?.time == Timestamp(milliseconds: 200_000))
        #expect(stamps[AttributeStamp.entryName]?.version == 7)
        #expect(stamps[AttributeStamp.entryName]?.server == "dc1.syncline.test")
        #expect(stamps.values.allSatisfy { !$0.isOurs && $0.author == nil && $0.granularity == 1000 })
    }

    @Test func whatWasNeverSetIsAsOldAsTheEntry() throws {
        let stamps = Self.stamps([Self.changed, LDAPAttribute("replPropertyMetaData", [Self.metadata])])
        let mail = try #require(stamps["mail"])
        #expect(mail.time == Timestamp(milliseconds: 100_000))
        #expect(mail.version == 0)
        #expect(mail.source == .attribute)
    }

    @Test(arguments: ["manager", "lastlogon", "special", "unheardof"])
    func whatHasNoRecordOfItsOwnGetsTheEntrys(name: String) {
        let stamps = Self.stamps([Self.changed, LDAPAttribute("replPropertyMetaData", [Self.metadata])])
        #expect(stamps[name] == Self.entryStamp)
    }

    @Test(arguments: [
        [], [LDAPAttribute("replPropertyMetaData", [])], [LDAPAttribute("replPropertyMetaData", [Octets("hostile")])],
        [LDAPAttribute("replPropertyMetaData", [Octets(metadata.bytes.dropLast())])],
        [LDAPAttribute("msDS-ReplAttributeMetaData", ["<x>", ""])],
    ])
    func whatIsNotToldOrNotUnderstoodLeavesTheEntrysLastChange(metadata: [LDAPAttribute]) {
        let stamps = Self.stamps([Self.changed] + metadata)
        #expect(stamps.count == Self.asked.count)
        #expect(stamps.values.allSatisfy { $0 == Self.entryStamp })
        #expect(Self.stamps(metadata).isEmpty)
    }

    @Test func theFragmentsServeWhereTheNumbersDoNot() {
        let stamps = Self.stamps([
            Self.changed,
            LDAPAttribute(
                "msDS-ReplAttributeMetaData",
                [Self.fragment("special", 4, second: 44), Self.fragment("name", 5, second: 55)]
            ),
        ])
        let server = Anchor(high: 0, low: 0).text(on: .ad)
        #expect(
            stamps["special"]
                == Stamp(
                    time: Timestamp(milliseconds: 44_000),
                    granularity: 1000,
                    source: .attribute,
                    server: server,
                    version: 4
                )
        )
        #expect(stamps[AttributeStamp.entryName]?.time == Timestamp(milliseconds: 55_000))
        #expect(stamps["title"] == Self.entryStamp)
    }

    @Test func aLinksStampIsThatOfItsNewestValue() {
        let values = [
            Self.fragment("manager", 1, second: 11, kind: "VALUE"),
            Self.fragment("manager", 2, second: 33, kind: "VALUE"),
            Self.fragment("Manager", 1, second: 22, kind: "VALUE"),
            Self.fragment("other", 9, second: 44, kind: "VALUE"),
        ]
        func manager(_ name: String, _ values: [Octets]) -> Stamp? {
            Self.stamps([Self.changed, LDAPAttribute(name, values)])["manager"]
        }
        let stamp = manager("msDS-ReplValueMetaData", values)
        #expect(stamp?.time == Timestamp(milliseconds: 33_000))
        #expect(stamp?.source == .value)
        #expect(stamp?.version == 2)
        // Where some can't be read, any of them might be the newest.
        #expect(manager("msDS-ReplValueMetaData", values + ["?"]) == Self.entryStamp)
        #expect(manager("msDS-ReplValueMetaData;range=0-999", values) == Self.entryStamp)
    }

    @Test(arguments: [
        Octets(""), "<", "<a", "<a>", "<a></a>", "</a>", "<a><b></a>", "<a><b></b><b></b></a>",
        "<DS_REPL_ATTR_META_DATA>",
        fragment("", 1, second: 10), fragment("x", 1, second: 99), fragment("x", -1, second: 10),
        fragment("x", 1, second: 10, more: "<dwVersion>2</dwVersion>"),
        fragment("x", 1, second: 10, more: String(repeating: " ", count: 1 << 16)), Octets([0xFF, 0xFE]),
        fragment("x</pszAttributeName><dwVersion>1</dwVersion><pszAttributeName>x", 1, second: 10),
    ])
    func whatIsNoFragmentIsNone(octets: Octets) {
        #expect(MetadataFragment(parsing: octets) == nil)
    }

    @Test func everyTruncationOfAFragmentIsNone() {
        let whole = Self.fragment("title", 3, second: 10).bytes
        #expect(MetadataFragment(parsing: Octets(whole))?.version == 3)
        // It may end with a zero.
        #expect(MetadataFragment(parsing: Octets(whole + [0]))?.attribute == "title")
        for length in 0..<(whole.count - 2) { #expect(MetadataFragment(parsing: Octets(whole.prefix(length))) == nil) }
    }

    @Test func theSchemaTellsNumbersLinksAndWhatIsNotReplicated() {
        func entry(_ name: String, _ identifier: String, _ more: [LDAPAttribute] = []) -> LDAPEntry {
            let attributes = [
                LDAPAttribute("lDAPDisplayName", [Octets(name)]), LDAPAttribute("attributeID", [Octets(identifier)]),
            ]
            return LDAPEntry(dn: "CN=\(name)", attributes: attributes + more)
        }
        let schema = [
            entry("title", "2.5.4.12", [LDAPAttribute("systemFlags", ["16"])]),
            entry("Manager", "0.9.2342.19200300.100.1.10", [LDAPAttribute("linkID", ["42"])]),
            entry("lastLogon", "1.2.840.113556.1.4.52", [LDAPAttribute("systemFlags", ["17"])]),
            entry("own", "1.3.6.1.4.1.99999.1", [LDAPAttribute("msDS-IntId", ["-2000000000"])]),
            entry("notasked", "2.5.4.1"),
        ]
        let found = ServerDictionary.attributes(["title", "manager", "lastlogon", "own", "missing"], in: schema)
        #expect(found.count == 5)
        #expect(found["title"]?.number?.rawValue == 12)
        #expect(found["title"]?.isReplicated == true)
        #expect(found["manager"]?.isLink == true)
        #expect(found["lastlogon"]?.isReplicated == false)
        #expect(found["own"]?.number?.rawValue == UInt32(bitPattern: -2_000_000_000))
        #expect(found["missing"] == .unknown)
    }

    @Test func aServerHasTheNameOfItsHost() {
        func entry(_ dn: String, _ name: String, _ value: Octets) -> LDAPEntry {
            LDAPEntry(dn: dn, attributes: [LDAPAttribute(name, [value])])
        }
        let found = ServerDictionary.servers(in: [
            entry("CN=NTDS Settings,CN=DC1,CN=Servers,CN=x", "invocationId", Octets(Self.here.octets)),
            entry("CN=dc1,CN=Servers,CN=x", "dNSHostName", "dc1.syncline.test"),
            entry("CN=NTDS Settings,CN=DC2,CN=Servers,CN=x", "invocationId", Octets(Self.elsewhere.octets)),
            entry("CN=NTDS Settings,CN=DC3,CN=Servers,CN=x", "invocationId", "short"),
        ])
        #expect(found == [Self.here: "dc1.syncline.test", Self.elsewhere: "DC2"])
    }
}
