import LMDB
import SyncModel
import Testing

@testable import Cache

/// What only the inspector asks of the cache.
@Suite struct InspectionTests {
    private let directory: TemporaryCache
    private let cache: Cache

    init() throws {
        directory = try TemporaryCache()
        cache = try directory.open()
    }

    @Test(arguments: [0, 7] as [UInt64])
    func aGlanceShowsWhatTheReplicaHolds(_ seed: UInt64) throws {
        var generator = NounGenerator(seed: seed)
        var replicas: [Anchor: Replica] = [:]
        for _ in 0..<300 {
            var replica = generator.replica()
            replica.side = .ad
            replicas[replica.anchor] = replica
        }
        let names = Set(replicas.values.flatMap(\.attributes.names)).sorted() + ["none", "cn"]
        try cache.write { transaction in
            for replica in replicas.values { try transaction.put(replica, replacing: nil) }
        }
        let glance = ReplicaGlance(attributes: names)
        var seen: [Anchor] = []
        try cache.read { transaction in
            try transaction.forEachReplica(.ad, after: nil, glance) {
                let replica = try #require(replicas[glance.anchor])
                seen.append(glance.anchor)
                for (index, name) in names.enumerated() {
                    #expect(glance.values(index) == replica.attributes[name])
                    #expect(glance.has(index) == !replica.attributes[name].isEmpty)
                    let naming = replica.rdn.assertions.contains { CaseFolding.lowercaseName($0.type) == name }
                    #expect(glance.isNaming(index) == naming)
                }
                #expect(try glance.rdn() == replica.rdn)
                return true
            }
            #expect(try transaction.countReplicas(.ad) == replicas.count)
            #expect(try transaction.countReplicas(.miniorange) == 0)
        }
        #expect(seen == replicas.keys.sorted())
    }

    @Test func aGlanceGoesOnBehindAnAnchorAndStops() throws {
        try cache.write { transaction in
            for number in 1...5 { try transaction.put(.sample(UInt64(number)), replacing: nil) }
            try transaction.put(.sample(3, side: .miniorange), replacing: nil)
            try transaction.put(.sample(6), replacing: nil)
            try transaction.put(.sample(6, name: "Other"), replacing: .sample(6))
            try transaction.remove(.sample(6, name: "Other"))
            try transaction.remove(.sample(7))
            #expect(try transaction.countReplicas(.ad) == 5)
            #expect(try transaction.countReplicas(.miniorange) == 1)
        }
        let glance = ReplicaGlance(attributes: ["mail"])
        var seen: [Anchor] = []
        try cache.read { transaction in
            try transaction.forEachReplica(.ad, after: .number(2), glance) {
                seen.append(glance.anchor)
                return seen.count < 2
            }
        }
        #expect(seen == [.number(3), .number(4)])
        #expect(glance.side == .ad)
    }

    /// No octet of a record may lead a glance beyond its end.
    @Test func aGlanceAtADamagedRecordIsRefused() throws {
        try cache.write { try $0.put(.sample(1), replacing: nil) }
        let key = CacheKey()
        let record = try cache.read { transaction in
            try #require(
                try transaction.tables.replicas.get([UInt8](key.entry(.ad, .number(1))), in: transaction.transaction)
            )
        }
        let glance = ReplicaGlance(attributes: ["mail"])
        for length in 0..<record.count {
            #expect(throws: RecordDamage.self) {
                try record[..<length].withUnsafeBytes { try glance.read(.ad, .number(1), $0) }
            }
        }
        for position in record.indices {
            var damaged = record
            damaged[position] = 0xFF
            damaged.withUnsafeBytes { octets in
                guard (try? glance.read(.ad, .number(1), octets)) != nil else { return }
                _ = glance.values(0)
                _ = try? glance.rdn()
            }
        }
    }

    @Test func conflictsOfOnePairComeNewestFirst() throws {
        var generator = NounGenerator(seed: 3)
        try cache.write { transaction in
            for number in 0..<20 {
                var record = generator.conflict()
                record.pair = PairID(UInt64(number % 3))
                try transaction.append(record)
            }
            let resolution = ConflictResolution(choice: .side(.ad), time: Timestamp(milliseconds: 1))
            try transaction.resolve(ConflictID(17), resolution)
        }
        try cache.read { transaction throws in
            #expect(try transaction.conflicts(of: PairID(1), limit: 3).map(\.id.rawValue) == [20, 17, 14])
            #expect(try transaction.conflicts(of: PairID(1), limit: 100).count == 7)
            #expect(try transaction.conflicts(of: PairID(1), limit: 0).isEmpty)
            #expect(try transaction.conflicts(of: PairID(9), limit: 3).isEmpty)
        }
    }

    @Test func whoWaitsIsKnownFromTheWaiter() throws {
        try cache.write { transaction in
            try transaction.wait(on: PairID(1), waiter: PairID(2))
            try transaction.park(.ad, name: "cn=anna", waiter: PairID(3))
        }
        try cache.read { transaction throws in
            #expect(try transaction.isWaiting(on: PairID(1), waiter: PairID(2)))
            #expect(try !transaction.isWaiting(on: PairID(2), waiter: PairID(1)))
            #expect(try transaction.isParked(.ad, name: "cn=anna", waiter: PairID(3)))
            #expect(try !transaction.isParked(.miniorange, name: "cn=anna", waiter: PairID(3)))
            #expect(try transaction.oldestHistory() == nil)
        }
    }

    @Test func contentIsNoMoreThanThePagesThatHoldIt() throws {
        try cache.write { transaction in
            for number in 1...500 { try transaction.put(.sample(UInt64(number)), replacing: nil) }
        }
        let statistics = try #require(try cache.statistics().tables.first { $0.table == .replicas })
        let octets = try cache.read { try $0.contentOctets(.replicas) }
        #expect(octets > 500 * 17)
        #expect(octets < statistics.octets)
    }
}
