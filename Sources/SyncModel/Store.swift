/// The store as the engine sees it within one transaction: everything below commits together or not at all. All listings are in key order, so the same
/// calls on the same contents give the same answers.
package protocol StoreTransaction: AnyObject {
    // Replicas, with the names and keys that lead to them.
    func replica(_ side: Side, _ anchor: Anchor) throws -> Replica?
    func outline(_ side: Side, _ anchor: Anchor) throws -> ReplicaOutline?
    /// Stores, and moves the names and keys that lead to the entry from `old` to the new replica.
    func put(_ replica: Replica, replacing old: Replica?) throws
    func remove(_ replica: Replica) throws
    /// The entry directly below `parent` with this normalised RDN.
    func child(_ side: Side, of parent: Anchor, named rdn: Octets) throws -> Anchor?
    /// At most `limit` entries with this key.
    func anchors(_ side: Side, key: Octets, limit: Int) throws -> [Anchor]
    /// Visits the anchors of one side's replicas in order, until `body` returns false.
    func forEachAnchor(_ side: Side, after: Anchor?, _ body: (Anchor) throws -> Bool) throws

    // Pairs.
    func makePairID() throws -> PairID
    func pair(_ id: PairID) throws -> Pair?
    func outline(_ id: PairID) throws -> PairOutline?
    /// Stores, and moves the joins (side, anchor → pair) from `old` to the new pair.
    func put(_ pair: Pair, replacing old: Pair?) throws
    func remove(_ pair: Pair) throws
    func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID?
    func forEachPairID(after: PairID?, _ body: (PairID) throws -> Bool) throws

    // The durable work queue.
    func markDirty(_ id: PairID, _ record: DirtyRecord) throws
    func clearDirty(_ id: PairID) throws
    func dirty(_ id: PairID) throws -> DirtyRecord?
    func dirty(after: PairID?, limit: Int) throws -> [PairID]
    /// Pairs of the queue that go before all others.
    func setUrgent(_ id: PairID, _ isUrgent: Bool) throws
    func urgentPairs() throws -> [PairID]

    // Intents.
    func makeIntentID() throws -> IntentID
    func put(_ intent: Intent) throws
    func intent(_ id: IntentID) throws -> Intent?
    func removeIntent(_ id: IntentID) throws
    func intents() throws -> [Intent]

    // Waiting: who is to be looked at again when a name appears, or when a pair changes its presence.
    func park(_ side: Side, name: Octets, waiter: PairID) throws
    func takeParked(_ side: Side, name: Octets) throws -> [PairID]
    func wait(on target: PairID, waiter: PairID) throws
    func takeWaiters(on target: PairID) throws -> [PairID]
    /// Looks at who waits for names or for pairs, in order and at most `limit` of them, and takes out whoever does so no more. Nothing may be written meanwhile. Who was
    /// looked at last; nil where nobody comes after him.
    func dropWaiters(after: PairID?, limit: Int, unless isWaiting: (PairID) throws -> Bool) throws -> PairID?
    /// Who names a pair that is there, and is to be looked at again when it goes.
    func noteReferrer(_ referrer: PairID, of target: PairID) throws
    func takeReferrers(of target: PairID) throws -> [PairID]

    // Set aside.
    func quarantine(_ id: PairID) throws -> QuarantineRecord?
    func put(_ record: QuarantineRecord, for id: PairID) throws
    func removeQuarantine(_ id: PairID) throws
    func quarantined(after: PairID?, limit: Int) throws -> [(PairID, QuarantineRecord)]

    // Memberships: one row each, found from the group and from the member.
    func link(_ id: LinkID) throws -> Link?
    func put(_ link: Link, for id: LinkID) throws
    func removeLink(_ id: LinkID) throws
    /// Visits the members of a group on one side in order, until `body` returns false. Nothing may be written meanwhile.
    func forEachLink(_ side: Side, ofGroup group: Anchor, after: Anchor?, _ body: (Anchor, Link) throws -> Bool) throws
    /// Visits the groups of a member on one side in order, until `body` returns false. Nothing may be written meanwhile.
    func forEachGroup(_ side: Side, ofMember member: Anchor, after: Anchor?, _ body: (Anchor) throws -> Bool) throws
    /// Entries directly below a container, in order, at most `limit`.
    func children(_ side: Side, of parent: Anchor, after: Anchor?, limit: Int) throws -> [Anchor]

    // Values of memberships that name nothing that is known (yet); `holder` is the entry that holds them. Never dropped at the server.
    func parkLink(_ side: Side, name: Octets, holder: Anchor) throws
    func unparkLink(_ side: Side, name: Octets, holder: Anchor) throws
    /// The entries that hold this name, which is forgotten for all of them.
    func takeParkedLinks(_ side: Side, name: Octets) throws -> [Anchor]
    /// The names that an entry holds, sorted.
    func parkedLinks(_ side: Side, holder: Anchor) throws -> [Octets]

    // Memberships to be looked at, by the pair whose entry is to be written.
    func pend(_ link: LinkID, of pair: PairID) throws
    func unpend(_ link: LinkID, of pair: PairID) throws
    func pending(of pair: PairID, limit: Int) throws -> [LinkID]
    func put(_ refused: RefusedLink, for link: LinkID, of pair: PairID) throws
    func removeRefused(_ link: LinkID, of pair: PairID) throws
    func refusedLinks(of pair: PairID, limit: Int) throws -> [(LinkID, RefusedLink)]

    // When, where and by whom the values in a replica were set; a row goes with its value.
    func stamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws -> Stamp?
    func stamps(_ side: Side, _ anchor: Anchor) throws -> [AttributeStamp]
    func put(_ stamp: AttributeStamp, _ side: Side, _ anchor: Anchor) throws
    func removeStamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws
    /// All of the entry's.
    func removeStamps(_ side: Side, _ anchor: Anchor) throws

    // Conflicts that wait for a person, and persons' decisions that are still to be carried out; by pair and canonical name, in order of the names.
    func heldConflicts(of pair: PairID) throws -> [(name: String, id: ConflictID)]
    func setHeldConflict(_ id: ConflictID?, of pair: PairID, _ name: String) throws
    func settlements(of pair: PairID) throws -> [(name: String, settlement: Settlement)]
    func setSettlement(_ settlement: Settlement?, of pair: PairID, _ name: String) throws

    // Writes that are stopped until a person decides; the hold's number is never used again.
    func append(_ hold: Hold) throws -> HoldID
    func hold(_ id: HoldID) throws -> Hold?
    func put(_ hold: Hold, for id: HoldID) throws
    func removeHold(_ id: HoldID) throws
    /// All of them, also those that have ended, in order of their numbers.
    func holds() throws -> [(id: HoldID, hold: Hold)]

    // Deletions that the other side is to follow. What was carried stays when its pair is gone.
    func deletion(of pair: PairID) throws -> Deletion?
    func put(_ deletion: Deletion, of pair: PairID) throws
    func removeDeletion(of pair: PairID) throws
    /// Visits them in order, until `body` returns false. Nothing may be written meanwhile.
    func forEachDeletion(after: PairID?, _ body: (PairID, Deletion) throws -> Bool) throws

    // Reports.
    @discardableResult func append(_ conflict: ConflictRecord) throws -> ConflictID
    func conflict(_ id: ConflictID) throws -> (record: ConflictRecord, resolution: ConflictResolution?)?
    /// Writes a held conflict anew, as it stands now.
    func replace(_ id: ConflictID, with conflict: ConflictRecord) throws
    func resolve(_ id: ConflictID, _ resolution: ConflictResolution) throws
    func append(_ history: HistoryRecord) throws

    // Feeds.
    func cursor(_ side: Side) throws -> Cursor?
    func put(_ cursor: Cursor, for side: Side) throws
    /// Whether the side was once read completely.
    func isLoaded(_ side: Side) throws -> Bool
    func setLoaded(_ side: Side, _ loaded: Bool) throws
    /// Small facts by name, such as the anchors of the configured bases.
    func fact(_ name: String) throws -> Octets?
    func setFact(_ name: String, _ value: Octets?) throws
    /// Walks all of them.
    func removeFacts(withPrefix prefix: String) throws
    func count(_ table: StoreTable) throws -> Int
}

package enum StoreTable: Hashable, Sendable, CaseIterable {
    case pairs, dirty, intents, quarantine, conflicts, waiting
    case replicas
    case links, parkedLinks, pendingLinks, refusedLinks
    case stamps, heldConflicts, settlements
    case holds, deletions
}
