internal import LMDB
import SyncModel

/// One run of the integrity check.
struct Verification {
    let cache: CacheTransaction
    private let limit: Int
    let ownKey: CacheKey
    private var findings: [CacheFinding] = []
    /// What the counters should say.
    var counted = (replicasOfAD: 0, joinDifferences: 0)

    init(_ cache: CacheTransaction, limit: Int) throws {
        self.cache = cache
        ownKey = try CacheKey(cache.cache.seal)
        self.limit = limit
    }

    mutating func run() throws -> [CacheFinding] {
        for side in Side.allCases { try checkReplicas(side) }
        try checkNames()
        try checkKeys()
        try checkPairs()
        try checkJoins()
        for table in [CacheTable.dirty, .urgent, .quarantine] { try checkBelongsToPair(table) }
        try checkIntents()
        try checkLinks()
        try checkBacklinks()
        try checkParkedLinks()
        try checkHeldNames()
        for table in [CacheTable.pendingLinks, .refusedLinks] { try checkLinksOfPairs(table) }
        try checkStamps()
        try checkConflicts()
        try checkCounts()
        try checkConflictIndexes()
        try checkHeldConflicts()
        try checkSettlements()
        try checkHolds()
        try checkDeletions()
        try checkHistory()
        try checkHistoryIndex()
        return findings
    }

    mutating func note(_ table: CacheTable, _ key: UnsafeRawBufferPointer, _ problem: CacheFinding.Problem) {
        guard findings.count < limit else { return }
        findings.append(CacheFinding(table: table, problem: problem, key: [UInt8](key)))
    }

    /// Gives every row to `body`; a damaged record, of this row or of one that it leads to, is a finding.
    mutating func forEachRow(
        _ table: CacheTable,
        prefix: [UInt8] = [],
        _ body: (inout Verification, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try cache.tables[table].scanRows(prefix: prefix, in: cache.transaction) { row in
            let key = row.key
            do {
                try row.withValue { try body(&self, key, $0) }
            } catch let error as CacheError {
                guard case .damaged = error.kind else { throw error }
                note(table, key, .unreadable)
            }
            return findings.count < limit ? .next : .stop
        }
    }

    private mutating func checkReplicas(_ side: Side) throws {
        try forEachRow(.replicas, prefix: [side.rawValue]) { check, key, value in
            guard key.count == 17, let anchor = key.anchor(at: 1) else {
                return check.note(.replicas, key, .unreadable)
            }
            if side == .ad { check.counted.replicasOfAD += 1 }
            let replica = try check.cache.decode(.replicas, key, value) { reader throws(RecordDamage) in
                try ReplicaCodec.decode(side, anchor, from: &reader)
            }
            if case .entry(let parent) = replica.parent {
                let nameKey = check.ownKey.name(side, parent: parent, rdn: replica.rdn.normalized)
                if try check.cache.storedAnchors(nameKey)?.contains(anchor) != true {
                    check.note(.replicas, key, .nameMissing)
                }
                if try !check.contains(.replicas, check.ownKey.entry(side, parent)) {
                    check.note(.replicas, key, .parentMissing)
                }
            }
            for matchKey in replica.keys
            where try !check.contains(.keys, check.ownKey.match(side, key: matchKey, anchor)) {
                check.note(.replicas, key, .keyMissing)
            }
        }
    }

    private mutating func checkCounts() throws {
        let counters = try cache.counters()
        guard counters.replicasOfAD != counted.replicasOfAD || counters.joinDifferences != counted.joinDifferences
        else {
            return
        }
        Counters.key.withUnsafeBytes { note(.meta, $0, .countWrong) }
    }

    func contains(_ table: CacheTable, _ key: UnsafeRawBufferPointer) throws -> Bool {
        try cache.tables[table].contains(key, in: cache.transaction)
    }

    private mutating func checkNames() throws {
        try forEachRow(.names) { check, key, value in
            guard let side = key.first.flatMap(Side.init(rawValue:)), let parent = key.anchor(at: 1) else {
                return check.note(.names, key, .unreadable)
            }
            for anchor in try check.cache.anchors(key, value) {
                guard let replica = try check.cache.replica(side, anchor), replica.parent == .entry(parent),
                    check.ownKey.name(side, parent: parent, rdn: replica.rdn.normalized).equals(key)
                else {
                    check.note(.names, key, .nameWrong)
                    continue
                }
            }
        }
    }

    private mutating func checkKeys() throws {
        try forEachRow(.keys) { check, key, _ in
            guard let side = key.first.flatMap(Side.init(rawValue:)), let anchor = key.anchor(at: key.count - 16) else {
                return check.note(.keys, key, .unreadable)
            }
            let keys = try check.cache.replica(side, anchor)?.keys ?? []
            if !keys.contains(where: { check.ownKey.match(side, key: $0, anchor).equals(key) }) {
                check.note(.keys, key, .keyWrong)
            }
        }
    }

    private mutating func checkPairs() throws {
        let counters = try cache.counters()
        try forEachRow(.pairs) { check, key, value in
            guard key.count == 8, let number = key.number(at: 0) else { return check.note(.pairs, key, .unreadable) }
            if number >= counters.nextPair { check.note(.pairs, key, .numberReused) }
            let id = PairID(number)
            let pair = try check.cache.decode(.pairs, key, value) { reader throws(RecordDamage) in
                try PairCodec.decode(id, from: &reader)
            }
            for side in Side.allCases {
                guard let anchor = pair.anchors[side] else { continue }
                if try check.cache.pairID(side, anchor) != id { check.note(.pairs, key, .joinMissing) }
                if try pair.presence[side] == .present && !check.contains(.replicas, check.ownKey.entry(side, anchor)) {
                    check.note(.pairs, key, .replicaMissing)
                }
            }
        }
    }

    private mutating func checkJoins() throws {
        try forEachRow(.joins) { check, key, value in
            guard key.count == 17, let side = Side(rawValue: key[0]), let anchor = key.anchor(at: 1) else {
                return check.note(.joins, key, .unreadable)
            }
            let id = try check.cache.decode(.joins, key, value) { reader throws(RecordDamage) in
                try CacheTransaction.decodeJoin(&reader)
            }
            if try check.cache.pair(id)?.anchors[side] != anchor { check.note(.joins, key, .joinWrong) }
        }
    }

    /// Of tables whose key is the id of a pair.
    private mutating func checkBelongsToPair(_ table: CacheTable) throws {
        try forEachRow(table) { check, key, value in
            guard key.count == 8, let number = key.number(at: 0) else { return check.note(table, key, .unreadable) }
            if try !check.contains(.pairs, check.ownKey.number(number)) { check.note(table, key, .pairMissing) }
            switch table {
            case .dirty: _ = try check.cache.dirty(PairID(number))
            case .quarantine: _ = try check.cache.quarantine(PairID(number))
            default: break
            }
        }
    }

    private mutating func checkIntents() throws {
        let counters = try cache.counters()
        try forEachRow(.intents) { check, key, _ in
            guard key.count == 8, let number = key.number(at: 0) else { return check.note(.intents, key, .unreadable) }
            if number >= counters.nextIntent { check.note(.intents, key, .numberReused) }
            guard let intent = try check.cache.intent(IntentID(number)) else { return }
            if try !check.contains(.pairs, check.ownKey.number(intent.write.pair.rawValue)) {
                check.note(.intents, key, .pairMissing)
            }
        }
    }
}
