import Mapping
package import SyncModel

/// The full compare: what both servers show against what the cache holds of them, beside the feeds. A difference is taken in as a fresh read, and what then
/// differs between both sides is dealt with by the rules that always hold.
extension Engine {
    private static let comparisonFact = "comparison"
    private static let lastComparisonFact = "comparison.last"

    /// The one that has not ended.
    package static func unfinishedComparison(_ store: any StoreTransaction) throws -> Comparison? {
        try store.fact(comparisonFact).flatMap(Comparison.init)
    }

    /// The last one that has ended.
    package static func lastComparison(_ store: any StoreTransaction) throws -> Comparison? {
        try store.fact(lastComparisonFact).flatMap(Comparison.init)
    }

    /// How far the one under way has come.
    package var comparisonProgress: Comparison? { comparison?.record }

    mutating func compare(_ event: ComparisonEvent, _ store: any StoreTransaction, now: Timestamp) throws {
        switch event {
        case .begin:
            var record = try Engine.unfinishedComparison(store) ?? Comparison(began: now)
            for side in Side.allCases where !record.sides[side].isRead { record.sides[side] = .init() }
            record.pairs = 0
            record.isWalked = false
            comparison = ComparisonRun(record)
        case .scanned(let side, let snapshots):
            guard comparison?.record.sides[side].isRead == false else { return }
            for snapshot in snapshots { try takeScanned(snapshot, side, store, now: now) }
        case .complete(let side, let present):
            guard comparison?.record.sides[side].isRead == false else { return }
            comparison?.record.sides[side].isRead = true
            let suspects = try suspectAbsent(present, side, store, now: now)
            comparison?.suspects[side] = Set(suspects)
        case .pairs(let limit):
            try walkPairs(limit: limit, store, now: now)
        case .end:
            return try endComparison(store, now: now)
        case .interrupted:
            comparison = nil
            return
        }
        if let record = comparison?.record { try store.setFact(Engine.comparisonFact, record.octets) }
    }

    // MARK: Entries

    private mutating func takeScanned(
        _ snapshot: EntrySnapshot,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard !roots[side].contains(where: { $0.anchor == snapshot.anchor }) else { return }
        let old = try store.replica(side, snapshot.anchor)
        let standing = standing(of: snapshot, side)
        guard old != nil || standing != nil else { return }
        comparison?.record.sides[side].read += 1
        let attributes = linkAttributes[side]
        comparison?.record.sides[side].memberships += attributes.reduce(0) { $0 + snapshot.attributes[$1].count }
        // Its feed was faster.
        if let old, isOlder(snapshot.version, than: old.version) { return }
        let isSame = old?.version == snapshot.version && snapshot.version != .unordered
        let isDrift = try old.map { try differs(snapshot, from: $0, standing, side, store) } ?? true
        comparison?.movedLinks = 0
        if isDrift || !isSame || isUnresolved(old) {
            try ingestPresent(snapshot, from: side, isFresh: true, store, now: now)
        } else {
            let object = old?.object.flatMap { objects[$0] }
            try takeMemberships(snapshot, side, object, isAnswer: false, store, now: now)
        }
        let moved = comparison?.movedLinks ?? 0
        guard isDrift || moved > 0 else { return }
        comparison?.note(
            ComparisonRun.Finding(isEntry: isDrift, memberships: moved, isCertain: isSame && isDrift),
            of: snapshot.anchor,
            side
        )
    }

    /// Whether an entry holds, or stands, otherwise than its replica says. A reference whose target is gone is dropped by the server and by us in silence.
    private mutating func differs(
        _ snapshot: EntrySnapshot,
        from old: Replica,
        _ standing: (object: Object?, isProtected: Bool)?,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let (object, isProtected) = standing else { return true }
        let new = try replica(of: snapshot, object, isProtected: isProtected, old, side, store)
        guard new.object == old.object, new.isProtected == old.isProtected, new.parent == old.parent,
            new.rdn == old.rdn, new.withheld == old.withheld
        else { return true }
        let names = Attributes.differing(new.attributes, old.attributes)
        return try names.contains { name in
            guard object?.mapping.isReference(side, name) == true else { return true }
            let known = try old.attributes[name].filter { value in
                guard case .entry(let target) = Reference(value) else { return true }
                return try !isGone(target, side, store)
            }
            return known != new.attributes[name]
        }
    }

    /// An entry that the complete read did not show is proven to be gone, and no feed has told it.
    mutating func noteProvenGone(_ anchor: Anchor, _ side: Side) {
        guard comparison?.suspects[side].remove(anchor) != nil else { return }
        comparison?.record.sides[side].deleted += 1
    }

    // MARK: Pairs

    /// Looks at pairs that nothing has called for. What then is written should have been before.
    private mutating func walkPairs(limit: Int, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let run = comparison, !run.record.isWalked, Side.allCases.allSatisfy({ run.record.sides[$0].isRead })
        else { return }
        guard !isPaused else {
            comparison?.record.isWalked = true
            return
        }
        // What is to be written must find room, or it is not seen that it was to be written.
        guard Side.allCases.allSatisfy({ hasRoom($0) || !isConnected[$0] }) else { return }
        var pairs: [PairID] = []
        try store.forEachPairID(after: run.position) { id in
            pairs.append(id)
            return pairs.count < limit
        }
        for id in pairs {
            comparison?.record.pairs += 1
            guard inFlight[id] == nil, unsaved[id] == nil, try store.dirty(id) == nil, try store.quarantine(id) == nil,
                let pair = try store.pair(id)
            else { continue }
            try pendDiffering(pair, store, now: now)
            try process(id, store, now: now)
            if inFlight[id] != nil { comparison?.record.driftedPairs += 1 }
        }
        comparison?.position = pairs.last ?? run.position
        if pairs.count < limit { comparison?.record.isWalked = true }
    }

    /// Has the memberships looked at that only one side shows, although both entries are on both sides.
    private mutating func pendDiffering(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let membership = pair.object.flatMap({ objects[$0] })?.mapping.specification.membership,
            membership.nesting == .keep
        else { return }
        for side in Side.allCases {
            guard let group = pair.anchors[side], let counterpart = pair.anchors[side.opposite] else { return }
            var differing: [LinkID] = []
            try store.forEachLink(side, ofGroup: group, after: nil) { member, link in
                guard link.isPresent, member != .placeholder, let id = try store.pairID(side, member),
                    let other = try store.outline(id)?.anchors[side.opposite]
                else { return true }
                let there = LinkID(side: side.opposite, group: counterpart, member: other)
                if try store.link(there)?.isPresent != true {
                    differing.append(LinkID(side: side, group: group, member: member))
                }
                return true
            }
            for link in differing { try linkMoved(link, store, now: now) }
        }
    }

    // MARK: The end

    private mutating func endComparison(_ store: any StoreTransaction, now: Timestamp) throws {
        guard var run = comparison else { return }
        for side in Side.allCases {
            for (anchor, finding) in run.findings[side].sorted(by: { $0.key < $1.key }) {
                run.count(finding, side)
                guard let id = try store.pairID(side, anchor), inFlight[id] == nil, unsaved[id] == nil,
                    try store.dirty(id) == nil, try store.quarantine(id) == nil
                else { continue }
                run.record.repaired += finding.isEntry ? 1 : 0
                run.record.repaired += finding.memberships
            }
            run.record.repaired += run.record.sides[side].deleted
        }
        run.record.repaired += run.record.driftedPairs
        run.record.ended = now
        try store.setFact(Engine.lastComparisonFact, run.record.octets)
        try store.setFact(Engine.comparisonFact, nil)
        comparison = nil
    }
}
