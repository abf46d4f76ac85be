package import SyncModel

/// The store's port without a disk, for tests of the engine: the same answers as the cache gives, in the same order.
package final class InMemoryStore {
    /// All tables at one moment. A value, so that a test may keep it and go back to it as to a disk after a crash.
    package struct Contents: Sendable {
        package var replicas = SortedTable<EntryKey, Replica>()
        package var names = SortedTable<NameKey, [Anchor]>()
        package var keys = SortedTable<MatchKey, Bool>()
        package var pairs = SortedTable<PairID, Pair>()
        package var joins = SortedTable<EntryKey, PairID>()
        package var dirty = SortedTable<PairID, DirtyRecord>()
        package var urgent = SortedTable<PairID, Bool>()
        package var intents = SortedTable<IntentID, Intent>()
        package var parked = SortedTable<ParkedKey, Bool>()
        package var waiting = SortedTable<WaitingKey, Bool>()
        package var referrers = SortedTable<WaitingKey, Bool>()
        package var quarantine = SortedTable<PairID, QuarantineRecord>()
        package var links = SortedTable<LinkID, Link>()
        package var backlinks = SortedTable<BacklinkKey, Bool>()
        package var parkedLinks = SortedTable<ParkedLinkKey, Bool>()
        package var heldNames = SortedTable<HeldNameKey, Bool>()
        package var pendingLinks = SortedTable<PairLinkKey, Bool>()
        package var refusedLinks = SortedTable<PairLinkKey, RefusedLink>()
        package var cursors = SortedTable<Side, Cursor>()
        package var loaded = SortedTable<Side, Bool>()
        package var facts = SortedTable<String, Octets>()
        package var stamps = SortedTable<StampKey, Stamp>()
        package var conflictRows = SortedTable<ConflictID, ConflictRow>()
        package var heldConflicts = SortedTable<PairNameKey, ConflictID>()
        package var settlements = SortedTable<PairNameKey, Settlement>()
        package var holds = SortedTable<HoldID, Hold>()
        package var deletions = SortedTable<PairID, Deletion>()
        package var history: [HistoryRecord] = []
        package var nextPair: UInt64 = 1
        package var nextIntent: UInt64 = 1
        package var nextConflict: UInt64 = 1
        package var nextHold: UInt64 = 1

        /// In the order in which they were found.
        package var conflicts: [ConflictRecord] { conflictRows.keys.compactMap { conflictRows[$0]?.record } }
    }

    package struct EntryKey: Hashable, Comparable, Sendable {
        package let side: Side
        package let anchor: Anchor

        package static func < (lhs: EntryKey, rhs: EntryKey) -> Bool {
            (lhs.side, lhs.anchor) < (rhs.side, rhs.anchor)
        }
    }

    package struct NameKey: Hashable, Comparable, Sendable {
        package let parent: EntryKey
        package let rdn: Octets

        package static func < (lhs: NameKey, rhs: NameKey) -> Bool { (lhs.parent, lhs.rdn) < (rhs.parent, rhs.rdn) }
    }

    package struct MatchKey: Hashable, Comparable, Sendable {
        package let side: Side
        package let key: Octets
        package let anchor: Anchor

        package static func < (lhs: MatchKey, rhs: MatchKey) -> Bool {
            (lhs.side, lhs.key, lhs.anchor) < (rhs.side, rhs.key, rhs.anchor)
        }
    }

    package struct ParkedKey: Hashable, Comparable, Sendable {
        package let side: Side
        package let name: Octets
        package let waiter: PairID

        package static func < (lhs: ParkedKey, rhs: ParkedKey) -> Bool {
            (lhs.side, lhs.name, lhs.waiter) < (rhs.side, rhs.name, rhs.waiter)
        }
    }

    package struct WaitingKey: Hashable, Comparable, Sendable {
        package let target: PairID
        package let waiter: PairID

        package static func < (lhs: WaitingKey, rhs: WaitingKey) -> Bool {
            (lhs.target, lhs.waiter) < (rhs.target, rhs.waiter)
        }
    }

    package private(set) var contents: Contents
    private var undo: [(inout Contents) -> Void] = []
    private var isWriting = false

    package init(_ contents: Contents = Contents()) {
        self.contents = contents
    }

    /// Runs `body`; everything it did stays, or nothing if it throws.
    package func write<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        precondition(!isWriting, "a transaction within another one")
        isWriting = true
        defer {
            isWriting = false
            undo = []
        }
        do {
            return try body(self)
        } catch {
            for step in undo.reversed() { step(&contents) }
            throw error
        }
    }

    package func read<Result>(_ body: (any StoreTransaction) throws -> Result) throws -> Result {
        try body(self)
    }

    /// A moment to which `restore` goes back.
    package func snapshot() -> Contents { contents }

    package func restore(_ snapshot: Contents) {
        precondition(!isWriting, "restored within a transaction")
        contents = snapshot
    }

    /// Changes one row, and notes how to take that back.
    func set<Key, Value>(
        _ table: WritableKeyPath<Contents, SortedTable<Key, Value>>,
        _ key: Key,
        _ value: Value?
    ) {
        precondition(isWriting, "a change outside of a transaction")
        let old = contents[keyPath: table][key]
        undo.append { $0[keyPath: table][key] = old }
        contents[keyPath: table][key] = value
    }
}

extension InMemoryStore: StoreTransaction {
    // MARK: - Replicas

    package func replica(_ side: Side, _ anchor: Anchor) -> Replica? {
        contents.replicas[EntryKey(side: side, anchor: anchor)]
    }

    package func put(_ replica: Replica, replacing old: Replica?) {
        if let old {
            if nameKey(old) != nameKey(replica) { removeName(old) }
            for key in old.keys where !replica.keys.contains(key) { set(\.keys, matchKey(old, key), nil) }
        }
        set(\.replicas, EntryKey(side: replica.side, anchor: replica.anchor), replica)
        for key in replica.keys { set(\.keys, matchKey(replica, key), true) }
        if let name = nameKey(replica), old.flatMap(nameKey) != name {
            set(\.names, name, (contents.names[name] ?? []).filter { $0 != replica.anchor } + [replica.anchor])
        }
    }

    package func remove(_ replica: Replica) {
        set(\.replicas, EntryKey(side: replica.side, anchor: replica.anchor), nil)
        removeName(replica)
        for key in replica.keys { set(\.keys, matchKey(replica, key), nil) }
        removeStamps(replica.side, replica.anchor)
    }

    package func child(_ side: Side, of parent: Anchor, named rdn: Octets) -> Anchor? {
        contents.names[NameKey(parent: EntryKey(side: side, anchor: parent), rdn: rdn)]?.last
    }

    package func anchors(_ side: Side, key: Octets, limit: Int) -> [Anchor] {
        var found: [Anchor] = []
        var next = contents.keys.first { ($0.side, $0.key) < (side, key) }
        while let row = next, row.side == side, row.key == key, found.count < limit {
            found.append(row.anchor)
            next = contents.keys.next(after: row)
        }
        return found
    }

    package func forEachAnchor(_ side: Side, after: Anchor?, _ body: (Anchor) throws -> Bool) rethrows {
        var next =
            if let after {
                contents.replicas.next(after: EntryKey(side: side, anchor: after))
            } else {
                contents.replicas.first { $0.side < side }
            }
        while let row = next, row.side == side, try body(row.anchor) { next = contents.replicas.next(after: row) }
    }

    private func nameKey(_ replica: Replica) -> NameKey? {
        guard case .entry(let parent) = replica.parent else { return nil }
        return NameKey(parent: EntryKey(side: replica.side, anchor: parent), rdn: replica.rdn.normalized)
    }

    private func matchKey(_ replica: Replica, _ key: Octets) -> MatchKey {
        MatchKey(side: replica.side, key: key, anchor: replica.anchor)
    }

    private func removeName(_ replica: Replica) {
        guard let name = nameKey(replica) else { return }
        let others = (contents.names[name] ?? []).filter { $0 != replica.anchor }
        set(\.names, name, others.isEmpty ? nil : others)
    }

    // MARK: - Pairs

    package func makePairID() -> PairID {
        let id = PairID(contents.nextPair)
        undo.append { $0.nextPair = id.rawValue }
        contents.nextPair += 1
        return id
    }

    package func pair(_ id: PairID) -> Pair? { contents.pairs[id] }

    package func put(_ pair: Pair, replacing old: Pair?) {
        set(\.pairs, pair.id, pair)
        for side in Side.allCases where old?.anchors[side] != pair.anchors[side] {
            if let anchor = old?.anchors[side] { removeJoin(side, anchor, of: pair.id) }
            if let anchor = pair.anchors[side] { set(\.joins, EntryKey(side: side, anchor: anchor), pair.id) }
        }
    }

    package func remove(_ pair: Pair) {
        set(\.pairs, pair.id, nil)
        for side in Side.allCases {
            if let anchor = pair.anchors[side] { removeJoin(side, anchor, of: pair.id) }
        }
        for (name, _) in heldConflicts(of: pair.id) { setHeldConflict(nil, of: pair.id, name) }
        for (name, _) in settlements(of: pair.id) { setSettlement(nil, of: pair.id, name) }
    }

    package func pairID(_ side: Side, _ anchor: Anchor) -> PairID? {
        contents.joins[EntryKey(side: side, anchor: anchor)]
    }

    package func forEachPairID(after: PairID?, _ body: (PairID) throws -> Bool) rethrows {
        var next = contents.pairs.next(after: after)
        while let id = next, try body(id) { next = contents.pairs.next(after: id) }
    }

    private func removeJoin(_ side: Side, _ anchor: Anchor, of id: PairID) {
        let key = EntryKey(side: side, anchor: anchor)
        if contents.joins[key] == id { set(\.joins, key, nil) }
    }

    // MARK: - The work queue and intents

    package func markDirty(_ id: PairID, _ record: DirtyRecord) { set(\.dirty, id, record) }
    package func clearDirty(_ id: PairID) { set(\.dirty, id, nil) }
    package func dirty(_ id: PairID) -> DirtyRecord? { contents.dirty[id] }

    package func setUrgent(_ id: PairID, _ isUrgent: Bool) { set(\.urgent, id, isUrgent ? true : nil) }
    package func urgentPairs() -> [PairID] { contents.urgent.keys }

    package func dirty(after: PairID?, limit: Int) -> [PairID] {
        first(limit, after: after, in: contents.dirty)
    }

    package func makeIntentID() -> IntentID {
        let id = IntentID(contents.nextIntent)
        undo.append { $0.nextIntent = id.rawValue }
        contents.nextIntent += 1
        return id
    }

    package func put(_ intent: Intent) { set(\.intents, intent.write.id, intent) }
    package func intent(_ id: IntentID) -> Intent? { contents.intents[id] }
    package func removeIntent(_ id: IntentID) { set(\.intents, id, nil) }
    package func intents() -> [Intent] { contents.intents.keys.compactMap { contents.intents[$0] } }

    private func first<Key, Value>(_ limit: Int, after: Key?, in table: SortedTable<Key, Value>) -> [Key] {
        var found: [Key] = []
        var next = table.next(after: after)
        while let key = next, found.count < limit {
            found.append(key)
            next = table.next(after: key)
        }
        return found
    }

    // MARK: - Waiting

    package func park(_ side: Side, name: Octets, waiter: PairID) {
        set(\.parked, ParkedKey(side: side, name: name, waiter: waiter), true)
    }

    package func takeParked(_ side: Side, name: Octets) -> [PairID] {
        var found: [PairID] = []
        while let row = contents.parked.first(notBelow: { ($0.side, $0.name) < (side, name) }),
            row.side == side, row.name == name
        {
            found.append(row.waiter)
            set(\.parked, row, nil)
        }
        return found
    }

    package func wait(on target: PairID, waiter: PairID) {
        set(\.waiting, WaitingKey(target: target, waiter: waiter), true)
    }

    package func takeWaiters(on target: PairID) -> [PairID] {
        var found: [PairID] = []
        while let row = contents.waiting.first(notBelow: { $0.target < target }), row.target == target {
            found.append(row.waiter)
            set(\.waiting, row, nil)
        }
        return found
    }

    package func dropWaiters(
        after: PairID?,
        limit: Int,
        unless isWaiting: (PairID) throws -> Bool
    ) rethrows -> PairID? {
        let all = Set(contents.parked.keys.map(\.waiter) + contents.waiting.keys.map(\.waiter))
        let waiters = all.filter { waiter in after.map { $0 < waiter } ?? true }.sorted()
        let looked = waiters.prefix(limit)
        let gone = try Set(looked.filter { try !isWaiting($0) })
        for row in contents.parked.keys where gone.contains(row.waiter) { set(\.parked, row, nil) }
        for row in contents.waiting.keys where gone.contains(row.waiter) { set(\.waiting, row, nil) }
        return looked.count < waiters.count ? looked.last : nil
    }

    package func noteReferrer(_ referrer: PairID, of target: PairID) {
        set(\.referrers, WaitingKey(target: target, waiter: referrer), true)
    }

    package func takeReferrers(of target: PairID) -> [PairID] {
        var found: [PairID] = []
        while let row = contents.referrers.first(notBelow: { $0.target < target }), row.target == target {
            found.append(row.waiter)
            set(\.referrers, row, nil)
        }
        return found
    }

    // MARK: - Set aside

    package func quarantine(_ id: PairID) -> QuarantineRecord? { contents.quarantine[id] }
    package func put(_ record: QuarantineRecord, for id: PairID) { set(\.quarantine, id, record) }
    package func removeQuarantine(_ id: PairID) { set(\.quarantine, id, nil) }

    package func quarantined(after: PairID?, limit: Int) -> [(PairID, QuarantineRecord)] {
        first(limit, after: after, in: contents.quarantine).compactMap { id in
            contents.quarantine[id].map { (id, $0) }
        }
    }

    // MARK: - Reports

    func makeHoldID() -> HoldID {
        let id = HoldID(contents.nextHold)
        undo.append { $0.nextHold = id.rawValue }
        contents.nextHold += 1
        return id
    }

    func makeConflictID() -> ConflictID {
        let id = ConflictID(contents.nextConflict)
        undo.append { $0.nextConflict = id.rawValue }
        contents.nextConflict += 1
        return id
    }

    package func append(_ history: HistoryRecord) {
        undo.append { $0.history.removeLast() }
        contents.history.append(history)
    }

    // MARK: - Feeds

    package func cursor(_ side: Side) -> Cursor? { contents.cursors[side] }
    package func put(_ cursor: Cursor, for side: Side) { set(\.cursors, side, cursor) }
    package func isLoaded(_ side: Side) -> Bool { contents.loaded[side] ?? false }
    package func setLoaded(_ side: Side, _ loaded: Bool) { set(\.loaded, side, loaded) }
    package func fact(_ name: String) -> Octets? { contents.facts[name] }
    package func setFact(_ name: String, _ value: Octets?) { set(\.facts, name, value) }
    package func removeFacts(withPrefix prefix: String) {
        for name in contents.facts.keys where name.hasPrefix(prefix) { setFact(name, nil) }
    }

    package func count(_ table: StoreTable) -> Int {
        switch table {
        case .pairs: contents.pairs.count
        case .dirty: contents.dirty.count
        case .intents: contents.intents.count
        case .quarantine: contents.quarantine.count
        case .conflicts: contents.conflictRows.count
        case .stamps: contents.stamps.count
        case .heldConflicts: contents.heldConflicts.count
        case .settlements: contents.settlements.count
        case .holds: contents.holds.count
        case .deletions: contents.deletions.count
        case .waiting: contents.waiting.count + contents.parked.count
        case .replicas: contents.replicas.count
        case .links: contents.links.count
        case .parkedLinks: contents.parkedLinks.count
        case .pendingLinks: contents.pendingLinks.count
        case .refusedLinks: contents.refusedLinks.count
        }
    }
}
