import LDAPClient
import MiniOrange
import SyncModel
import Testing

struct LogStampsTests {
    static let schema = AttributeSchema(attributeTypes: [
        "( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) EQUALITY caseIgnoreMatch )",
        "( 2.5.4.12 NAME 'title' EQUALITY caseIgnoreMatch )",
        "( 2.5.4.42 NAME ( 'givenName' 'gn' ) EQUALITY caseIgnoreMatch )",
    ])
    static let own: Octets? = try? DistinguishedName(parsing: "cn=syncline,dc=test").normalized

    /// A record of second `second`, with what it does to the entry.
    struct Record: Sendable {
        var second: Int
        var type: String
        var modifications: [Octets]
        var author: Octets?
        var server: Int
        var hasNumber = true
        var renames: (from: Octets, to: Octets, keepsOld: Bool)?

        static func add(_ second: Int, _ modifications: Octets..., author: Octets = "cn=a", server: Int = 0) -> Record {
            Record(second: second, type: "add", modifications: modifications, author: author, server: server)
        }

        static func modify(
            _ second: Int,
            _ modifications: Octets...,
            author: Octets? = "cn=a",
            server: Int = 0,
            hasNumber: Bool = true
        ) -> Record {
            Record(
                second: second,
                type: "modify",
                modifications: modifications,
                author: author,
                server: server,
                hasNumber: hasNumber
            )
        }

        static func rename(_ second: Int, _ from: Octets, _ to: Octets, keepsOld: Bool = false) -> Record {
            Record(
                second: second,
                type: "modrdn",
                modifications: [],
                author: "cn=a",
                server: 0,
                renames: (from, to, keepsOld)
            )
        }

        var entry: LDAPEntry {
            let time = "2026112402\(second / 60 + 10)\(second % 60 + 10)"
            var attributes = [
                LDAPAttribute("reqType", [Octets(type)]), LDAPAttribute("reqStart", ["\(time).000007Z".octets]),
                LDAPAttribute("reqDN", [renames?.from ?? "uid=u,dc=test"]),
            ]
            if let author { attributes.append(LDAPAttribute("reqAuthzID", [author])) }
            attributes.append(LDAPAttribute("reqMod", modifications + ["modifyTimestamp:= x"]))
            if hasNumber {
                let number = "\(time).123456Z#000000#00\(server)#000000"
                attributes.append(LDAPAttribute("entryCSN", [number.octets]))
            }
            if let renames {
                attributes.append(LDAPAttribute("reqNewRDN", [renames.to]))
                attributes.append(LDAPAttribute("reqDeleteOldRDN", [renames.keepsOld ? "FALSE" : "TRUE"]))
            }
            return LDAPEntry(dn: "cn=accesslog", attributes: attributes)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var records: [Record]
        /// The second of each attribute's stamp.
        var expected: [String: Int]

        init(_ description: String, _ records: [Record], _ expected: [String: Int]) {
            testDescription = description
            self.records = records
            self.expected = expected
        }
    }

    static let rows = [
        Row("nothing is known of nothing", [], [:]),
        Row(
            "an add sets all, also what it leaves away",
            [.add(1, "title:+ x")],
            ["title": 1, "givenname": 1, "uid": 1, "@name": 1]
        ),
        Row("what was before the log is not told", [.modify(1, "title:= x")], ["title": 1]),
        Row("the later record counts", [.modify(1, "title:= x"), .modify(2, "title:= y")], ["title": 2]),
        Row(
            "one modify may set several",
            [.modify(1, "title:= x", "givenName:= g"), .modify(2, "givenName:-", "title:+ y")],
            ["title": 2, "givenname": 2]
        ),
        Row("the same value again sets nothing", [.modify(1, "title:= x"), .modify(2, "title:= x")], ["title": 1]),
        Row(
            "the same value in other letters is set",
            [.modify(1, "title:= x"), .modify(2, "title:= X")],
            ["title": 2]
        ),
        Row("what an add has is not set by the same", [.add(1, "title:+ x"), .modify(2, "title:= x")], ["title": 1]),
        Row(
            "taking away what was never there sets nothing",
            [.add(1, "uid:+ u"), .modify(2, "title:=")],
            ["title": 1]
        ),
        Row(
            "away and back again in one modify is no change",
            [.modify(1, "title:= x"), .modify(2, "title:- x", "title:+ x")],
            ["title": 1]
        ),
        Row(
            "a value that comes besides is a change",
            [.modify(1, "title:= x"), .modify(2, "title:+ y")],
            ["title": 2]
        ),
        Row(
            "what was deleted in another spelling may be gone",
            [.modify(1, "title:= x"), .modify(2, "title:- X"), .modify(3, "title:= x")],
            ["title": 3]
        ),
        Row(
            "two replaces in one modify can't be told from one by two values",
            [.modify(1, "title:= x"), .modify(2, "title:= y", "title:= x")],
            ["title": 2]
        ),
        Row("an increment is a change", [.modify(1, "title:= 1"), .modify(2, "title:# 1")], ["title": 2]),
        Row("others' options are others", [.modify(1, "title:= x"), .modify(2, "title;lang-de:= y")], ["title": 1]),
        Row(
            "a rename sets the name and the RDN's attribute",
            [.add(1, "uid:+ u"), .rename(2, "uid=u,dc=test", "uid=v")],
            ["@name": 2, "uid": 2, "title": 1]
        ),
        Row(
            "under any of its names",
            [.add(1, "uid:+ u"), .rename(2, "UserID=u,dc=test", "0.9.2342.19200300.100.1.1=v")],
            ["@name": 2, "title": 1]
        ),
        Row(
            "a move sets the name alone",
            [.add(1, "uid:+ u"), .rename(2, "uid=u,dc=test", "UserID=u")],
            ["@name": 2, "uid": 1]
        ),
        Row(
            "another attribute in the RDN touches both",
            [.add(1, "uid:+ u"), .rename(2, "uid=u,dc=test", "title=v")],
            ["@name": 2, "uid": 2, "title": 2]
        ),
        Row(
            "the old one is left where it is kept",
            [.add(1, "uid:+ u"), .rename(2, "uid=u,dc=test", "title=v", keepsOld: true)],
            ["@name": 2, "uid": 1, "title": 2]
        ),
        Row(
            "the order is that of the versions",
            [.modify(2, "title:= y"), .modify(1, "title:= x", server: 1)],
            ["title": 2]
        ),
        Row(
            "where several servers write every record counts",
            [.modify(1, "title:= x"), .modify(2, "title:= x", server: 1)],
            ["title": 2]
        ),
        Row(
            "an entry made anew begins anew",
            [.modify(1, "title:= x"), .add(2, "title:+ x")],
            ["title": 2, "@name": 2]
        ),
        Row("what isn't understood is passed over", [.modify(1, "title:= x", "title", "", ":")], ["title": 1]),
    ]

    static func read(_ records: [Record], asOf version: Int? = nil) -> LogStamps {
        LogStamps(
            records.map(\.entry),
            wanted: ["title", "givenname", "uid", "@name"],
            schema: schema,
            ownName: own,
            asOf: version.flatMap { Record.modify($0).entry.first("entryCSN") }
                .flatMap(ChangeSequenceNumber.init(parsing:))
        )
    }

    @Test(arguments: rows)
    func `records tell when attributes were set`(_ row: Row) {
        let log = Self.read(row.records)
        #expect(log.isReadable)
        for (name, second) in row.expected {
            let record = Record.modify(second).entry
            let number = record.first("entryCSN").flatMap(ChangeSequenceNumber.init(parsing:))
            #expect(log.stamps[name]?.time == number?.timestamp, "\(name)")
            #expect(log.stamps[name]?.source == .log && log.stamps[name]?.granularity == 1)
        }
        if row.records.isEmpty { #expect(log.stamps.isEmpty && log.newest == nil) }
    }

    @Test(
        arguments: [
            ("cn=x,dc=test", nil, "cn=x,dc=test", false), ("dn:cn=x", nil, "cn=x", false), ("", nil, nil, false),
            (nil, nil, nil, false), ("cn=Syncline, DC=test", nil, "cn=Syncline, DC=test", true),
            ("cn=replicator", "modifiersName:= cn=x", "cn=x", false),
            ("cn=replicator", "modifiersName:= cn=syncline,dc=test", "cn=syncline,dc=test", true),
            ("cn=syncline,dc=test", "creatorsName:+ cn=y", "cn=y", false),
        ] as [(String?, String?, String?, Bool)]
    )
    func `the author is who made the change, not who replicated it`(
        _ authorized: String?,
        _ written: String?,
        _ expected: String?,
        _ isOurs: Bool
    ) {
        var record = Record.modify(1, "title:= x", author: authorized.map { Octets($0) })
        if let written { record.modifications.append(Octets(written)) }
        let stamp = Self.read([record]).stamps["title"]
        #expect(stamp?.author == expected && stamp?.isOurs == isOurs)
    }

    @Test func `the server is the version's, and without a version the time is one of whole seconds`() {
        #expect(Self.read([.modify(1, "title:= x", server: 7)]).stamps["title"]?.server == "007")
        let stamp = Self.read([.modify(1, "title:= x", hasNumber: false)]).stamps["title"]
        #expect(stamp?.granularity == 1000 && stamp?.server == nil)
        #expect(stamp.map { $0.time.milliseconds % 1000 } == 0)
    }

    @Test func `a later change than the state's own says nothing of it`() {
        let records: [Record] = [.modify(1, "title:= x"), .modify(3, "title:= y"), .modify(4, "uid:= z")]
        for (version, second) in [(2, 1), (3, 3), (1, 1)] {
            let log = Self.read(records, asOf: version)
            #expect(log.stamps["title"] == Self.read([.modify(second, "title:= x")]).stamps["title"], "\(version)")
            #expect(log.stamps["uid"] == nil && log.newest == Self.read(records).newest)
        }
    }

    @Test(
        arguments: [
            (["title:= y"], ["y"], false), (["title:= y"], ["x"], true), (["title:= y"], [], true),
            (["title:-"], [], false), (["title:-"], ["x"], true), (["title:+ y"], ["x"], false),
            (["title:= Y  z"], ["y Z"], false), (["title:= x", "title:+ y"], ["y", "x"], false),
            (["title:= x", "title:+ y"], ["x"], true), (["uid:= y"], ["x"], false),
        ] as [([Octets], [Octets], Bool)]
    )
    func `records that made something else of it are none of this state`(
        _ modifications: [Octets],
        _ values: [Octets],
        _ contradicts: Bool
    ) {
        var record = Record.modify(1, "uid:= u")
        record.modifications = modifications
        #expect(Self.read([record]).contradicts(values, of: "title") == contradicts)
    }

    @Test func `a record whose changes can't be read is no testimony`() {
        var entry = Record.modify(1, "title:= x").entry
        entry.attributes.removeAll { $0.name == "reqMod" }
        let log = LogStamps([entry], wanted: ["title"], schema: Self.schema, ownName: nil, asOf: nil)
        #expect(!log.isReadable && log.stamps.isEmpty)
    }

    @Test func `the search is for the entry and what was asked for, and never for old values`() throws {
        let anchor = Anchor(high: 1, low: 2)
        let attributes = ["gn", "title;lang-de", "@name"]
        let question = LogQuestion(anchor, attributes, schema: Self.schema, canSift: true)
        let base = MiniOrangeSettings.defaultAccesslogBase
        let search = question.search(base)
        #expect(question.names.map(\.logged) == ["givenname", "title;lang-de", "@name"])
        let uuid = anchor.entryUUID
        #expect(
            search.filter == "(&(reqEntryUUID=\(uuid))(reqResult=0)(|(reqType=add)(reqType=modrdn)"
                + "(reqMod=givenName:*)(reqMod=givenName;binary:*)(reqMod=title;*)))"
        )
        #expect(!search.attributes.contains { $0.lowercased() == "reqold" || $0 == "*" || $0 == "+" })
        #expect(search.controls.map(\.oid) == [MatchedValues.oid] && search.timeLimitSeconds > 0)
        // Octets are compared: without the server's spelling all records are looked through.
        let unknown = LogQuestion(anchor, ["title", "shoeSize"], schema: Self.schema, canSift: true).search(base)
        #expect(unknown.filter == "(&(reqEntryUUID=\(uuid))(reqResult=0))" && unknown.controls.isEmpty)
    }

    @Test(
        arguments: [
            (
                [("entryCSN", "20261124022653.195006Z#000000#00a#000000"), ("modifiersName", "cn=x")], 195, 1, "00a",
                "cn=x"
            ),
            ([("modifyTimestamp", "20261124022653Z"), ("modifiersName", "cn=x")], 0, 1000, nil, "cn=x"),
            ([("entryCSN", "garbage"), ("modifyTimestamp", "20261124022653Z")], 0, 1000, nil, nil),
        ] as [([(String, String)], Int64, Int64, String?, String?)]
    )
    func `an entry tells its last change`(
        _ attributes: [(String, String)],
        _ milliseconds: Int64,
        _ granularity: Int64,
        _ server: String?,
        _ author: String?
    ) {
        let entry = LDAPEntry(dn: "cn=x", attributes: attributes.map { LDAPAttribute($0.0, [Octets($0.1)]) })
        let stamp = EntryStamp.stamp(entry, ownName: nil)
        #expect(stamp?.granularity == granularity && stamp?.server == server && stamp?.author == author)
        #expect(stamp?.source == .entry && stamp?.isOurs == false)
        #expect(stamp?.time.milliseconds == 1_795_487_213_000 + milliseconds)
    }

    @Test func `an entry that hides its times has no stamp`() {
        #expect(EntryStamp.stamp(LDAPEntry(dn: "cn=x", attributes: []), ownName: nil) == nil)
    }
}
