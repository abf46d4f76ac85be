import LMDB
import SyncModel
import Testing

@testable import Cache

/// The integrity check finds what was planted, and nothing in a sound cache.
@Suite struct VerifyTests {
    typealias Planted = (row: Plant, finding: CacheFinding.Problem, table: CacheTable)

    enum Plant: CaseIterable, Sendable {
        case nameGone, nameOfOther, nameUnreadable, keyGone, keyOfNone, replicaGone, replicaUnreadable
        case joinGone, joinOfNone, pairGone, dirtyOfNone, intentOfNone, quarantineOfNone, numberGone, conflictUnreadable
        case countOff, deletionOfNone, holdGone, holdUnreadable, deletionUnreadable

        /// Changes tables behind the cache's back.
        func plant(_ tables: CacheTables, _ transaction: WriteTransaction) throws {
            let key = CacheKey()
            let entry = [UInt8](key.entry(.ad, .number(1)))
            let name = [UInt8](key.name(.ad, parent: .number(9), rdn: Replica.sample(1).rdn.normalized))
            switch self {
            case .nameGone: try tables.names.delete(name, in: transaction)
            case .nameOfOther:
                let other = [UInt8](key.name(.ad, parent: .number(9), rdn: "cn=other"))
                try tables.names.put(other, [1] + Anchor.number(1).octets, in: transaction)
            case .nameUnreadable: try tables.names.put(name, [1, 2], in: transaction)
            case .keyGone: try tables.keys.delete(key.match(.ad, key: "0anna", .number(1)), in: transaction)
            case .keyOfNone:
                try tables.keys.put([UInt8](key.match(.ad, key: "0none", .number(1))), [], in: transaction)
            case .replicaGone: try tables.replicas.delete(entry, in: transaction)
            case .replicaUnreadable: try tables.replicas.put(entry, [1, 99], in: transaction)
            case .joinGone: try tables.joins.delete(entry, in: transaction)
            case .joinOfNone:
                try tables.joins.put([UInt8](key.entry(.ad, .number(4))), [1, 0, 0, 0, 0, 0, 0, 0, 1], in: transaction)
            case .pairGone: try tables.pairs.delete(key.number(1), in: transaction)
            case .dirtyOfNone: try move(tables.dirty, transaction)
            case .intentOfNone:
                let intent = Intent(
                    write: Write(
                        id: IntentID(1),
                        pair: PairID(77),
                        side: .ad,
                        object: nil,
                        operation: .read(.number(1))
                    ),
                    target: [],
                    since: Timestamp(milliseconds: 0)
                )
                let writer = RecordWriter()
                IntentCodec.encode(intent, into: writer)
                try tables.intents.put(key.number(1), writer.octets, in: transaction)
            case .quarantineOfNone: try move(tables.quarantine, transaction)
            case .deletionOfNone: try move(tables.deletions, transaction)
            case .holdGone: try tables.holds.delete(key.number(1), in: transaction)
            case .holdUnreadable: try tables.holds.put([UInt8](key.number(1)), [1, 9], in: transaction)
            case .deletionUnreadable: try tables.deletions.put([UInt8](key.number(1)), [1], in: transaction)
            case .numberGone: try tables.meta.delete(Counters.key, in: transaction)
            case .countOff:
                let writer = RecordWriter()
                Counters(nextPair: 9, nextConflict: 9, nextHistory: 9, replicasOfAD: 4).encode(into: writer)
                try tables.meta.put([UInt8](Counters.key), [UInt8](writer.octets), in: transaction)
            case .conflictUnreadable: try tables.conflicts.put([UInt8](key.number(1)), [], in: transaction)
            }
        }

        /// Gives the row of pair 1 to pair 77, which there is not.
        private func move(_ table: SealedTable, _ transaction: WriteTransaction) throws {
            let value = try table.get(PairID(1).rawValue.bigEndianOctets, in: transaction) ?? []
            try table.put((77 as UInt64).bigEndianOctets, value, in: transaction)
        }

        var finding: (table: CacheTable, problem: CacheFinding.Problem) {
            switch self {
            case .nameGone: (.replicas, .nameMissing)
            case .nameOfOther: (.names, .nameWrong)
            case .nameUnreadable: (.names, .unreadable)
            case .keyGone: (.replicas, .keyMissing)
            case .keyOfNone: (.keys, .keyWrong)
            case .replicaGone: (.pairs, .replicaMissing)
            case .replicaUnreadable: (.replicas, .unreadable)
            case .joinGone: (.pairs, .joinMissing)
            case .joinOfNone: (.joins, .joinWrong)
            case .pairGone: (.dirty, .pairMissing)
            case .dirtyOfNone: (.dirty, .pairMissing)
            case .intentOfNone: (.intents, .pairMissing)
            case .quarantineOfNone: (.quarantine, .pairMissing)
            case .deletionOfNone: (.deletions, .pairMissing)
            case .holdGone: (.deletions, .holdMissing)
            case .holdUnreadable: (.holds, .unreadable)
            case .deletionUnreadable: (.deletions, .unreadable)
            case .numberGone: (.pairs, .numberReused)
            case .countOff: (.meta, .countWrong)
            case .conflictUnreadable: (.conflicts, .unreadable)
            }
        }
    }

    private func sound(_ directory: TemporaryCache) throws -> Cache {
        let cache = try directory.open()
        var generator = NounGenerator(seed: 1)
        try cache.write { transaction throws in
            try transaction.put(.sample(9, name: "Parent"), replacing: nil)
            let replica = Replica.sample(1, parent: .entry(.number(9)), keys: ["0anna"])
            try transaction.put(replica, replacing: nil)
            let long = String(repeating: "x", count: 600)
            try transaction.put(
                .sample(2, parent: .entry(.number(9)), name: long, keys: [Octets("0" + long)]),
                replacing: nil
            )
            var pair = Pair(id: try transaction.makePairID(), object: nil, kind: .user)
            pair.anchors.ad = .number(1)
            pair.presence.ad = .present
            try transaction.put(pair, replacing: nil)
            try transaction.markDirty(pair.id, generator.dirtyRecord())
            try transaction.put(generator.quarantineRecord(), for: pair.id)
            var intent = generator.intent()
            intent.write.id = try transaction.makeIntentID()
            intent.write.pair = pair.id
            try transaction.put(intent)
            try transaction.append(generator.conflict())
            try transaction.append(generator.history())
            var hold = generator.hold()
            hold.state = .open
            var deletion = generator.deletion()
            deletion.state = .held(try transaction.append(hold))
            try transaction.put(deletion, of: pair.id)
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
        #expect(try cache.verify(limit: 1).count == 1)
    }

    @Test func aDamagedRecordIsAnErrorWithItsPlaceAndWithoutItsContents() throws {
        let directory = try TemporaryCache()
        let cache = try sound(directory)
        let secret = [UInt8]("secret".utf8)
        try cache.environment.write {
            try cache.tables.replicas.put([0] + Anchor.number(1).octets, [1, 0, 0, 1, 100] + secret, in: $0)
        }
        do {
            _ = try cache.read { try $0.replica(.ad, .number(1)) }
            Issue.record("read")
        } catch let error as CacheError {
            let key = [0] + Anchor.number(1).octets
            #expect(error.kind == .damaged(table: .replicas, key: key, reason: "the record ends too early"))
            #expect(error.description.contains("in replicas, key 00000000"))
            #expect(!error.description.contains("secret"))
        }
    }
}
