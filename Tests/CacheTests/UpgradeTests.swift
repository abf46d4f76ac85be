import LMDB
import SyncModel
import Testing

@testable import Cache

/// A cache that an earlier version of the program wrote, octet by octet.
@Suite struct UpgradeTests {
    private let directory: TemporaryCache

    init() throws { directory = try TemporaryCache() }

    private static let tables = [
        "meta", "replicas", "names", "keys", "pairs", "joins", "dirty", "intents", "parked", "waiting", "quarantine",
        "conflicts", "history", "cursors",
    ]

    private static func number(_ number: UInt64) -> [UInt8] { number.bigEndianOctets }
    private static func anchor(_ number: UInt64) -> [UInt8] { Anchor.number(number).octets }
    private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

    /// Times have their highest bit turned, so that those before 1970 come first.
    private static let five: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 5]
    private static let six: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 6]

    /// Table, key, value.
    private static var rows: [(String, [UInt8], [UInt8])] {
        let container: [UInt8] = [1, 2, 0, 0, 0, 1] + text("ou") + text("People") + [0, 0, 0]
        let usn: [UInt8] = [1, 7] + anchor(50)
        let mail: [UInt8] = [1] + text("mail") + [1] + text("anna@syncline.test")
        let anna: [UInt8] =
            [1, 0, 0, 1] + text("people") + [1] + anchor(9) + [1] + text("cn") + text("Anna") + usn + [1]
            + text("0anna") + mail
        let pair: [UInt8] = [1, 0, 0, 1] + text("people") + [1, 1] + anchor(1) + [0, 0, 1] + mail
        // Since 3 ms; a read of the entry, with one attribute that it will confirm.
        let intent: [UInt8] =
            [1, 6, 1, 0, 0, 4] + anchor(1) + [1] + text("mail") + [1] + text("a") + [1] + text("b")
        let conflict: [UInt8] = [1, 0, 1, 10, 1, 0, 0, 0, 1] + text("mail") + [0, 1] + text("a") + [1] + text("b")
        let quarantine: [UInt8] = [1, 10, 0, 4, 0, 0, 1, 100] + text("no")
        let history: [UInt8] = [1, 1, 1, 0, 1] + text("mail")
        return [
            ("meta", Array("format".utf8), Array("syncline cache".utf8) + [0, 0, 0, 1]),
            ("meta", Array("counters".utf8), [1, 2, 2, 2, 4, 0]),
            ("replicas", [0] + anchor(9), container),
            ("replicas", [0] + anchor(1), anna),
            ("names", [0] + anchor(9) + [UInt8](Replica.sample(1).rdn.normalized.bytes), [1] + anchor(1)),
            ("keys", [0, 0, 5] + Array("0anna".utf8) + anchor(1), []),
            ("pairs", number(1), pair),
            ("joins", [0] + anchor(1), [1] + number(1)),
            ("dirty", number(1), [1, 10, 5]),
            ("intents", number(1), intent),
            ("quarantine", number(1), quarantine),
            ("conflicts", number(1), conflict),
            ("history", five + number(1) + number(1), history),
            ("history", five + number(2) + number(2), history),
            ("history", six + number(3) + number(1), history),
        ]
    }

    /// What format 2 added.
    private static let tablesOfFormat2 = [
        "referrers", "links", "backlinks", "parkedLinks", "heldNames", "pendingLinks", "refusedLinks", "historyOf",
    ]

    private static var rowsOfFormat2: [(String, [UInt8], [UInt8])] {
        rows + [
            ("meta", Array("format".utf8), Array("syncline cache".utf8) + [0, 0, 0, 2]),
            ("meta", Array("counters".utf8), [1, 2, 2, 4, 4, 1]),
            // Of another pair, and settled by a person.
            (
                "conflicts", number(2),
                [1, 1, 1, 14, 2, 4, 1, 0, 0, 0, 1] + text("mail") + [0, 1] + text("a") + [1] + text("b")
            ),
            ("conflicts", number(3), [1, 0, 2, 12, 1, 2, 0, 0, 0, 0, 0, 0]),
            ("historyOf", number(1) + five + number(1), []),
            ("historyOf", number(2) + five + number(2), []),
            ("historyOf", number(1) + six + number(3), []),
            ("links", [0] + anchor(3) + anchor(1), [1, 1]),
            ("backlinks", [0] + anchor(1) + anchor(3), []),
        ]
    }

    private func writeFormat1() throws { try write(Self.tables, Self.rows) }
    private func writeFormat2() throws { try write(Self.tables + Self.tablesOfFormat2, Self.rowsOfFormat2) }

    private func write(_ names: [String], _ rows: [(String, [UInt8], [UInt8])]) throws {
        let environment = try Environment(directory: directory.path)
        let tables = try Dictionary(uniqueKeysWithValues: names.map { ($0, try environment.table($0)) })
        try environment.write { transaction throws in
            for (table, key, value) in rows { try tables[table]?.put(key, value, in: transaction) }
        }
        try environment.close()
    }

    private func line(_ pair: UInt64, _ time: Int64) -> HistoryRecord {
        HistoryRecord(
            pair: PairID(pair),
            time: Timestamp(milliseconds: time),
            event: .modified,
            side: .miniorange,
            cause: .changedAtAD,
            attributes: ["mail"]
        )
    }

    @Test func aCacheOfFormat1IsRefusedByAReaderUntilTheWriterHasUpgradedIt() throws {
        try writeFormat1()
        let error = #expect(throws: CacheError.self) { _ = try directory.open(.readOnly) }
        #expect(error?.kind == .olderFormat(found: 1, supported: CacheFormat.current.number))
        try directory.open().close()
        #expect(try directory.open(.readOnly).read { try $0.count(.replicas) } == 2)
    }

    @Test func aCacheOfFormat1HasEverythingAfterTheUpgrade() throws {
        try writeFormat1()
        let cache = try directory.open()
        var anna = Replica.sample(1, parent: .entry(.number(9)), keys: ["0anna"])
        anna.attributes = ["mail": ["anna@syncline.test"]]
        anna.version = .usn(7, invocationID: .number(50))
        var pair = Pair(id: PairID(1), object: "people", kind: .user)
        pair.anchors.ad = .number(1)
        pair.presence.ad = .present
        pair.base = anna.attributes
        try cache.write { transaction throws in
            #expect(try transaction.replica(.ad, .number(1)) == anna)
            #expect(try transaction.replica(.ad, .number(9))?.kind == .container)
            #expect(try transaction.countReplicas(.ad) == 2)
            #expect(try transaction.child(.ad, of: .number(9), named: anna.rdn.normalized) == .number(1))
            #expect(try transaction.children(.ad, of: .number(9), after: nil, limit: 9) == [.number(1)])
            #expect(try transaction.anchors(.ad, key: "0anna", limit: 9) == [.number(1)])
            #expect(try transaction.pair(PairID(1)) == pair)
            #expect(try transaction.pairID(.ad, .number(1)) == PairID(1))
            #expect(try transaction.dirty(PairID(1)) == DirtyRecord(since: .init(milliseconds: 5), cause: .request))
            #expect(
                try transaction.intents() == [
                    Intent(
                        write: Write(
                            id: IntentID(1),
                            pair: PairID(1),
                            side: .ad,
                            object: nil,
                            operation: .read(.number(1))
                        ),
                        target: [Intent.CanonicalChange(name: "mail", values: ["a"], agreed: ["b"])],
                        since: Timestamp(milliseconds: 3)
                    )
                ]
            )
            let refused = QuarantineReason.refused(.ad, Refusal(reason: .valueTaken, code: 50, message: "no"))
            #expect(try transaction.quarantine(PairID(1))?.reason == refused)
            #expect(try transaction.conflict(ConflictID(1))?.record.subject == .attribute("mail"))
            for table in [StoreTable.links, .parkedLinks, .pendingLinks, .refusedLinks] {
                #expect(try transaction.count(table) == 0)
            }
            #expect(try transaction.makePairID() == PairID(2))
        }
    }

    @Test func theHistoryOfFormat1IsFoundByItsPair() throws {
        try writeFormat1()
        let cache = try directory.open()
        try cache.read { transaction throws in
            #expect(try transaction.history() == [line(1, 6), line(2, 5), line(1, 5)])
            #expect(try transaction.history(of: PairID(1)) == [line(1, 6), line(1, 5)])
            #expect(try transaction.history(of: PairID(2)) == [line(2, 5)])
        }
        #expect(try cache.verify() == [])
    }

    @Test(arguments: [1, 2])
    func theConflictsOfEarlierFormatsAreFoundByPairAndTime(format: Int) throws {
        try format == 1 ? writeFormat1() : writeFormat2()
        let cache = try directory.open()
        try cache.read { transaction throws in
            func numbers(_ query: ConflictQuery) throws -> [UInt64] {
                try transaction.conflicts(query, .oldestFirst, limit: 9).map(\.id.rawValue)
            }
            #expect(try numbers(ConflictQuery()) == (format == 1 ? [1] : [2, 1, 3]))
            #expect(try numbers(ConflictQuery(pair: PairID(2))) == (format == 1 ? [] : [2, 3]))
            #expect(try numbers(ConflictQuery(since: Timestamp(milliseconds: 6))) == (format == 1 ? [] : [3]))
            #expect(try transaction.countOpenConflicts() == 0)
            #expect(try transaction.storedConflict(ConflictID(1))?.record.rule == .miniorange)
            #expect(try transaction.storedConflict(ConflictID(1))?.state == .automatic)
            let settled = try transaction.storedConflict(ConflictID(2))
            #expect(settled?.resolution?.choice == (format == 1 ? nil : .side(.miniorange)))
            #expect(settled?.record.rule == (format == 1 ? nil : .miniorange))
        }
        #expect(try cache.verify() == [])
        var generator = NounGenerator(seed: 1)
        let conflict = generator.conflict()
        #expect(try cache.write { try $0.append(conflict) } == ConflictID(format == 1 ? 2 : 4))
        try cache.close()
        // Once, and no more.
        #expect(try directory.open(.readOnly).read { try $0.conflicts() }.count == (format == 1 ? 2 : 4))
    }

    @Test func aRecordThatCanNotBeReadDoesNotStopTheUpgrade() throws {
        try write(Self.tables, Self.rows + [("conflicts", Self.number(1), [1, 99])])
        #expect(try directory.open().verify().map(\.problem) == [.unreadable])
    }
}
