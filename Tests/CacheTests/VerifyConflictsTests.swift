import LMDB
import SyncModel
import Testing

@testable import Cache

/// The integrity check of stamps, the conflict report, and what waits for a person.
@Suite struct VerifyConflictsTests {
    private static let long = String(repeating: "x", count: 600)

    enum Plant: CaseIterable, Sendable {
        case stampOfNone, stampUnreadable, stampTooShort, stampOfUnknownName
        case indexOfPairGone, indexOfTimeGone, openGone, indexOfPairWrong, indexOfTimeWrong, openWrong, openOfClosed
        case indexOfPairTooShort, indexOfTimeTooShort, openTooShort, conflictGone
        case heldOfNone, heldOfOtherPair, heldOfClosed, heldUnreadable, heldTooShort, heldOfNoPair, heldOfOtherName
        case settlementOfNone, settlementUnreadable, settlementTooShort, settlementOfNoPair

        /// Changes tables behind the cache's back.
        func plant(_ tables: CacheTables, _ transaction: WriteTransaction) throws {
            let key = CacheKey()
            func put(_ table: SealedTable, _ key: UnsafeRawBufferPointer, _ value: [UInt8] = []) throws {
                try table.put([UInt8](key), value, in: transaction)
            }
            func remove(_ table: SealedTable, _ key: UnsafeRawBufferPointer) throws {
                try table.delete(key, in: transaction)
            }
            let (open, closed, none) = (ConflictID(1), ConflictID(2), ConflictID(9))
            let pair = PairID(1)
            let time = Timestamp(milliseconds: 5)
            let stamp: [UInt8] = [1, 0, 0, 0, 0]
            switch self {
            case .stampOfNone: try put(tables.stamps, key.name(.ad, parent: .number(7), rdn: "mail"), stamp)
            case .stampUnreadable: try put(tables.stamps, key.name(.ad, parent: .number(1), rdn: "mail"), [1, 7])
            case .stampTooShort: try put(tables.stamps, key.number(1), stamp)
            case .stampOfUnknownName:
                try put(tables.stamps, key.name(.ad, parent: .number(1), rdn: "mail"), [1, 0x40, 0, 0, 0, 99])
            case .indexOfPairGone: try remove(tables.conflictsOf, key.conflict(open, of: pair, time))
            case .indexOfTimeGone: try remove(tables.conflictsAt, key.conflict(open, at: time, pair: pair))
            case .openGone: try remove(tables.openConflicts, key.openConflict(open, at: time))
            case .indexOfPairWrong: try put(tables.conflictsOf, key.conflict(open, of: PairID(2), time))
            case .indexOfTimeWrong: try put(tables.conflictsAt, key.conflict(none, at: time, pair: pair))
            case .openWrong: try put(tables.openConflicts, key.openConflict(open, at: Timestamp(milliseconds: 6)))
            case .openOfClosed: try put(tables.openConflicts, key.openConflict(closed, at: time))
            case .indexOfPairTooShort: try put(tables.conflictsOf, key.openConflict(open, at: time))
            case .indexOfTimeTooShort: try put(tables.conflictsAt, key.openConflict(open, at: time))
            case .openTooShort: try put(tables.openConflicts, key.number(1))
            case .conflictGone: try remove(tables.conflicts, key.number(1))
            case .heldOfNone: try put(tables.heldConflicts, key.named(pair, "cn"), [1, 9])
            case .heldOfOtherPair: try put(tables.heldConflicts, key.named(PairID(2), "mail"), [1, 1])
            case .heldOfClosed: try put(tables.heldConflicts, key.named(pair, "cn"), [1, 2])
            case .heldUnreadable: try put(tables.heldConflicts, key.named(pair, "cn"), [1])
            case .heldTooShort: try tables.heldConflicts.put([0, 0, 1], [1, 1], in: transaction)
            case .heldOfNoPair: try put(tables.heldConflicts, key.named(PairID(77), "cn"), [1, 1])
            case .heldOfOtherName:
                try put(tables.heldConflicts, key.named(pair, Octets(VerifyConflictsTests.long)), [1, 1, 1, 0x61])
            case .settlementOfNone: try put(tables.settlements, key.named(pair, "cn"), [1, 9, 0, 0, 0, 0])
            case .settlementUnreadable: try put(tables.settlements, key.named(pair, "cn"), [1, 1, 0, 0, 0])
            case .settlementTooShort: try tables.settlements.put([0, 0, 1], [1, 1, 0, 0, 0, 0], in: transaction)
            case .settlementOfNoPair: try put(tables.settlements, key.named(PairID(77), "cn"), [1, 1, 0, 0, 0, 0])
            }
        }

        var finding: (table: CacheTable, problem: CacheFinding.Problem) {
            switch self {
            case .stampOfNone: (.stamps, .stampOfNone)
            case .stampUnreadable, .stampTooShort, .stampOfUnknownName: (.stamps, .unreadable)
            case .indexOfPairGone, .indexOfTimeGone, .openGone: (.conflicts, .conflictIndexMissing)
            case .indexOfPairWrong, .conflictGone: (.conflictsOf, .conflictIndexWrong)
            case .indexOfTimeWrong: (.conflictsAt, .conflictIndexWrong)
            case .openWrong, .openOfClosed: (.openConflicts, .conflictIndexWrong)
            case .indexOfPairTooShort: (.conflictsOf, .unreadable)
            case .indexOfTimeTooShort: (.conflictsAt, .unreadable)
            case .openTooShort: (.openConflicts, .unreadable)
            case .heldOfNone, .heldOfOtherPair, .heldOfClosed: (.heldConflicts, .heldConflictWrong)
            case .heldUnreadable, .heldTooShort, .heldOfOtherName: (.heldConflicts, .unreadable)
            case .heldOfNoPair: (.heldConflicts, .pairMissing)
            case .settlementOfNone: (.settlements, .settlementWrong)
            case .settlementUnreadable, .settlementTooShort: (.settlements, .unreadable)
            case .settlementOfNoPair: (.settlements, .pairMissing)
            }
        }
    }

    private func sound(_ directory: TemporaryCache) throws -> Cache {
        let cache = try directory.open()
        var generator = NounGenerator(seed: 1)
        try cache.write { transaction throws in
            try transaction.put(.sample(1), replacing: nil)
            for name in ["mail", Self.long] {
                try transaction.put(AttributeStamp(attribute: name, stamp: generator.stamp()), .ad, .number(1))
            }
            for _ in 0..<2 {
                try transaction.put(
                    Pair(id: try transaction.makePairID(), object: nil, kind: .user),
                    replacing: nil
                )
            }
            for decision in [ConflictRecord.Decision.held, .later] {
                var record = generator.conflict()
                (record.pair, record.time) = (PairID(1), Timestamp(milliseconds: 5))
                record.decision = decision
                try transaction.append(record)
            }
            for name in ["mail", Self.long] {
                try transaction.setHeldConflict(ConflictID(1), of: PairID(1), name)
                var settlement = generator.settlement()
                settlement.conflict = ConflictID(2)
                try transaction.setSettlement(settlement, of: PairID(1), name)
            }
        }
        return cache
    }

    @Test func aSoundCacheHasNoFindings() throws {
        let directory = try TemporaryCache()
        #expect(try sound(directory).verify() == [])
    }

    @Test(arguments: Plant.allCases)
    func whatWasPlantedIsFound(plant: Plant) throws {
        let directory = try TemporaryCache()
        let cache = try sound(directory)
        try cache.environment.write { try plant.plant(cache.tables, $0) }
        let found = try cache.verify()
        #expect(found.contains { $0.table == plant.finding.table && $0.problem == plant.finding.problem })
    }
}
