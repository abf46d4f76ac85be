import Support
import SyncModel
import Testing

@testable import Cache

/// The same random calls on both stores give the same answers, and leave a cache that the integrity check finds sound.
@Suite struct StoreComparisonTests {
    private struct Refused: Error {}

    @Test(arguments: 1...8 as ClosedRange<UInt64>, [nil, CacheEncryptionKey.first])
    func theStoresAgree(seed: UInt64, key: CacheEncryptionKey?) throws {
        let directory = try TemporaryCache()
        let cache = try directory.open(options: CacheOptions(initialMapOctets: 64 << 10), key: key)
        let memory = InMemoryStore()
        for round in 0..<60 {
            let steps = NounGenerator(seed: seed &* 1000 &+ UInt64(round))
            let fails = round % 5 == 4
            let expected = try answers(steps, fails) { try memory.write($0) }
            let found = try answers(steps, fails) { try cache.write($0) }
            #expect(found == expected, "seed \(seed), round \(round)")
        }
        // Random calls put entries below none, two pairs on one anchor, hold conflicts that are not there, and deletions by no hold.
        let problems = Set(try cache.verify().map(\.problem)).subtracting([
            .parentMissing, .joinMissing, .heldConflictWrong, .settlementWrong, .holdMissing,
        ])
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
                for _ in 0..<40 {
                    answers.append(try Self.call(transaction, &generator))
                    answers.append(try Self.lookUp(transaction, &generator))
                }
                if fails { throw Refused() }
            }
        } catch is Refused {
            answers.append("refused")
        }
        return answers
    }

    /// What is looked up again and again, by those who have not changed it.
    private static func lookUp(_ transaction: any StoreTransaction, _ generator: inout NounGenerator) throws -> String {
        var found: [String] = []
        for _ in 0..<2 {
            let (side, anchor) = (generator.side(), Anchor.number(UInt64(generator.below(12))))
            let link = LinkID(side: side, group: anchor, member: .number(UInt64(generator.below(12))))
            found.append("\(String(describing: try transaction.pairID(side, anchor)))")
            found.append("\(String(describing: try transaction.outline(PairID(UInt64(generator.below(12))))))")
            found.append("\(String(describing: try transaction.outline(side, anchor)))")
            found.append("\(String(describing: try transaction.link(link)))")
            if generator.below(20) == 0 { try transaction.setLoaded(side, generator.flag()) }
            found.append("\(try transaction.isLoaded(side))")
        }
        return found.joined(separator: " ")
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
        let link = LinkID(side: side, group: anchor, member: .number(UInt64(generator.below(12))))
        switch generator.below(30) {
        case 28, 29: return try holdCall(transaction, id, &generator)
        case 24, 25, 26, 27: return try conflictCall(transaction, side, anchor, &generator)
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
            if let pair = try transaction.pair(id) {
                try transaction.remove(pair)
                try transaction.clearDirty(id)
                try transaction.removeDeletion(of: id)
                for link in try transaction.pending(of: id, limit: .max) { try transaction.unpend(link, of: id) }
                for (link, _) in try transaction.refusedLinks(of: id, limit: .max) {
                    try transaction.removeRefused(link, of: id)
                }
            }
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
        case 15, 16, 17: return try linkCall(transaction, link, &generator)
        case 18, 19, 20: return try parkedCall(transaction, link, &generator)
        case 21, 22: return try pairCall(transaction, link, &generator)
        default:
            return "counts \(try StoreTable.allCases.map { try transaction.count($0) })"
        }
    }

    private static func linkCall(
        _ transaction: any StoreTransaction,
        _ link: LinkID,
        _ generator: inout NounGenerator
    ) throws -> String {
        var visited: [Anchor] = []
        let after = generator.optional { Anchor.number(UInt64($0.below(12))) }
        switch generator.below(6) {
        case 0, 1, 2:
            try transaction.put(generator.link(), for: link)
            return "link \(String(describing: try transaction.link(link)?.version))"
        case 3:
            try transaction.removeLink(link)
            return "no link \(try transaction.count(.links))"
        case 4:
            try transaction.forEachLink(link.side, ofGroup: link.group, after: after) { member, _ in
                visited.append(member)
                return visited.count < 4
            }
            return "members \(visited)"
        default:
            try transaction.forEachGroup(link.side, ofMember: link.member, after: after) { group in
                visited.append(group)
                return visited.count < 4
            }
            let parent = Anchor.number(UInt64(generator.below(3)))
            let children = try transaction.children(link.side, of: parent, after: after, limit: generator.below(5))
            return "groups \(visited) children \(children)"
        }
    }

    private static func parkedCall(
        _ transaction: any StoreTransaction,
        _ link: LinkID,
        _ generator: inout NounGenerator
    ) throws -> String {
        let name = generator.pick(keys)
        switch generator.below(6) {
        case 0, 1, 2: try transaction.parkLink(link.side, name: name, holder: link.group)
        case 3: try transaction.unparkLink(link.side, name: name, holder: link.group)
        case 4: return "taken \(try transaction.takeParkedLinks(link.side, name: name))"
        default: break
        }
        return "held \(try transaction.parkedLinks(link.side, holder: link.group).map(\.bytes))"
    }

    private static func pairCall(
        _ transaction: any StoreTransaction,
        _ link: LinkID,
        _ generator: inout NounGenerator
    ) throws -> String {
        var id = PairID(UInt64(generator.below(12)))
        try transaction.forEachPairID(after: nil) { found in
            id = found
            return generator.flag()
        }
        guard try transaction.pair(id) != nil else { return "no pair" }
        switch generator.below(4) {
        case 0: try transaction.pend(link, of: id)
        case 1: try transaction.unpend(link, of: id)
        case 2: try transaction.put(generator.refusedLink(), for: link, of: id)
        default: try transaction.removeRefused(link, of: id)
        }
        let limit = generator.below(4)
        return "waiting \(try transaction.pending(of: id, limit: limit)) "
            + "\(try transaction.refusedLinks(of: id, limit: limit))"
    }

    /// Stamps of entries that may not be there, and conflicts of pairs that are.
    private static func conflictCall(
        _ transaction: any StoreTransaction,
        _ side: Side,
        _ anchor: Anchor,
        _ generator: inout NounGenerator
    ) throws -> String {
        let name = generator.pick(["mail", "cn", AttributeStamp.entryName, String(repeating: "n", count: 520)])
        let id = ConflictID(UInt64(generator.below(8)))
        switch generator.below(10) {
        case 0, 1:
            try transaction.put(AttributeStamp(attribute: name, stamp: generator.stamp()), side, anchor)
        case 2: try transaction.removeStamp(side, anchor, name)
        case 3: try transaction.removeStamps(side, anchor)
        case 4: return "appended \(try transaction.append(generator.conflict()))"
        case 5: try transaction.replace(id, with: generator.conflict())
        case 6: try transaction.resolve(id, generator.resolution())
        case 7:
            let found = try transaction.conflict(id)
            return "conflict \(String(describing: found?.record.time)) \(String(describing: found?.resolution?.time))"
        default: return try heldCall(transaction, id, name, &generator)
        }
        let stamps = try transaction.stamps(side, anchor).map { "\($0.attribute) \($0.stamp)" }
        return "stamps \(stamps) \(String(describing: try transaction.stamp(side, anchor, name)))"
    }

    private static func holdCall(
        _ transaction: any StoreTransaction,
        _ pair: PairID,
        _ generator: inout NounGenerator
    ) throws -> String {
        let id = HoldID(UInt64(generator.below(8)))
        var deletion = generator.deletion()
        switch generator.below(6) {
        case 0: return "held as \(try transaction.append(generator.hold()))"
        case 1: if try transaction.hold(id) != nil { try transaction.put(generator.hold(), for: id) }
        case 2: try transaction.removeHold(id)
        case 3:
            // What is carried may outlive its pair.
            if try transaction.pair(pair) == nil { deletion.state = .carried(deletion.learned) }
            try transaction.put(deletion, of: pair)
        default: try transaction.removeDeletion(of: pair)
        }
        var deletions: [String] = []
        try transaction.forEachDeletion(after: PairID(UInt64(generator.below(9)))) { pair, deletion in
            deletions.append("\(pair) \(deletion)")
            return deletions.count < 3
        }
        let found = try
            "\(String(describing: transaction.hold(id))) \(String(describing: transaction.deletion(of: pair)))"
        return "\(found) \(try transaction.holds().map { "\($0.id) \($0.hold)" }) \(deletions)"
    }

    private static func heldCall(
        _ transaction: any StoreTransaction,
        _ id: ConflictID,
        _ name: String,
        _ generator: inout NounGenerator
    ) throws -> String {
        guard let pair = try transaction.dirty(after: nil, limit: 1).first else { return "no pair" }
        let settlement = generator.optional { $0.settlement() }
        let isHeld = generator.flag()
        if generator.flag() {
            try transaction.setHeldConflict(isHeld ? id : nil, of: pair, name)
        } else {
            try transaction.setSettlement(settlement, of: pair, name)
        }
        let held = try transaction.heldConflicts(of: pair).map { "\($0.name) \($0.id)" }
        return "held \(held) settled \(try transaction.settlements(of: pair).map { "\($0.name) \($0.settlement)" })"
    }
}
