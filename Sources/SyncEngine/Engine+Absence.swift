import Mapping
import Reconcile
package import SyncModel

/// Absence is no proof. An account that sees less than it did looks the same as entries that were deleted; what tells the two apart is the tombstone, the
/// log's record of the delete, or a container that stands open and really holds nothing of the kind. Where nothing does, the entry is set aside as vanished,
/// and nothing is concluded.
extension Engine {
    /// What helps to find out what became of an entry. What a server lacks that was set back, or that may be behind, nobody need have deleted: that others are
    /// shown where it stood proves nothing then, nor later, as long as its pair is in doubt.
    func lastSeen(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> LastSeen {
        var parent: Anchor?
        let pair = try store.pairID(side, anchor)
        let mayBeOlder = try setBacks[side] != nil || pair.map { try isDoubtful($0, side, store) } == true
        if !mayBeOlder, case .entry(let container)? = try store.outline(side, anchor)?.parent { parent = container }
        return LastSeen(parent: parent, time: certainBefore[side] ?? certain[side])
    }

    /// Nothing proves what became of an entry that is not shown any more.
    mutating func settleHidden(_ intent: Intent, _ store: any StoreTransaction, now: Timestamp) throws {
        let side = intent.write.side
        guard let anchor = intent.write.operation.anchor else { return }
        comparison?.suspects[side].remove(anchor)
        try noteVerified(anchor, isThere: false, store)
        if case .entry(let parent)? = try store.outline(side, anchor)?.parent, try isGone(parent, side, store) {
            // Nothing stands where nothing is.
            return try settleGone(intent, store, now: now)
        }
        guard let pair = try store.pair(intent.write.pair) else { return }
        guard pair.presence[side] == .present else {
            // It was out of scope, and stays so.
            if try store.dirty(pair.id) != nil { markDirty(pair.id, .retry, now: now) }
            return
        }
        try setVanished(pair.id, side, retries: true, store, now: now)
    }

    /// What is to be written to it waits until it is seen again, or a person decides.
    private mutating func setVanished(
        _ id: PairID,
        _ side: Side,
        retries: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        unsaved[id] = nil
        try store.clearDirty(id)
        try doubt(id, store)
        try setAside(id, .vanished(side), retries: retries, store, now: now)
    }

    /// The entry that was looked for is there.
    mutating func noteSeen(_ intent: Intent, _ store: any StoreTransaction) throws {
        guard let anchor = intent.write.operation.anchor else { return }
        comparison?.suspects[intent.write.side].remove(anchor)
        try noteVerified(anchor, isThere: true, store)
        try noteSeen(anchor, intent.write.side, store)
    }

    /// A side shows an entry, again perhaps.
    func noteSeen(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        guard try store.count(.quarantine) > 0, let id = try store.pairID(side, anchor),
            case .vanished(side)? = try store.quarantine(id)?.reason
        else { return }
        try store.removeQuarantine(id)
    }

    /// A complete read shows entries again that had vanished.
    mutating func noteShown(_ present: [Anchor], _ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        guard try store.count(.quarantine) > 0 else { return }
        let vanished = try store.quarantined(after: nil, limit: .max).filter { $0.1.reason == .vanished(side) }
        guard !vanished.isEmpty else { return }
        let shown = Set(present)
        for (id, _) in vanished {
            guard let anchor = try store.outline(id)?.anchors[side], shown.contains(anchor) else { continue }
            try store.removeQuarantine(id)
            markDirty(id, .retry, now: now)
        }
    }

    /// The time has come to look for a vanished entry again.
    mutating func lookAgain(
        for id: PairID,
        _ record: QuarantineRecord,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let pair = try store.pair(id), let anchor = pair.anchors[side] else {
            return try store.removeQuarantine(id)
        }
        // Of many, not all at once: until the answer the next time is as far as the last one was.
        var later = record
        later.attempts += 1
        later.next =
            later.attempts < Engine.retryLimit
            ? now.advanced(byMilliseconds: Engine.retryDelay(later.attempts)) : nil
        try store.put(later, for: id)
        if let next = later.next { noteRetry(at: next) }
        guard inFlight[id] == nil else { return }
        try requestRead(.confirmAbsence(anchor, lastSeen(anchor, side, store)), side, store, now: now)
    }

    // MARK: A person decides

    /// A person says of entries that vanished at a side what nothing proves: that they were deleted there, and the other side follows (approved), or that
    /// they were lost there, and are made again (rejected).
    mutating func judge(
        _ verdict: HoldVerdict,
        vanishedAt side: Side,
        _ pairs: [PairID],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> HoldAnswer {
        var moved: [PairID] = []
        var oneWay: [PairID] = []
        for id in pairs {
            guard case .vanished(side)? = try store.quarantine(id)?.reason, let pair = try store.pair(id),
                let anchor = pair.anchors[side]
            else {
                moved.append(id)
                continue
            }
            let specification = pair.object.flatMap { objects[$0] }?.mapping.specification
            if verdict == .reject, specification?.direction.permits(writingTo: side) != true {
                oneWay.append(id)
                continue
            }
            try store.removeQuarantine(id)
            try ingestDeletion(of: anchor, side, store, now: now)
            switch verdict {
            case .approve:
                if var learned = try store.deletion(of: id) {
                    learned.state = .approved
                    try setDeletion(learned, of: id, store)
                }
            case .reject:
                let deletion = Deletion(side: side.opposite, object: pair.object ?? "", learned: now, state: .rejected)
                try setDeletion(deletion, of: id, store)
            }
            markDirty(id, .request, now: now)
        }
        return .decided(moved: moved, oneWay: oneWay)
    }

    // MARK: Many at once

    /// None of them is looked for, and nothing is written to them: all are set aside.
    mutating func setAside(
        vanished suspects: [Anchor],
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for anchor in suspects {
            guard let id = try store.pairID(side, anchor), try store.outline(id)?.presence[side] == .present,
                try store.quarantine(id)?.isVanished != true
            else { continue }
            try setVanished(id, side, retries: false, store, now: now)
        }
    }

    static func vanishedFact(_ side: Side) -> String { "vanished.\(side.name)" }

    /// How many entries the last complete read of a side did not show, where these were too many to be believed.
    package static func vanished(_ side: Side, _ store: any StoreTransaction) throws -> Int? {
        try store.fact(vanishedFact(side)).flatMap { UInt64(bigEndianOctets: $0.bytes) }.map(Int.init)
    }

    /// Whether a complete read lacks so much that none of it is looked for one by one: feeds tell deletes, so that a mass that vanishes without a word is a
    /// matter of rights, of the base or of the filter. The next complete read judges anew.
    func areTooMany(_ suspects: Int, of known: Int, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        let isMany = suspects > max(Engine.fewSuspects, known * Engine.suspectPercent / 100)
        let fact = isMany ? Octets(UInt64(suspects).bigEndianOctets) : nil
        if try store.fact(Engine.vanishedFact(side)) != fact { try store.setFact(Engine.vanishedFact(side), fact) }
        return isMany
    }

    private static let fewSuspects = 50
    private static let suspectPercent = 5

    // MARK: What is certain

    /// Until when, by a side's own clock, everything that happened there is in the cache.
    static func certainFact(_ side: Side) -> String { "certain.\(side.name)" }

    /// The same of a server that was set back, until that is done with.
    private static func certainSinceFact(_ side: Side) -> String { "certain.since.\(side.name)" }

    /// A feed has told everything up to a point. What a server that was set back tells is known later than what it lacks.
    mutating func noteCertain(_ cursor: Cursor, _ side: Side, _ store: any StoreTransaction) throws {
        certainBefore[side] = nil
        guard let time = cursor.knownUntil else { return }
        let known = setBacks[side] == nil ? certain[side] : certainSince[side]
        guard known.map({ time > $0 }) ?? true else { return }
        if setBacks[side] == nil {
            certain[side] = time
            try store.setFact(Engine.certainFact(side), time.octets)
        } else {
            certainSince[side] = time
            try store.setFact(Engine.certainSinceFact(side), time.octets)
        }
    }

    /// A set-back is done with: what its server has told since is known, and nothing that it lacks is still looked for.
    mutating func endDoubtfulTime(_ side: Side, _ store: any StoreTransaction) throws {
        guard let time = certainSince[side] else { return }
        certainSince[side] = nil
        try store.setFact(Engine.certainSinceFact(side), nil)
        guard certain[side].map({ time > $0 }) ?? true else { return }
        certain[side] = time
        try store.setFact(Engine.certainFact(side), time.octets)
    }

    mutating func recallCertain(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            certain[side] = try store.fact(Engine.certainFact(side)).flatMap(Timestamp.init(octets:))
            certainSince[side] = try store.fact(Engine.certainSinceFact(side)).flatMap(Timestamp.init(octets:))
        }
    }
}

extension QuarantineRecord {
    var isVanished: Bool {
        if case .vanished = reason { return true }
        return false
    }
}
