import SyncModel
import Testing

@testable import Cache

/// Stamps, held conflicts and decisions, whichever store the engine has.
@Suite struct StampBehaviourTests {
    private static let longName = String(repeating: "x", count: 600)

    private static func stamp(_ milliseconds: Int64, author: String? = nil) -> Stamp {
        Stamp(
            time: Timestamp(milliseconds: milliseconds),
            granularity: 1000,
            source: .log,
            server: "001",
            author: author,
            version: 3
        )
    }

    @Test(arguments: Backing.allCases)
    func stampsAreKeptByEntryAndAttribute(backing: Backing) throws {
        let names = ["telephonenumber", "mail", AttributeStamp.entryName, Self.longName, "mailalias"]
        try backing.make().write { transaction throws in
            try transaction.put(.sample(1), replacing: nil)
            try transaction.put(.sample(2), replacing: nil)
            try transaction.put(.sample(1, side: .miniorange), replacing: nil)
            for (number, name) in names.enumerated() {
                let stamp = AttributeStamp(
                    attribute: name,
                    stamp: Self.stamp(Int64(number), author: "author \(number)")
                )
                try transaction.put(stamp, .ad, .number(1))
            }
            try transaction.put(AttributeStamp(attribute: "mail", stamp: Self.stamp(77)), .miniorange, .number(1))
            try transaction.put(AttributeStamp(attribute: "mail", stamp: Self.stamp(78)), .ad, .number(2))
            let listed = try transaction.stamps(.ad, .number(1))
            #expect(
                listed.map(\.attribute) == [
                    AttributeStamp.entryName, "mail", "mailalias", "telephonenumber", Self.longName,
                ]
            )
            for (number, name) in names.enumerated() {
                let stamp = Self.stamp(Int64(number), author: "author \(number)")
                #expect(try transaction.stamp(.ad, .number(1), name) == stamp)
                #expect(listed.first { $0.attribute == name }?.stamp == stamp)
            }
            #expect(try transaction.stamp(.ad, .number(1), "mai") == nil)
            #expect(try transaction.stamp(.ad, .number(1), Self.longName + "2") == nil)
            #expect(try transaction.count(.stamps) == 7)
            try transaction.put(AttributeStamp(attribute: "mail", stamp: Self.stamp(9)), .ad, .number(1))
            #expect(try transaction.stamp(.ad, .number(1), "mail") == Self.stamp(9))
            try transaction.removeStamp(.ad, .number(1), "mail")
            try transaction.removeStamp(.ad, .number(1), "none")
            #expect(try transaction.stamp(.ad, .number(1), "mail") == nil)
            #expect(try transaction.count(.stamps) == 6)
            try transaction.removeStamps(.ad, .number(1))
            #expect(try transaction.stamps(.ad, .number(1)) == [])
            #expect(try transaction.stamp(.miniorange, .number(1), "mail") == Self.stamp(77))
            #expect(try transaction.stamp(.ad, .number(2), "mail") == Self.stamp(78))
        }
    }

    @Test(arguments: Backing.allCases)
    func stampsGoWithTheirReplica(backing: Backing) throws {
        try backing.make().write { transaction throws in
            for number in [1, 2] as [UInt64] {
                try transaction.put(.sample(number), replacing: nil)
                for name in ["cn", "mail"] {
                    let stamp = AttributeStamp(attribute: name, stamp: Self.stamp(Int64(number)))
                    try transaction.put(stamp, .ad, .number(number))
                }
            }
            // A new state keeps them: it is the engine's to say which of them still hold.
            try transaction.put(.sample(1, name: "Berta"), replacing: .sample(1))
            #expect(try transaction.stamps(.ad, .number(1)).count == 2)
            try transaction.remove(.sample(1, name: "Berta"))
            #expect(try transaction.stamps(.ad, .number(1)) == [])
            #expect(try transaction.stamps(.ad, .number(2)).count == 2)
            let late = AttributeStamp(attribute: "mail", stamp: Self.stamp(1))
            try transaction.put(late, .ad, .number(1))
            #expect(try transaction.count(.stamps) == 2)
        }
    }

    @Test(arguments: Backing.allCases)
    func heldConflictsAndDecisionsGoWithTheirPair(backing: Backing) throws {
        try backing.make().write { transaction throws in
            let pairs = try (0..<2).map { _ in
                let pair = Pair(id: try transaction.makePairID(), object: nil, kind: .user)
                try transaction.put(pair, replacing: nil)
                return pair
            }
            let names = ["telephonenumber", Self.longName, "mail"]
            var generator = NounGenerator(seed: 1)
            var settlements: [String: Settlement] = [:]
            for (number, name) in names.enumerated() {
                settlements[name] = generator.settlement()
                for pair in pairs {
                    try transaction.setHeldConflict(ConflictID(UInt64(number)), of: pair.id, name)
                    try transaction.setSettlement(settlements[name], of: pair.id, name)
                }
            }
            let sorted = ["mail", "telephonenumber", Self.longName]
            let held = try transaction.heldConflicts(of: pairs[0].id)
            #expect(held.map(\.name) == sorted)
            #expect(held.map(\.id) == [ConflictID(2), ConflictID(0), ConflictID(1)])
            let settled = try transaction.settlements(of: pairs[0].id)
            #expect(settled.map(\.name) == sorted)
            #expect(settled.map(\.settlement) == sorted.map { settlements[$0] })
            try transaction.setHeldConflict(nil, of: pairs[0].id, "mail")
            try transaction.setHeldConflict(nil, of: pairs[0].id, "none")
            try transaction.setSettlement(nil, of: pairs[0].id, Self.longName)
            #expect(try transaction.heldConflicts(of: pairs[0].id).map(\.name) == ["telephonenumber", Self.longName])
            #expect(try transaction.settlements(of: pairs[0].id).map(\.name) == ["mail", "telephonenumber"])
            try transaction.remove(pairs[0])
            #expect(try transaction.heldConflicts(of: pairs[0].id).isEmpty)
            #expect(try transaction.settlements(of: pairs[0].id).isEmpty)
            #expect(try transaction.count(.heldConflicts) == 3)
            #expect(try transaction.count(.settlements) == 3)
        }
    }

    @Test(arguments: Backing.allCases)
    func aConflictIsWrittenAnewAndResolvedUnderItsNumber(backing: Backing) throws {
        let store = try backing.make()
        var generator = NounGenerator(seed: 4)
        let (first, second, anew) = (generator.conflict(), generator.conflict(), generator.conflict())
        let resolution = ConflictResolution(choice: .values(["a"]), time: Timestamp(milliseconds: 5))
        try store.write { transaction throws in
            let ids = [try transaction.append(first), try transaction.append(second)]
            #expect(ids[0] < ids[1])
            try transaction.resolve(ids[1], resolution)
            try transaction.replace(ids[1], with: anew)
            #expect(try transaction.conflict(ids[0])?.record == first)
            #expect(try transaction.conflict(ids[0])?.resolution == nil)
            #expect(try transaction.conflict(ids[1])?.record == anew)
            #expect(try transaction.conflict(ids[1])?.resolution == resolution)
            try transaction.replace(ConflictID(99), with: anew)
            try transaction.resolve(ConflictID(99), resolution)
            #expect(try transaction.conflict(ConflictID(99))?.record == nil)
            #expect(try transaction.count(.conflicts) == 2)
        }
    }

    /// Codes of names that a transaction gave out and took back must not stand for others afterwards.
    @Test func codesOfNamesAreNotLeftBehindByWhatThrows() throws {
        struct Refused: Error {}
        let directory = try TemporaryCache()
        let cache = try directory.open()
        func put(_ author: String, _ number: UInt64, in transaction: CacheTransaction) throws {
            let stamp = AttributeStamp(attribute: "mail", stamp: Self.stamp(1, author: author))
            try transaction.put(stamp, .ad, .number(number))
        }
        try cache.write { transaction in
            for number in 1...4 as ClosedRange<UInt64> { try transaction.put(.sample(number), replacing: nil) }
        }
        try cache.write { try put("anna", 1, in: $0) }
        #expect(throws: Refused.self) {
            try cache.write { transaction throws in
                try put("berta", 2, in: transaction)
                throw Refused()
            }
        }
        try cache.write { try put("clara", 3, in: $0) }
        try cache.write { try put("berta", 4, in: $0) }
        let authors = try cache.read { transaction in
            try (1...4 as ClosedRange<UInt64>).map { try transaction.stamp(.ad, .number($0), "mail")?.author }
        }
        #expect(authors == ["anna", nil, "clara", "berta"])
        try cache.close()
        let reopened = try directory.open(.readOnly)
        #expect(try reopened.read { try $0.stamp(.ad, .number(4), "mail")?.author } == "berta")
    }
}
