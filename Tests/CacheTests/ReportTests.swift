import LMDB
import SyncModel
import Testing

@testable import Cache

@Suite struct ReportTests {
    let directory: TemporaryCache
    let cache: Cache

    init() throws {
        directory = try TemporaryCache()
        cache = try directory.open()
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

    @Test func conflictsAreNumberedAndCanBeSettled() throws {
        var generator = NounGenerator(seed: 9)
        let records = (0..<5).map { _ in generator.conflict() }
        try cache.write { for record in records { try $0.append(record) } }
        let resolution = ConflictResolution(choice: .side(.miniorange), time: Timestamp(milliseconds: 7))
        try cache.write { transaction throws in
            #expect(try transaction.conflicts().map(\.id) == (1...5).map { ConflictID($0) })
            #expect(try transaction.conflicts().map(\.record) == records)
            #expect(
                try transaction.conflicts(after: ConflictID(2), limit: 2).map(\.id) == [ConflictID(3), ConflictID(4)]
            )
            #expect(try transaction.countOpenConflicts() == records.count { $0.isHeld })
            for (index, _) in records.enumerated() {
                try transaction.resolve(ConflictID(UInt64(index + 1)), resolution)
                try transaction.resolve(ConflictID(UInt64(index + 1)), resolution)
            }
            try transaction.resolve(ConflictID(6), resolution)
            #expect(try transaction.conflict(ConflictID(3))?.resolution == resolution)
            #expect(try transaction.conflict(ConflictID(3))?.record == records[2])
            #expect(try transaction.conflict(ConflictID(6))?.record == nil)
            #expect(try transaction.countOpenConflicts() == 0)
        }
    }

    @Test func historyIsReadFromItsEnd() throws {
        let lines = [line(1, -5), line(2, 10), line(1, 10), line(1, 20), line(3, 1_000_000)]
        try cache.write { for line in lines { try $0.append(line) } }
        try cache.read { transaction throws in
            #expect(try transaction.history() == lines.reversed())
            #expect(try transaction.history(limit: 2) == lines.suffix(2).reversed())
            #expect(try transaction.history(of: PairID(1)).map(\.time.milliseconds) == [20, 10, -5])
            let recent = try transaction.history(since: Timestamp(milliseconds: 10))
            #expect(recent.map(\.time.milliseconds) == [1_000_000, 20, 10, 10])
        }
    }

    @Test func oldHistoryIsForgottenInPortions() throws {
        try cache.write { for number in 0..<10 { try $0.append(line(1, Int64(number))) } }
        let time = Timestamp(milliseconds: 6)
        #expect(try cache.read { try $0.historyBegins() } == nil)
        #expect(try cache.write { try $0.removeHistory(before: time, limit: 4) } == 4)
        #expect(try cache.write { try $0.removeHistory(before: time, limit: 4) } == 2)
        #expect(try cache.write { try $0.removeHistory(before: time, limit: 4) } == 0)
        #expect(try cache.read { try $0.history() }.map(\.time.milliseconds) == [9, 8, 7, 6])
        #expect(try cache.read { try $0.historyBegins() } == time)
    }

    private func membersChanged(_ group: UInt64, _ members: [UInt64], _ time: Int64) -> HistoryRecord {
        var line = line(group, time)
        line.event = .membersChanged
        line.members = members.map { HistoryRecord.MemberChange(member: PairID($0), isPresent: $0 % 2 == 0) }
        return line
    }

    @Test func historyIsFoundByTheGroupAndByEachMember() throws {
        let lines = [
            membersChanged(1, [2, 3], 5), line(2, 6), membersChanged(4, [2, 2], 7), membersChanged(3, [3], 8),
            line(1, 9),
        ]
        try cache.write { for line in lines { try $0.append(line) } }
        try cache.read { transaction throws in
            #expect(try transaction.history(of: PairID(1)) == [lines[4], lines[0]])
            #expect(try transaction.history(of: PairID(2)) == [lines[2], lines[1], lines[0]])
            #expect(try transaction.history(of: PairID(3)) == [lines[3], lines[0]])
            #expect(try transaction.history(of: PairID(4)) == [lines[2]])
            #expect(try transaction.history(of: PairID(5)) == [])
            #expect(try transaction.history(of: PairID(2), limit: 1) == [lines[2]])
            #expect(try transaction.history(of: PairID(2), since: Timestamp(milliseconds: 6)) == [lines[2], lines[1]])
        }
        #expect(try cache.verify() == [])
    }

    @Test func forgottenHistoryLeavesNothingInTheIndex() throws {
        let lines = (0..<10).map { membersChanged(1, [2, UInt64(10 + $0)], Int64($0)) }
        try cache.write { for line in lines { try $0.append(line) } }
        #expect(try cache.write { try $0.removeHistory(before: Timestamp(milliseconds: 9), limit: 20) } == 9)
        #expect(try cache.read { try $0.history(of: PairID(2)) } == [lines[9]])
        #expect(try cache.read { try $0.history(of: PairID(12)) } == [])
        #expect(try rows(.historyOf) == 3)
        #expect(try cache.verify() == [])
    }

    @Test func aLineThatCanNotBeReadIsForgottenToo() throws {
        try cache.write { try $0.append(line(1, 5)) }
        let key = CacheKey()
        try cache.environment.write {
            let octets = [UInt8](key.history(Timestamp(milliseconds: 5), sequence: 1, pair: PairID(1)))
            try cache.tables.history.put(octets, [1, 99], in: $0)
        }
        #expect(throws: CacheError.self) { try cache.read { try $0.history(of: PairID(1)) } }
        #expect(try cache.write { try $0.removeHistory(before: Timestamp(milliseconds: 9), limit: 20) } == 1)
        #expect(try rows(.historyOf) == 0)
    }

    private func rows(_ table: CacheTable) throws -> Int? {
        try cache.statistics().tables.first { $0.table == table }?.entries
    }

    @Test func statisticsCountRowsAndOctets() throws {
        try cache.write { for number in 0..<100 { try $0.append(line(1, Int64(number))) } }
        let statistics = try cache.statistics()
        let history = try #require(statistics.tables.first { $0.table == .history })
        #expect(history.entries == 100)
        #expect(history.octets >= 4096)
        try cache.write { transaction throws in
            let link = LinkID(side: .ad, group: .number(1), member: .number(2))
            try transaction.put(Link(sources: .group), for: link)
            try transaction.parkLink(.ad, name: "anna", holder: .number(1))
            try transaction.pend(link, of: PairID(1))
        }
        for table in [CacheTable.links, .backlinks, .parkedLinks, .heldNames, .pendingLinks] {
            #expect(try rows(table) == 1)
        }
        #expect(statistics.tables.count == CacheTable.allCases.count)
    }
}
