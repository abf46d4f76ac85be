import Support
import SyncModel
import Testing

@testable import Cache

/// The same random calls on both stores give the same answers, and leave a cache that the integrity check finds sound.
@Suite struct StoreComparisonTests {
    private struct Refused: Error {}

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func theStoresAgree(seed: UInt64) throws {
        let directory = try TemporaryCache()
        let cache = try directory.open(options: CacheOptions(initialMapOctets: 64 << 10))
        let memory = InMemoryStore()
        for round in 0..<60 {
            let steps = NounGenerator(seed: seed &* 1000 &+ UInt64(round))
            let fails = round % 5 == 4
            let expected = try answers(steps, fails) { try memory.write($0) }
            let found = try answers(steps, fails) { try cache.write($0) }
            #expect(found == expected, "seed \(seed), round \(round)")
        }
        // Random calls put entries below none, and two pairs on one anchor.
        let problems = Set(try cache.verify().map(\.problem)).subtracting([.parentMissing, .joinMissing])
        #expect(problems == [])
    }

    /// What a transaction answers to 40 random calls; one that fails is rolled back and its answers count all the same.
    private func answers(
        _ generator: NounGenerator,
        _ fails: Bool,
        _ write: ((any StoreTransaction) throws -> Void) throws -> Void
    ) throws -> [String] {
        var answers: [String] = []
        do {
            try write { transaction in
                answers = []
                var generator = generator
                for _ in 0..<40 { answers.append(try Self.call(transaction, &generator)) }
                if fails { throw Refused() }
            }
        } catch is Refused {
            answers.append("refused")
        }
        return answers
    }

    private static let keys = [Octets("0a"), Octets("0ab"), Octets("0" + String(repeating: "z", count: 520))]

    /// Names, parents and keys are few, so that they meet; each third name is too long for a key.
    private static func call(_ transaction: any StoreTransaction, _ generator: inout NounGenerator) throws -> String {
        let side = generator.side()
        let anchor = Anchor.number(UInt64(generator.below(12)))
        let id = PairID(UInt64(generator.below(12)))
        let name = generator.pick(["Anna", "Berta", String(repeating: "y", count: 520)])
        let key = generator.pick(Self.keys)
        let time = Timestamp(milliseconds: Int64(generator.below(1000)))
        switch generator.below(16) {
        case 0, 1, 2:
            var replica = Replica.sample(UInt64(generator.below(12)), side: side, name: name)
            replica.anchor = anchor
            if generator.flag() { replica.parent = .entry(.number(UInt64(generator.below(3)))) }
            replica.keys = generator.list(upTo: 3) { $0.pick(Self.keys) }
            try transaction.put(replica, replacing: try transaction.replica(side, anchor))
            return "put replica"
        case 3:
            if let replica = try transaction.replica(side, anchor) { try transaction.remove(replica) }
            return "remove replica"
        case 4:
            let rdn = RelativeDistinguishedName(type: "cn", value: Octets(name))
            let parent = Anchor.number(UInt64(generator.below(3)))
            return "child \(String(describing: try transaction.child(side, of: parent, named: rdn.normalized)))"
        case 5: return "anchors \(try transaction.anchors(side, key: key, limit: generator.below(5)))"
        case 6:
            var visited: [Anchor] = []
            try transaction.forEachAnchor(side, after: generator.optional { _ in anchor }) { anchor in
                visited.append(anchor)
                return visited.count < 5
            }
            return "visited \(visited)"
        case 7:
            let old = try transaction.pair(id)
            var pair = try old ?? Pair(id: transaction.makePairID(), object: nil, kind: .user)
            pair.anchors[side] = generator.optional { _ in anchor }
            try transaction.put(pair, replacing: old)
            return "put pair \(pair)"
        case 8:
            if let pair = try transaction.pair(id) { try transaction.remove(pair) }
            return "join \(String(describing: try transaction.pairID(side, anchor)))"
        case 9:
            if try transaction.pair(id) != nil {
                try transaction.markDirty(id, DirtyRecord(since: time, cause: .request))
            }
            return "dirty \(try transaction.dirty(after: generator.optional { _ in id }, limit: 4))"
        case 10:
            try transaction.clearDirty(id)
            return "dirty \(String(describing: try transaction.dirty(id)))"
        case 11:
            try transaction.park(side, name: key, waiter: id)
            try transaction.wait(on: id, waiter: PairID(UInt64(generator.below(9))))
            return "parked \(try transaction.count(.waiting))"
        case 12:
            let parked = try transaction.takeParked(side, name: key)
            return "taken \(parked) \(try transaction.takeWaiters(on: id))"
        case 13:
            try transaction.append(generator.history())
            return "appended"
        case 14:
            try transaction.setFact(name, generator.optional { $0.octets() })
            return "fact \(String(describing: try transaction.fact(name)?.bytes))"
        default:
            return "counts \(try StoreTable.allCases.map { try transaction.count($0) })"
        }
    }
}
