import Mapping
import Reconcile
import SyncModel

/// Deletions under control: each waits for its grace, for those that come with it, or for a person. Nothing else waits for them.
extension Engine {
    /// What was learned and carried is counted again after a restart, and what waits goes on waiting.
    mutating func recallDeletions(_ store: any StoreTransaction, now: Timestamp) throws {
        // Our clock was set back since: what is yet to come would wait for that long.
        try redateDeletions(store) { min($0, now) }
        deletions = DeletionLedger()
        objectSizes = [:]
        var ofNone: [PairID] = []
        var kept: [PairID] = []
        try store.forEachDeletion(after: nil) { pair, deletion in
            deletions.add(deletion, of: pair, window: window(of: deletion.object))
            switch objects[deletion.object]?.mapping.specification.deletions.policy {
            case nil: ofNone.append(pair)
            case .keep: kept.append(pair)
            case .delete, .disable, .move:
                if deletion.state == .waiting || deletion.state == .approved { deletions.wait(pair, until: now) }
            }
            return true
        }
        // By another configuration there is nothing to be carried any more.
        for pair in ofNone { try setDeletion(nil, of: pair, store) }
        for pair in kept { try store.markDirty(pair, DirtyRecord(since: now, cause: .configuration)) }
    }

    /// When deletions were learned and carried is told by our clock, which may have been set.
    func redateDeletions(_ store: any StoreTransaction, _ date: (Timestamp) -> Timestamp) throws {
        var redated: [(PairID, Deletion)] = []
        try store.forEachDeletion(after: nil) { pair, deletion in
            var other = deletion
            other.learned = date(deletion.learned)
            if case .carried(let time) = deletion.state { other.state = .carried(date(time)) }
            if other != deletion { redated.append((pair, other)) }
            return true
        }
        for (pair, deletion) in redated { try store.put(deletion, of: pair) }
    }

    private func window(of object: String) -> Int64 {
        (objects[object]?.mapping.specification.deletions.limit ?? .usual).window
    }

    /// Every change of a row goes through here, so that the ledger is right.
    ///
    /// - Parameter state: how a hold ends when this was the last that it stopped.
    mutating func setDeletion(
        _ deletion: Deletion?,
        of pair: PairID,
        endingHoldAs state: Hold.State = .lapsed,
        _ store: any StoreTransaction
    ) throws {
        let old = try store.deletion(of: pair)
        guard old != deletion else { return }
        if let old { deletions.remove(old) }
        if let deletion {
            deletions.add(deletion, of: pair, window: window(of: deletion.object))
            try store.put(deletion, of: pair)
        } else {
            try store.removeDeletion(of: pair)
        }
        guard let old, case .held(let id) = old.state else { return }
        if deletions.held(DeletionLedger.Kind(object: old.object, side: old.side)) == 0 {
            try endHold(id, as: state, store, now: stepTime)
        }
    }

    /// The other side's entry is to follow: it counts from now on, before any that came with it is carried.
    mutating func learnDeletion(
        of pair: Pair,
        on side: Side,
        by author: String?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard pair.presence[side.opposite] == .present, let object = pair.object.flatMap({ objects[$0] }),
            object.mapping.specification.deletions.policy != .keep, !object.gate.isOpen,
            object.mapping.specification.direction.permits(writingTo: side.opposite)
        else { return }
        let deletion = Deletion(side: side.opposite, object: object.name, learned: now, author: author)
        try setDeletion(deletion, of: pair.id, store)
    }

    /// What is there again, or gone on both sides, is nobody's deletion to carry.
    mutating func forgetDeletion(ofNone pair: Pair, _ store: any StoreTransaction) throws {
        guard try store.count(.deletions) > 0, let deletion = try store.deletion(of: pair.id) else { return }
        let (here, there) = (pair.presence[deletion.side], pair.presence[deletion.side.opposite])
        if case .carried = deletion.state, here != .present { return }
        if here != .present || there != .deleted { try setDeletion(nil, of: pair.id, store) }
    }

    /// Whether the deletion may be carried now. If not, it is looked at again when its time has come, or a person has decided.
    mutating func admits(
        _ pair: Pair,
        deletedAt side: Side,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        var known = try store.count(.deletions) > 0 ? try store.deletion(of: pair.id) : nil
        // One that was to be carried to the other side, and came to nothing, is another one.
        if known?.side != side { known = nil }
        guard known != nil || !object.gate.isOpen else { return true }
        var deletion = known ?? Deletion(side: side, object: object.name, learned: now)
        try setDeletion(deletion, of: pair.id, store)
        let kind = DeletionLedger.Kind(object: object.name, side: side)
        var tally = deletions.tally(kind, now: now)
        tally.entries = try entries(of: object, kind, carried: tally.carried, store, now: now)
        switch object.gate.verdict(on: deletion, tally, now: now) {
        case .carry:
            if deletion.state == .waiting, hasRoom(side, for: pair.id) {
                deletion.state = .carried(now)
                try setDeletion(deletion, of: pair.id, store)
            }
            return true
        case .wait(let time):
            deletions.wait(pair.id, until: time)
            return false
        case .hold(let allowed):
            if case .held = deletion.state { return false }
            // Where one is open, those that waited when it was opened are held already.
            if let open = openHold(.deletions(object: kind.object, at: side)) {
                deletion.state = .held(open)
                try setDeletion(deletion, of: pair.id, store)
            } else {
                try hold(kind, because: cause(allowed: allowed, object), store, now: now)
            }
            return false
        }
    }

    /// All that are not carried: those that came first are no better than the last.
    private mutating func hold(
        _ kind: DeletionLedger.Kind,
        because cause: String,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let id = try openHold(.deletions(object: kind.object, at: kind.side), because: cause, store, now: now)
        var found: [(PairID, Deletion)] = []
        try store.forEachDeletion(after: nil) { pair, deletion in
            if deletion.state == .waiting, deletion.object == kind.object, deletion.side == kind.side {
                found.append((pair, deletion))
            }
            return true
        }
        for (pair, deletion) in found {
            var held = deletion
            held.state = .held(id)
            try setDeletion(held, of: pair, store)
        }
    }

    private func cause(allowed: Int, _ object: Object) -> String {
        let window = window(of: object.name)
        let time =
            switch window {
            case let window where window % 3_600_000 == 0: "\(window / 3_600_000) h"
            case let window where window % 60_000 == 0: "\(window / 60_000) min"
            default: "\(window / 1_000) s"
            }
        return "more than \(allowed) deletions within \(time), which is what `deletes: {limit: …}` allows"
    }

    /// How many entries the object has, those that were carried included; counted only as far as that decides anything, and not for each deletion anew.
    private mutating func entries(
        of object: Object,
        _ kind: DeletionLedger.Kind,
        carried: Int,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Int {
        guard let enough = object.gate.limit?.decidingEntries else { return 0 }
        if let size = objectSizes[kind], size.count >= enough || size.isFresh(at: now) { return size.count }
        var count = carried
        try store.forEachPairID(after: nil) { id in
            if try store.outline(id)?.object == object.name { count += 1 }
            return count < enough
        }
        objectSizes[kind] = DeletionLedger.Size(count: count, time: now)
        return count
    }

    /// All that wait for a person.
    package var heldDeletions: Int { deletions.allHeld }

    // MARK: Time

    /// Brings back deletions whose time has come, and forgets those that count no more.
    mutating func releaseDeletions(_ store: any StoreTransaction, now: Timestamp) throws {
        for pair in deletions.takeDue(now: now) {
            guard let state = try store.deletion(of: pair)?.state, state == .waiting || state == .approved else {
                continue
            }
            markDirty(pair, .retry, now: now)
        }
        for pair in deletions.takeExpired(now: now) {
            guard let deletion = try store.deletion(of: pair), case .carried(let time) = deletion.state,
                time.advanced(byMilliseconds: window(of: deletion.object)) <= now
            else { continue }
            try setDeletion(nil, of: pair, store)
        }
    }

    // MARK: A person decides

    /// Carries out a person's decision on what a hold stops. What is no longer held by it is left alone, and named.
    mutating func decide(
        _ id: HoldID,
        _ verdict: HoldVerdict,
        _ pairs: [PairID],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> HoldAnswer {
        guard openHolds[id] != nil else { return .noSuchHold }
        var moved: [PairID] = []
        var oneWay: [PairID] = []
        for pair in pairs {
            guard var deletion = try store.deletion(of: pair), deletion.state == .held(id) else {
                moved.append(pair)
                continue
            }
            let specification = objects[deletion.object]?.mapping.specification
            if verdict == .reject, specification?.direction.permits(writingTo: deletion.side.opposite) != true {
                oneWay.append(pair)
                continue
            }
            deletion.state = verdict == .approve ? .approved : .rejected
            try setDeletion(deletion, of: pair, endingHoldAs: verdict == .approve ? .approved : .rejected, store)
            markDirty(pair, .request, now: now)
        }
        return .decided(moved: moved, oneWay: oneWay)
    }
}

extension Engine.Object {
    var gate: DeletionGate {
        DeletionGate(
            grace: mapping.specification.deletions.grace,
            limit: mapping.specification.deletions.limit
        )
    }
}
