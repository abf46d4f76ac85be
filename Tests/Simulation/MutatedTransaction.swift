import SyncModel

/// The store's transaction with one fault in it.
final class MutatedTransaction: StoreTransaction {
    private let real: any StoreTransaction
    private let mutant: Mutant

    init(_ real: any StoreTransaction, _ mutant: Mutant) {
        self.real = real
        self.mutant = mutant
    }

    func markDirty(_ id: PairID, _ record: DirtyRecord) throws {
        if mutant != .forgetsDirty { try real.markDirty(id, record) }
    }

    func put(_ replica: Replica, replacing old: Replica?) throws {
        // The new state of every third entry is dropped on its way to the disk, although its cursor is not.
        if mutant == .losesReplicas, old != nil, replica.anchor.low % 3 == 0 { return }
        try real.put(replica, replacing: old)
    }

    func append(_ conflict: ConflictRecord) throws -> ConflictID {
        var conflict = conflict
        switch mutant {
        // No conflict has this number.
        case .dropsConflicts: return ConflictID(.max)
        case .reportsWrongWinner: conflict.winner = conflict.winner.opposite
        default: break
        }
        return try real.append(conflict)
    }

    func put(_ pair: Pair, replacing old: Pair?) throws {
        var pair = pair
        if let before = old?.base, let base = pair.base, base != before {
            switch mutant {
            // One side's value is called agreed although the other shows another.
            case .confirmsUnwritten: pair.base?["title"] = ["agreed by nobody"]
            case .keepsBase: pair.base = before
            default: break
            }
        }
        try real.put(pair, replacing: old)
    }

    func put(_ intent: Intent) throws {
        try real.put(intent)
        guard mutant == .movesBaseByPlan, let before = try real.pair(intent.write.pair), before.base != nil else {
            return
        }
        var pair = before
        for change in intent.target { pair.base?[change.name] = change.agreed }
        try real.put(pair, replacing: before)
    }

    func put(_ record: QuarantineRecord, for id: PairID) throws {
        var record = record
        if mutant == .quotesValues, case .refused(let side, var refusal) = record.reason,
            let anchor = try real.pair(id)?.anchors[side.opposite],
            let replica = try real.replica(side.opposite, anchor)
        {
            refusal.message += ": " + replica.attributes.items.flatMap(\.values).map(\.lossyText).joined(separator: " ")
            record.reason = .refused(side, refusal)
        }
        try real.put(record, for: id)
    }

    func replica(_ side: Side, _ anchor: Anchor) throws -> Replica? {
        var replica = try real.replica(side, anchor)
        if mutant == .ignoresVersions { replica?.version = .unordered }
        return replica
    }

    func put(_ link: Link, for id: LinkID) throws {
        var link = link
        switch mutant {
        case .losesMemberRows where id.member.low % 3 == 0: return
        case .forgetsAgreedMembers: link.isAgreed = false
        default: break
        }
        try real.put(link, for: id)
    }

    func anchors(_ side: Side, key: Octets, limit: Int) throws -> [Anchor] {
        mutant == .matchesNobody ? [] : try real.anchors(side, key: key, limit: limit)
    }

    func intents() throws -> [Intent] { mutant == .forgetsIntents ? [] : try real.intents() }

    func park(_ side: Side, name: Octets, waiter: PairID) throws { try real.park(side, name: name, waiter: waiter) }

    func noteReferrer(_ referrer: PairID, of target: PairID) throws {
        if mutant != .forgetsReferrers { try real.noteReferrer(referrer, of: target) }
    }

    func wait(on target: PairID, waiter: PairID) throws {
        if mutant != .forgetsWaiters { try real.wait(on: target, waiter: waiter) }
    }

    func parkLink(_ side: Side, name: Octets, holder: Anchor) throws {
        if mutant != .dropsParkedMembers { try real.parkLink(side, name: name, holder: holder) }
    }

    func pend(_ link: LinkID, of pair: PairID) throws {
        if mutant != .losesPendingMembers || link.member.low % 3 != 0 { try real.pend(link, of: pair) }
    }

    func removeStamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws {
        if mutant != .keepsStamps { try real.removeStamp(side, anchor, attribute) }
    }

    // MARK: As it is

    func remove(_ replica: Replica) throws { try real.remove(replica) }
    func child(_ side: Side, of parent: Anchor, named rdn: Octets) throws -> Anchor? {
        try real.child(side, of: parent, named: rdn)
    }
    func forEachAnchor(_ side: Side, after: Anchor?, _ body: (Anchor) throws -> Bool) throws {
        try real.forEachAnchor(side, after: after, body)
    }
    func makePairID() throws -> PairID { try real.makePairID() }
    func pair(_ id: PairID) throws -> Pair? { try real.pair(id) }
    func remove(_ pair: Pair) throws { try real.remove(pair) }
    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? { try real.pairID(side, anchor) }
    func forEachPairID(after: PairID?, _ body: (PairID) throws -> Bool) throws {
        try real.forEachPairID(after: after, body)
    }
    func clearDirty(_ id: PairID) throws { try real.clearDirty(id) }
    func dirty(_ id: PairID) throws -> DirtyRecord? { try real.dirty(id) }
    func dirty(after: PairID?, limit: Int) throws -> [PairID] { try real.dirty(after: after, limit: limit) }
    func setUrgent(_ id: PairID, _ isUrgent: Bool) throws { try real.setUrgent(id, isUrgent) }
    func urgentPairs() throws -> [PairID] { try real.urgentPairs() }
    func makeIntentID() throws -> IntentID { try real.makeIntentID() }
    func intent(_ id: IntentID) throws -> Intent? { try real.intent(id) }
    func removeIntent(_ id: IntentID) throws { try real.removeIntent(id) }
    func takeParked(_ side: Side, name: Octets) throws -> [PairID] { try real.takeParked(side, name: name) }
    func takeWaiters(on target: PairID) throws -> [PairID] { try real.takeWaiters(on: target) }
    func dropWaiters(after: PairID?, limit: Int, unless isWaiting: (PairID) throws -> Bool) throws -> PairID? {
        try real.dropWaiters(after: after, limit: limit, unless: isWaiting)
    }
    func takeReferrers(of target: PairID) throws -> [PairID] { try real.takeReferrers(of: target) }
    func quarantine(_ id: PairID) throws -> QuarantineRecord? { try real.quarantine(id) }
    func removeQuarantine(_ id: PairID) throws { try real.removeQuarantine(id) }
    func quarantined(after: PairID?, limit: Int) throws -> [(PairID, QuarantineRecord)] {
        try real.quarantined(after: after, limit: limit)
    }
    func link(_ id: LinkID) throws -> Link? { try real.link(id) }
    func removeLink(_ id: LinkID) throws { try real.removeLink(id) }
    func forEachLink(
        _ side: Side,
        ofGroup group: Anchor,
        after: Anchor?,
        _ body: (Anchor, Link) throws -> Bool
    ) throws {
        try real.forEachLink(side, ofGroup: group, after: after, body)
    }
    func forEachGroup(
        _ side: Side,
        ofMember member: Anchor,
        after: Anchor?,
        _ body: (Anchor) throws -> Bool
    ) throws {
        try real.forEachGroup(side, ofMember: member, after: after, body)
    }
    func children(_ side: Side, of parent: Anchor, after: Anchor?, limit: Int) throws -> [Anchor] {
        try real.children(side, of: parent, after: after, limit: limit)
    }
    func unparkLink(_ side: Side, name: Octets, holder: Anchor) throws {
        try real.unparkLink(side, name: name, holder: holder)
    }
    func takeParkedLinks(_ side: Side, name: Octets) throws -> [Anchor] {
        try real.takeParkedLinks(side, name: name)
    }
    func parkedLinks(_ side: Side, holder: Anchor) throws -> [Octets] { try real.parkedLinks(side, holder: holder) }
    func unpend(_ link: LinkID, of pair: PairID) throws { try real.unpend(link, of: pair) }
    func pending(of pair: PairID, limit: Int) throws -> [LinkID] { try real.pending(of: pair, limit: limit) }
    func put(_ refused: RefusedLink, for link: LinkID, of pair: PairID) throws {
        try real.put(refused, for: link, of: pair)
    }
    func removeRefused(_ link: LinkID, of pair: PairID) throws { try real.removeRefused(link, of: pair) }
    func refusedLinks(of pair: PairID, limit: Int) throws -> [(LinkID, RefusedLink)] {
        try real.refusedLinks(of: pair, limit: limit)
    }
    func stamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws -> Stamp? {
        try real.stamp(side, anchor, attribute)
    }
    func stamps(_ side: Side, _ anchor: Anchor) throws -> [AttributeStamp] { try real.stamps(side, anchor) }
    func put(_ stamp: AttributeStamp, _ side: Side, _ anchor: Anchor) throws { try real.put(stamp, side, anchor) }
    func removeStamps(_ side: Side, _ anchor: Anchor) throws { try real.removeStamps(side, anchor) }
    func heldConflicts(of pair: PairID) throws -> [(name: String, id: ConflictID)] {
        try real.heldConflicts(of: pair)
    }
    func setHeldConflict(_ id: ConflictID?, of pair: PairID, _ name: String) throws {
        try real.setHeldConflict(id, of: pair, name)
    }
    func settlements(of pair: PairID) throws -> [(name: String, settlement: Settlement)] {
        try real.settlements(of: pair)
    }
    func setSettlement(_ settlement: Settlement?, of pair: PairID, _ name: String) throws {
        try real.setSettlement(settlement, of: pair, name)
    }
    func append(_ hold: Hold) throws -> HoldID { try real.append(hold) }
    func hold(_ id: HoldID) throws -> Hold? { try real.hold(id) }
    func put(_ hold: Hold, for id: HoldID) throws { try real.put(hold, for: id) }
    func removeHold(_ id: HoldID) throws { try real.removeHold(id) }
    func holds() throws -> [(id: HoldID, hold: Hold)] { try real.holds() }
    func deletion(of pair: PairID) throws -> Deletion? { try real.deletion(of: pair) }
    func put(_ deletion: Deletion, of pair: PairID) throws { try real.put(deletion, of: pair) }
    func removeDeletion(of pair: PairID) throws { try real.removeDeletion(of: pair) }
    func forEachDeletion(after: PairID?, _ body: (PairID, Deletion) throws -> Bool) throws {
        try real.forEachDeletion(after: after, body)
    }
    func conflict(_ id: ConflictID) throws -> (record: ConflictRecord, resolution: ConflictResolution?)? {
        try real.conflict(id)
    }
    func replace(_ id: ConflictID, with conflict: ConflictRecord) throws { try real.replace(id, with: conflict) }
    func resolve(_ id: ConflictID, _ resolution: ConflictResolution) throws { try real.resolve(id, resolution) }
    func append(_ history: HistoryRecord) throws { try real.append(history) }
    func cursor(_ side: Side) throws -> Cursor? { try real.cursor(side) }
    func put(_ cursor: Cursor, for side: Side) throws { try real.put(cursor, for: side) }
    func isLoaded(_ side: Side) throws -> Bool { try real.isLoaded(side) }
    func setLoaded(_ side: Side, _ loaded: Bool) throws { try real.setLoaded(side, loaded) }
    func fact(_ name: String) throws -> Octets? { try real.fact(name) }
    func setFact(_ name: String, _ value: Octets?) throws { try real.setFact(name, value) }
    func removeFacts(withPrefix prefix: String) throws { try real.removeFacts(withPrefix: prefix) }
    func count(_ table: StoreTable) throws -> Int { try real.count(table) }
}
