import SyncModel
import Testing

/// What the engine may rely on, whichever store it has.
@Suite struct StoreBehaviourTests {
    private struct Refused: Error {}

    static let longName = String(repeating: "x", count: 600)

    @Test(arguments: Backing.allCases)
    func aReplicaIsFoundByAnchorNameAndKey(backing: Backing) throws {
        let store = try backing.make()
        let replica = Replica.sample(1, parent: .entry(.number(9)), keys: ["0anna", "1anna@syncline.test"])
        try store.write { transaction throws in
            try transaction.put(replica, replacing: nil)
            #expect(try transaction.replica(.ad, .number(1)) == replica)
            #expect(try transaction.replica(.miniorange, .number(1)) == nil)
            #expect(try transaction.child(.ad, of: .number(9), named: replica.rdn.normalized) == .number(1))
            #expect(try transaction.child(.miniorange, of: .number(9), named: replica.rdn.normalized) == nil)
            #expect(try transaction.anchors(.ad, key: "0anna", limit: 2) == [.number(1)])
            #expect(try transaction.anchors(.ad, key: "0ann", limit: 2) == [])
            #expect(try transaction.anchors(.miniorange, key: "0anna", limit: 2) == [])
            #expect(try transaction.count(.replicas) == 1)
            try transaction.remove(replica)
            #expect(try transaction.replica(.ad, .number(1)) == nil)
            #expect(try transaction.child(.ad, of: .number(9), named: replica.rdn.normalized) == nil)
            #expect(try transaction.anchors(.ad, key: "0anna", limit: 2) == [])
        }
    }

    /// Renamed, moved, moved to the root, its keys changed: only the new ones lead to it.
    @Test(arguments: Backing.allCases, ["Anna", "Berta", longName])
    func namesAndKeysFollowTheReplica(backing: Backing, name: String) throws {
        let store = try backing.make()
        let steps = [
            Replica.sample(1, parent: .entry(.number(8)), name: name, keys: ["0a", "0b"]),
            Replica.sample(1, parent: .entry(.number(8)), name: name + "2", keys: ["0a", "0b"]),
            Replica.sample(1, parent: .entry(.number(9)), name: name + "2", keys: ["0b", "0c"]),
            Replica.sample(1, parent: .entry(.number(9)), name: (name + "2").uppercased(), keys: []),
            Replica.sample(1, parent: .unresolved(DistinguishedName([])), name: name, keys: [Octets(longNameKey)]),
            Replica.sample(1, parent: .root, name: name, keys: [Octets(longNameKey), Octets(longNameKey + "2")]),
            Replica.sample(1, parent: .entry(.number(8)), name: name, keys: [Octets(longNameKey + "2")]),
        ]
        try store.write { transaction throws in
            var old: Replica?
            for replica in steps {
                try transaction.put(replica, replacing: old)
                old = replica
                for step in steps {
                    for parent in [8, 9] as [UInt64] {
                        let leads =
                            replica.parent == .entry(.number(parent))
                            && replica.rdn.normalized == step.rdn.normalized
                        #expect(
                            try transaction.child(.ad, of: .number(parent), named: step.rdn.normalized)
                                == (leads ? .number(1) : nil)
                        )
                    }
                    for key in step.keys {
                        #expect(
                            try transaction.anchors(.ad, key: key, limit: 9)
                                == (replica.keys.contains(key) ? [.number(1)] : [])
                        )
                    }
                }
            }
        }
    }

    private let longNameKey = "0" + String(repeating: "k", count: 700)

    /// A feed may tell the end of an exchange of names first.
    @Test(arguments: Backing.allCases)
    func twoEntriesMayHaveOneNameForAWhile(backing: Backing) throws {
        let store = try backing.make()
        for name in ["Anna", Self.longName] {
            let first = Replica.sample(1, parent: .entry(.number(9)), name: name)
            let second = Replica.sample(2, parent: .entry(.number(9)), name: name)
            let renamed = Replica.sample(1, parent: .entry(.number(9)), name: name + "2")
            try store.write { transaction throws in
                try transaction.put(first, replacing: nil)
                try transaction.put(second, replacing: nil)
                #expect(try transaction.child(.ad, of: .number(9), named: first.rdn.normalized) == .number(2))
                try transaction.put(renamed, replacing: first)
                #expect(try transaction.child(.ad, of: .number(9), named: first.rdn.normalized) == .number(2))
                #expect(try transaction.child(.ad, of: .number(9), named: renamed.rdn.normalized) == .number(1))
                try transaction.put(first, replacing: renamed)
                try transaction.remove(first)
                #expect(try transaction.child(.ad, of: .number(9), named: first.rdn.normalized) == .number(2))
            }
        }
    }

    @Test(arguments: Backing.allCases)
    func manyEntriesWithOneKeyAreFoundInOrderUpToALimit(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            for number in [5, 3, 4, 1, 2] as [UInt64] {
                try transaction.put(.sample(number, keys: ["0same"]), replacing: nil)
            }
            #expect(try transaction.anchors(.ad, key: "0same", limit: 3) == [.number(1), .number(2), .number(3)])
            #expect(try transaction.anchors(.ad, key: "0same", limit: 0) == [])
        }
    }

    @Test(arguments: Backing.allCases)
    func anchorsAreVisitedInOrderAndMayBeRemovedOnTheWay(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            for number in (1...50 as ClosedRange<UInt64>).reversed() {
                try transaction.put(.sample(number), replacing: nil)
                try transaction.put(.sample(number, side: .miniorange), replacing: nil)
            }
            var visited: [Anchor] = []
            try transaction.forEachAnchor(.ad, after: .number(10)) { anchor in
                visited.append(anchor)
                if let replica = try transaction.replica(.ad, anchor) { try transaction.remove(replica) }
                return anchor < .number(40)
            }
            #expect(visited == (11...40).map { .number($0) })
            visited = []
            try transaction.forEachAnchor(.ad, after: nil) { anchor in
                visited.append(anchor)
                return true
            }
            #expect(visited == (Array(1...10) + Array(41...50)).map { .number($0) })
            #expect(try transaction.count(.replicas) == 70)
        }
    }

    @Test(arguments: Backing.allCases)
    func joinsFollowThePair(backing: Backing) throws {
        let store = try backing.make()
        try store.write { transaction throws in
            var pair = Pair(id: try transaction.makePairID(), object: nil, kind: .group)
            pair.anchors.ad = .number(1)
            try transaction.put(pair, replacing: nil)
            #expect(try transaction.pairID(.ad, .number(1)) == pair.id)
            #expect(try transaction.pairID(.miniorange, .number(1)) == nil)
            let alone = pair
            pair.anchors = PerSide(ad: .number(2), miniorange: .number(1))
            try transaction.put(pair, replacing: alone)
            #expect(try transaction.pairID(.ad, .number(1)) == nil)
            #expect(try transaction.pairID(.ad, .number(2)) == pair.id)
            #expect(try transaction.pairID(.miniorange, .number(1)) == pair.id)
            #expect(try transaction.pair(pair.id) == pair)

            var taker = Pair(id: try transaction.makePairID(), object: nil, kind: .group)
            taker.anchors.ad = .number(2)
            try transaction.put(taker, replacing: nil)
            try transaction.remove(pair)
            #expect(try transaction.pairID(.ad, .number(2)) == taker.id)
            #expect(try transaction.pairID(.miniorange, .number(1)) == nil)
            #expect(try transaction.pair(pair.id) == nil)
            #expect(try transaction.count(.pairs) == 1)
        }
    }

    @Test(arguments: Backing.allCases)
    func numbersAreNotGivenTwice(backing: Backing) throws {
        let store = try backing.make()
        let first = try store.write { [try $0.makePairID(), try $0.makePairID()] }
        #expect(first[0] < first[1])
        #expect(throws: Refused.self) {
            try store.write { transaction throws in
                #expect(try transaction.makePairID() > first[1])
                throw Refused()
            }
        }
        try store.write { transaction throws in
            #expect(try transaction.makePairID() > first[1])
            let intent = try transaction.makeIntentID()
            #expect(try transaction.makeIntentID() > intent)
        }
    }

    @Test(arguments: Backing.allCases)
    func theQueueIsWalkedInOrder(backing: Backing) throws {
        let store = try backing.make()
        let record = DirtyRecord(since: Timestamp(milliseconds: 5), cause: .retry)
        try store.write { transaction throws in
            for number in [300, 2, 255, 256, 1] as [UInt64] { try transaction.markDirty(PairID(number), record) }
            #expect(try transaction.dirty(after: nil, limit: 3) == [PairID(1), PairID(2), PairID(255)])
            #expect(try transaction.dirty(after: PairID(255), limit: 9) == [PairID(256), PairID(300)])
            #expect(try transaction.dirty(after: PairID(.max), limit: 9) == [])
            #expect(try transaction.dirty(PairID(2)) == record)
            try transaction.clearDirty(PairID(2))
            try transaction.clearDirty(PairID(2))
            #expect(try transaction.dirty(PairID(2)) == nil)
            #expect(try transaction.count(.dirty) == 4)
        }
    }

    @Test(arguments: Backing.allCases)
    func waitersAreTakenOnce(backing: Backing) throws {
        let store = try backing.make()
        let short = Octets("cn=anna,dc=syncline,dc=test")
        let long = Octets("cn=\(Self.longName),dc=syncline,dc=test")
        try store.write { transaction throws in
            for name in [short, long] {
                for waiter in [7, 3, 7] as [UInt64] { try transaction.park(.ad, name: name, waiter: PairID(waiter)) }
                try transaction.park(.miniorange, name: name, waiter: PairID(1))
            }
            try transaction.wait(on: PairID(3), waiter: PairID(9))
            try transaction.wait(on: PairID(3), waiter: PairID(8))
            try transaction.wait(on: PairID(4), waiter: PairID(8))
            #expect(try transaction.count(.waiting) == 9)
            #expect(try transaction.takeParked(.ad, name: Octets("cn=anna")) == [])
            for name in [short, long] {
                #expect(try transaction.takeParked(.ad, name: name) == [PairID(3), PairID(7)])
                #expect(try transaction.takeParked(.ad, name: name) == [])
            }
            #expect(try transaction.takeWaiters(on: PairID(3)) == [PairID(8), PairID(9)])
            #expect(try transaction.takeWaiters(on: PairID(3)) == [])
            #expect(try transaction.count(.waiting) == 3)
        }
    }

    @Test(arguments: Backing.allCases)
    func whoDoesNotWaitAnyMoreIsTakenOut(backing: Backing) throws {
        let store = try backing.make()
        let short = Octets("cn=anna,dc=syncline,dc=test")
        let long = Octets("cn=\(Self.longName),dc=syncline,dc=test")
        try store.write { transaction throws in
            for name in [short, long] {
                for waiter in [7, 3] as [UInt64] { try transaction.park(.ad, name: name, waiter: PairID(waiter)) }
            }
            for waiter in [3, 9] as [UInt64] { try transaction.wait(on: PairID(4), waiter: PairID(waiter)) }
            try transaction.noteReferrer(PairID(3), of: PairID(4))
            #expect(try transaction.dropWaiters(after: nil, limit: 3) { _ in true } == nil)
            #expect(try transaction.count(.waiting) == 6)
            #expect(try transaction.dropWaiters(after: PairID(3), limit: 1) { _ in true } == PairID(7))
            #expect(try transaction.dropWaiters(after: nil, limit: 1) { $0 != PairID(3) } == PairID(3))
            #expect(try transaction.count(.waiting) == 3)
            #expect(try transaction.dropWaiters(after: PairID(7), limit: 9) { $0 != PairID(7) } == nil)
            #expect(try transaction.count(.waiting) == 3)
            for name in [short, long] { #expect(try transaction.takeParked(.ad, name: name) == [PairID(7)]) }
            #expect(try transaction.takeWaiters(on: PairID(4)) == [PairID(9)])
            #expect(try transaction.takeReferrers(of: PairID(4)) == [PairID(3)])
        }
    }

    @Test(arguments: Backing.allCases)
    func referrersAreNotCountedAmongWhoWaits(backing: Backing) throws {
        try backing.make().write { transaction throws in
            for referrer in [9, 8, 9] as [UInt64] { try transaction.noteReferrer(PairID(referrer), of: PairID(3)) }
            try transaction.noteReferrer(PairID(8), of: PairID(4))
            #expect(try transaction.count(.waiting) == 0)
            #expect(try transaction.takeReferrers(of: PairID(3)) == [PairID(8), PairID(9)])
            #expect(try transaction.takeReferrers(of: PairID(3)) == [])
            #expect(try transaction.takeReferrers(of: PairID(4)) == [PairID(8)])
        }
    }

    @Test(arguments: Backing.allCases)
    func intentsAndQuarantineKeepWhatTheyAreGiven(backing: Backing) throws {
        let store = try backing.make()
        var generator = NounGenerator(seed: 5)
        let intents = (0..<40).map { _ in generator.intent() }
        let records = (0..<40).map { (PairID($0), generator.quarantineRecord()) }
        try store.write { transaction throws in
            for intent in intents { try transaction.put(intent) }
            for (id, record) in records.reversed() { try transaction.put(record, for: id) }
        }
        try store.write { transaction throws in
            #expect(try transaction.intents() == intents.sorted { $0.write.id < $1.write.id })
            #expect(try transaction.intent(intents[3].write.id) == intents[3])
            let page = try transaction.quarantined(after: PairID(9), limit: 5)
            #expect(page.map(\.0) == (10..<15).map { PairID($0) })
            #expect(page.map(\.1) == records[10..<15].map(\.1))
            try transaction.removeIntent(intents[3].write.id)
            try transaction.removeQuarantine(PairID(0))
            #expect(try transaction.intent(intents[3].write.id) == nil)
            #expect(try transaction.quarantine(PairID(0)) == nil)
            #expect(try transaction.count(.intents) == 39)
            #expect(try transaction.count(.quarantine) == 39)
        }
    }

    @Test(arguments: Backing.allCases)
    func feedsAndFactsAreKept(backing: Backing) throws {
        let store = try backing.make()
        let cursor = Cursor(server: Octets("dc1"), position: Octets([0, 1, 0xFF]))
        try store.write { transaction throws in
            #expect(try transaction.cursor(.ad) == nil)
            #expect(try transaction.isLoaded(.ad) == false)
            try transaction.put(cursor, for: .ad)
            try transaction.setLoaded(.miniorange, true)
            #expect(try transaction.cursor(.ad) == cursor)
            #expect(try transaction.cursor(.miniorange) == nil)
            #expect(try transaction.isLoaded(.ad) == false)
            #expect(try transaction.isLoaded(.miniorange))
            for name in ["", "format", "counters", Self.longName, Self.longName + "2"] {
                #expect(try transaction.fact(name) == nil)
                try transaction.setFact(name, Octets(name))
                #expect(try transaction.fact(name) == Octets(name))
            }
            try transaction.setFact(Self.longName, nil)
            #expect(try transaction.fact(Self.longName) == nil)
            #expect(try transaction.fact(Self.longName + "2") == Octets(Self.longName + "2"))
            try transaction.removeFacts(withPrefix: Self.longName)
            #expect(try transaction.fact(Self.longName + "2") == nil)
            #expect(try transaction.fact("format") == "format")
        }
    }

    @Test(arguments: Backing.allCases)
    func whatThrowsLeavesNothing(backing: Backing) throws {
        let store = try backing.make()
        let replica = Replica.sample(1, parent: .entry(.number(9)), keys: ["0anna"])
        try store.write { try $0.put(replica, replacing: nil) }
        #expect(throws: Refused.self) {
            try store.write { transaction throws in
                try transaction.remove(replica)
                try transaction.put(.sample(2), replacing: nil)
                try transaction.setFact("fact", Octets("value"))
                try transaction.append(
                    HistoryRecord(
                        pair: PairID(1),
                        time: Timestamp(milliseconds: 1),
                        event: .added,
                        side: .ad,
                        cause: .request,
                        attributes: []
                    )
                )
                throw Refused()
            }
        }
        try store.write { transaction throws in
            #expect(try transaction.replica(.ad, .number(1)) == replica)
            #expect(try transaction.replica(.ad, .number(2)) == nil)
            #expect(try transaction.child(.ad, of: .number(9), named: replica.rdn.normalized) == .number(1))
            #expect(try transaction.anchors(.ad, key: "0anna", limit: 1) == [.number(1)])
            #expect(try transaction.fact("fact") == nil)
        }
    }
}
