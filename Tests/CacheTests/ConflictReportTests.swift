import SyncModel
import Testing

@testable import Cache

/// The report's queries against a plain list of the same conflicts.
@Suite struct ConflictReportTests {
    private let directory: TemporaryCache
    private let cache: Cache

    init() throws {
        directory = try TemporaryCache()
        cache = try directory.open()
    }

    /// Few pairs, times, names and objects, so that each filter leaves some and takes some; times do not follow the numbers.
    private static func conflict(_ generator: inout NounGenerator) -> ConflictRecord {
        var record = generator.conflict()
        record.pair = PairID(UInt64(1 + generator.below(4)))
        record.time = Timestamp(milliseconds: Int64(generator.below(30)) - 5)
        record.object = generator.pick([nil, "people", "groups"])
        record.subject = generator.pick([.attribute("mail"), .attribute("cn"), .existence, .member(PairID(7))])
        return record
    }

    /// Conflicts of which some were written anew, and some were settled.
    private func fill(_ seed: UInt64) throws -> [StoredConflict] {
        var generator = NounGenerator(seed: seed)
        var rows: [StoredConflict] = []
        try cache.write { transaction throws in
            for _ in 0..<80 {
                let record = Self.conflict(&generator)
                rows.append(StoredConflict(id: try transaction.append(record), record: record, resolution: nil))
            }
        }
        for _ in 0..<40 {
            let index = generator.below(rows.count)
            let id = rows[index].id
            let (record, resolution) = (Self.conflict(&generator), generator.resolution())
            try cache.write { transaction throws in
                if generator.flag() {
                    try transaction.replace(id, with: record)
                    rows[index] = StoredConflict(id: id, record: record, resolution: rows[index].resolution)
                } else {
                    try transaction.resolve(id, resolution)
                    rows[index] = StoredConflict(id: id, record: rows[index].record, resolution: resolution)
                }
            }
        }
        return rows
    }

    private static let queries: [ConflictQuery] = [
        ConflictQuery(), ConflictQuery(since: Timestamp(milliseconds: 7)),
        ConflictQuery(until: Timestamp(milliseconds: 7)),
        ConflictQuery(since: Timestamp(milliseconds: -2), until: Timestamp(milliseconds: 12)),
        ConflictQuery(since: Timestamp(milliseconds: 12), until: Timestamp(milliseconds: 12)),
        ConflictQuery(pair: PairID(2)), ConflictQuery(pair: PairID(9)),
        ConflictQuery(since: Timestamp(milliseconds: 3), until: Timestamp(milliseconds: 20), pair: PairID(3)),
        ConflictQuery(object: "people"), ConflictQuery(subject: .existence), ConflictQuery(subject: .member),
        ConflictQuery(attribute: "mail"), ConflictQuery(winner: .miniorange), ConflictQuery(rule: .hold),
        ConflictQuery(decision: .later), ConflictQuery(state: .held), ConflictQuery(state: .person),
        ConflictQuery(state: .agreed), ConflictQuery(state: .automatic), ConflictQuery(joins: .only),
        ConflictQuery(joins: .leftOut), ConflictQuery(until: Timestamp(milliseconds: 15), state: .held),
        ConflictQuery(pair: PairID(1), state: .held),
        ConflictQuery(object: "groups", attribute: "cn", winner: .ad, joins: .leftOut),
    ]

    @Test(arguments: queries, [ConflictQuery.Order.newestFirst, .oldestFirst])
    func aQueryGivesWhatMatchesInOrderOfTime(query: ConflictQuery, order: ConflictQuery.Order) throws {
        let rows = try fill(5)
        var expected = rows.filter { query.matches($0) }
        expected.sort { ($0.record.time, $0.id) < ($1.record.time, $1.id) }
        if order == .newestFirst { expected.reverse() }
        try cache.read { transaction throws in
            #expect(try transaction.conflicts(query, order, limit: .max) == expected)
            #expect(try transaction.conflicts(query, order, limit: 0) == [])
            var paged: [StoredConflict] = []
            while true {
                let page = try transaction.conflicts(query, order, after: paged.last?.id, limit: 3)
                paged += page
                if page.count < 3 { break }
            }
            #expect(paged == expected)
            let counts = try transaction.countConflicts(query)
            #expect(counts.total == expected.count)
            #expect(counts.byAttribute["mail"] == expected.countIfAny { $0.record.subject == .attribute("mail") })
            #expect(counts.byWinner.ad == expected.count { $0.record.winner == .ad })
            #expect(counts.byRule[.hold] == expected.countIfAny { $0.record.rule == .hold })
            #expect(counts.byState[.held] == expected.countIfAny(\.isOpen))
            #expect(counts.byDecision.values.reduce(0, +) == expected.count)
            #expect(counts.byDay[-1] == expected.countIfAny { $0.record.time < Timestamp(milliseconds: 0) })
            #expect(counts.joins == expected.count { $0.record.isJoin })
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func whatIsOpenIsCountedExactly(seed: UInt64) throws {
        let rows = try fill(seed)
        try cache.read { transaction throws in
            #expect(try transaction.countOpenConflicts() == rows.count(where: \.isOpen))
            #expect(try transaction.countJoinDifferences() == rows.count { $0.record.isJoin })
            #expect(try transaction.conflicts().map(\.id) == rows.map(\.id))
            #expect(try transaction.conflicts() == rows)
        }
        #expect(try cache.verify() == [])
    }

    /// Whoever pages through the report does not begin anew because its last conflict was forgotten.
    @Test func aPageGoesOnWhereAForgottenConflictWas() throws {
        var generator = NounGenerator(seed: 1)
        try cache.write { transaction throws in
            for number in 1...6 {
                var record = generator.conflict()
                record.time = Timestamp(milliseconds: Int64(number))
                record.decision = .later
                try transaction.append(record)
            }
            #expect(try transaction.removeConflicts(before: Timestamp(milliseconds: 4), limit: 9) == 3)
            let everything = ConflictQuery()
            func page(_ order: ConflictQuery.Order, _ after: UInt64) throws -> [UInt64] {
                try transaction.conflicts(everything, order, after: ConflictID(after), limit: 9).map(\.id.rawValue)
            }
            #expect(try page(.oldestFirst, 2) == [4, 5, 6])
            #expect(try page(.oldestFirst, 4) == [5, 6])
            #expect(try page(.oldestFirst, 99) == [])
            #expect(try page(.newestFirst, 2) == [])
            #expect(try page(.newestFirst, 5) == [4])
            #expect(try page(.newestFirst, 99) == [6, 5, 4])
        }
    }

    @Test func retentionLeavesWhatStillNeedsAPerson() throws {
        var generator = NounGenerator(seed: 2)
        let time = Timestamp(milliseconds: 100)
        func record(_ pair: PairID, _ decision: ConflictRecord.Decision, at milliseconds: Int64) -> ConflictRecord {
            var record = generator.conflict()
            (record.pair, record.decision, record.time) = (pair, decision, Timestamp(milliseconds: milliseconds))
            return record
        }
        try cache.write { transaction throws in
            let pair = Pair(id: try transaction.makePairID(), object: nil, kind: .user)
            try transaction.put(pair, replacing: nil)
            let automatic = try transaction.append(record(pair.id, .later, at: 1))
            let held = try transaction.append(record(pair.id, .held, at: 2))
            try transaction.setHeldConflict(held, of: pair.id, "mail")
            let oscillating = try transaction.append(record(pair.id, .oscillation, at: 3))
            try transaction.resolve(oscillating, ConflictResolution(choice: .base, time: time))
            let decided = try transaction.append(record(pair.id, .held, at: 4))
            try transaction.resolve(decided, ConflictResolution(choice: .side(.ad), time: time))
            let settlement = Settlement(conflict: decided, values: ["a"], seen: PerSide(both: []), time: time)
            try transaction.setSettlement(settlement, of: pair.id, "cn")
            let ofNone = try transaction.append(record(PairID(77), .held, at: 5))
            let young = try transaction.append(record(pair.id, .later, at: 100))

            func left() throws -> [ConflictID] {
                let conflicts = try transaction.conflicts()
                #expect(try transaction.countJoinDifferences() == conflicts.count { $0.record.isJoin })
                return conflicts.map(\.id)
            }
            #expect(try left() == [automatic, held, oscillating, decided, ofNone, young])
            #expect(try transaction.removeConflicts(before: time, limit: 1) == 1)
            #expect(try left() == [held, oscillating, decided, ofNone, young])
            #expect(try transaction.removeConflicts(before: time, limit: 9) == 2)
            #expect(try left() == [held, decided, young])
            #expect(try transaction.countOpenConflicts() == 1)
            try transaction.setSettlement(nil, of: pair.id, "cn")
            try transaction.setHeldConflict(nil, of: pair.id, "mail")
            try transaction.resolve(held, ConflictResolution(choice: .agreement, time: time))
            #expect(try transaction.removeConflicts(before: time, limit: 9) == 2)
            #expect(try transaction.removeConflicts(before: time, limit: 9) == 0)
            #expect(try left() == [young])
            #expect(try transaction.countOpenConflicts() == 0)
        }
        #expect(try cache.verify() == [])
    }

    @Test(arguments: [(0, 0), (-1, -1), (86_399_999, 0), (86_400_000, 1), (-86_400_000, -1), (-86_400_001, -2)])
    func daysAreThoseOfUTC(milliseconds: Int64, day: Int) {
        #expect(ConflictCounts.day(Timestamp(milliseconds: milliseconds)) == day)
    }
}

extension ConflictQuery {
    fileprivate func matches(_ conflict: StoredConflict) -> Bool {
        let record = conflict.record
        return matches(
            ConflictHead(
                id: conflict.id,
                pair: record.pair,
                object: record.object,
                subject: record.subject,
                winner: record.winner,
                decision: record.decision,
                rule: record.rule,
                isJoin: record.isJoin,
                time: record.time,
                resolution: conflict.resolution
            )
        )
    }
}

extension [StoredConflict] {
    /// Nil for none, as a dictionary of counts has it.
    fileprivate func countIfAny(_ condition: (StoredConflict) -> Bool) -> Int? {
        let count = count(where: condition)
        return count == 0 ? nil : count
    }
}
