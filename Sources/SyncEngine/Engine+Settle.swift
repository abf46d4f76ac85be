import Mapping
package import SyncModel

/// What became of a write. The base moves by what a server has confirmed, never by what was planned.
extension Engine {
    mutating func settle(
        _ id: IntentID,
        _ outcome: WriteOutcome,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let intent = try store.intent(id) else { return }
        let side = intent.write.side
        try noteAccountChange(intent, outcome, store)
        var isAnswered = true
        defer { if isAnswered { forgetValues(of: intent) } }
        switch outcome {
        case .unavailable where intent.write.operation.isValueEdit:
            // Its memberships are still pending, and are decided anew.
            close(intent)
            try store.removeIntent(id)
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
            queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
            return
        case .unknown:
            isAnswered = false
            // It may have been carried out; nothing else is decided of this entry before it was read.
            close(intent)
            try repeatAsRead(intent, store, notBefore: now)
            return
        case .unavailable where intent.write.operation.isRead:
            isAnswered = false
            // Nothing else may be decided of the entry meanwhile, so the intent stays open.
            outstanding[side] -= 1
            postponedReads.append(PostponedRead(time: now.advanced(byMilliseconds: 1_000), write: intent.write))
            return
        default:
            close(intent)
            try store.removeIntent(id)
        }
        let isNew = try isNews(outcome, to: intent.write, store)
        switch outcome {
        case .done(let snapshot), .stale(let snapshot):
            let isStale = if case .stale = outcome { true } else { false }
            if case .read = intent.write.operation { notePlaceOutside(snapshot, side) }
            if case .confirmAbsence = intent.write.operation { try noteSeen(intent, store) }
            if isStale { count { $0.stale[side] += 1 } } else { try readClock(intent, snapshot, store, now: now) }
            try confirm(intent, snapshot, isStale: isStale, store, now: now)
            if isStale {
                try settleStaleEdit(intent, store, now: now)
            } else {
                try keepSettlements(of: intent, store)
                isAnswered = try settleRepeatedEdit(intent, snapshot, store, now: now)
            }
        case .stamped(let snapshot, let stamps):
            try settleStamps(intent, snapshot, stamps, store, now: now)
        case .edited(let snapshot, let refused, let absent):
            try settleEdit(intent, snapshot, refused: refused, absent: absent, store, now: now)
        case .found(let snapshots):
            try settleFound(intent, snapshots, store, now: now)
        case .deleted:
            try settleDeletion(intent, store, now: now)
        case .gone:
            try settleGone(intent, store, now: now)
        case .hidden:
            try settleHidden(intent, store, now: now)
        case .refused(let refusal):
            try settleRefusal(intent, refusal, store, now: now)
        case .unavailable, .unknown:
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
            queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
        }
        if isNew, let anchor = outcome.entry?.anchor {
            try readAround(anchor, wasKnown: false, side, store, now: now)
        }
    }

    /// Whether an answer shows an entry that is not known: it came into scope, or came back, before its feed told. What we have just added is new.
    private func isNews(_ outcome: WriteOutcome, to write: Write, _ store: any StoreTransaction) throws -> Bool {
        if case .add = write.operation { return false }
        return try outcome.entry.map { try store.outline(write.side, $0.anchor) == nil } ?? false
    }

    private mutating func close(_ intent: Intent) {
        let write = intent.write
        outstanding[write.side] -= 1
        noteClosed(write)
    }

    /// The intent stays, with its target, but asks what the entry holds.
    mutating func repeatAsRead(
        _ intent: Intent,
        _ store: any StoreTransaction,
        notBefore time: Timestamp
    ) throws {
        // What it writes is known by its names until its answer is, and what it may have written.
        noteValues(of: intent)
        var repeated = intent
        switch intent.write.operation {
        case .add(let name, _, _), .readName(let name):
            repeated.write.operation = .readName(name)
        case .modify(let anchor, _, _, _), .rename(let anchor, _, _, _), .read(let anchor),
            .readStamps(let anchor, _):
            repeated.write.operation = .read(anchor)
        case .delete(let anchor, _, _):
            repeated.write.operation = try .confirmAbsence(anchor, lastSeen(anchor, intent.write.side, store))
        case .editValues(let anchor, _, _):
            repeated.write.operation = .readMembers(anchor)
        case .readMembers, .readBelow, .readGroups, .confirmAbsence, .confirmEmpty:
            break
        }
        try postpone(repeated, until: time, store)
    }

    /// Notes an intent whose read is to be started later.
    mutating func postpone(
        _ intent: Intent,
        until time: Timestamp,
        awaitsNames: Bool = false,
        _ store: any StoreTransaction
    ) throws {
        try store.put(intent)
        noteOpen(intent.write)
        postponedReads.append(PostponedRead(time: time, write: intent.write, awaitsNames: awaitsNames))
    }

    /// Starts reads whose time has come, on sides that answer.
    mutating func startPostponedReads(now: Timestamp) {
        guard !postponedReads.isEmpty else { return }
        let waiting = postponedReads
        postponedReads = []
        for read in waiting {
            let side = read.write.side
            let isNamed = read.awaitsNames && namesAwaited[side].isEmpty
            if read.time <= now || isNamed, isConnected[side] {
                start(read.write)
            } else {
                postponedReads.append(read)
            }
        }
    }

    /// A server that makes something else of what is written would be written to for ever.
    mutating func countMismatch(
        _ intent: Intent,
        confirmed: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let pair = intent.write.pair
        guard !confirmed, !intent.write.operation.isRead else { return }
        mismatches[pair, default: 0] += 1
        guard mismatches[pair, default: 0] >= Engine.mismatchLimit else { return }
        mismatches[pair] = nil
        try setAside(
            pair,
            .refused(intent.write.side, Refusal.mismatch),
            retries: false,
            store,
            now: now
        )
    }

    static let mismatchLimit = 8

    private mutating func settleDeletion(
        _ intent: Intent,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if let anchor = intent.write.operation.anchor {
            try noteGoneAhead(anchor, intent.write.side, store)
            try ingestDeletion(of: anchor, intent.write.side, store, now: now)
        }
        markDirty(intent.write.pair, .retry, now: now)
    }

    /// No such entry. Only a read that looked for it may conclude that it is gone; for a write it is a reason to look.
    mutating func settleGone(
        _ intent: Intent,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        switch intent.write.operation {
        case .confirmAbsence(let anchor, _):
            try noteVerified(anchor, isThere: false, store)
            noteProvenGone(anchor, side)
            try noteGoneAhead(anchor, side, store)
            try ingestDeletion(of: anchor, side, store, now: now)
            if intent.write.pair != PairID(0) { markDirty(intent.write.pair, .retry, now: now) }
        case .delete(let anchor, _, _), .modify(let anchor, _, _, _), .rename(let anchor, _, _, _),
            .editValues(let anchor, _, _):
            try requestRead(.confirmAbsence(anchor, lastSeen(anchor, side, store)), side, store, now: now)
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
        case .readBelow, .readGroups: markDirty(intent.write.pair, .retry, now: now)
        case .read(let anchor), .readMembers(let anchor), .readStamps(let anchor, _), .confirmEmpty(let anchor, _):
            // The delete event is on its way; until it is here nothing is concluded, and the pair is looked at again.
            if try store.replica(side, anchor) != nil {
                try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
                queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
            } else if try store.pair(intent.write.pair) != nil {
                // The event came while this read was on its way, when nothing could be done about it.
                markDirty(intent.write.pair, .retry, now: now)
            }
        case .readName(let name):
            let present = try nameNow(of: intent, name, store) ?? nameOutside(of: intent, name, store)
            if let present, present.normalized != name.normalized {
                var repeated = intent
                repeated.write = Write(
                    id: try store.makeIntentID(),
                    pair: intent.write.pair,
                    side: side,
                    object: intent.write.object,
                    operation: .readName(present)
                )
                try open(repeated, store)
            } else if try !looksAgain(for: intent, store, now: now) {
                markDirty(intent.write.pair, .retry, now: now)
            }
        case .add:
            markDirty(intent.write.pair, .retry, now: now)
        }
    }

    /// Whether what was refused would be asked for by another name now: the container that it names was renamed, or moved, while the answer was on its way.
    private mutating func isNamedOtherwise(_ intent: Intent, _ store: any StoreTransaction) throws -> Bool {
        let asked: DistinguishedName
        switch intent.write.operation {
        case .add(let name, _, _): asked = name
        case .rename(let anchor, _, _, let name):
            asked = name
            // It was to stay where it stands.
            if !intent.target.contains(where: { $0.name == parentAttribute }) {
                let present = try self.name(of: anchor, intent.write.side, store)?.parent
                return present.map { $0.normalized != asked.parent?.normalized } ?? false
            }
        default: return false
        }
        return try nameNow(of: intent, asked, store).map { $0.normalized != asked.normalized } ?? false
    }

    private mutating func settleRefusal(
        _ intent: Intent,
        _ refusal: Refusal,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        count { $0.refused[side] += 1 }
        guard let before = try store.pair(intent.write.pair) else { return }
        if intent.write.operation.isValueEdit {
            for change in intent.links where !change.isVoid {
                try refuse(change.link, change.isPresent, refusal, of: before.id, store, now: now)
            }
            try noteRefusals(of: before.id, store, now: now)
            markDirty(before.id, .membership, now: now)
            return
        }
        if intent.write.operation.givesName, side == .ad, refusal.reason == .nameTaken, before.nameCounter < 99,
            before.kind != .container
        {
            try settleTakenName(intent, before, store, now: now)
            return
        }
        if refusal.reason == .noParent, try isNamedOtherwise(intent, store) {
            markDirty(before.id, .retry, now: now)
            return
        }
        if refusal.reason == .nameTaken || refusal.reason == .valueTaken,
            try standAside(intent, before, store, now: now)
        {
            return
        }
        if try noteUnseen(intent, refusal, store) {
            markDirty(before.id, .retry, now: now)
            return
        }
        let retries = [.noParent, .nameTaken, .valueTaken, .notAllowed, .notLeaf, .other].contains(refusal.reason)
        try setAside(before.id, .refused(side, refusal), retries: retries, store, now: now)
        // Its members need not wait for what it is called.
        if hasMemberships { try processLinks(before, store, now: now) }
        // What it holds now may be taken. Where it is in the queue for another write that waits, nothing is different yet.
        if passedOver.remove(before.id) != nil { markDirty(before.id, .retry, now: now) }
    }
}

extension Refusal {
    static let mismatch = Refusal(
        reason: .invalid,
        code: 0,
        message: "the server stores something else than what is written to it, each time"
    )
}

extension WriteOutcome {
    /// What the one entry holds that was written or asked for.
    fileprivate var entry: EntrySnapshot? {
        switch self {
        case .done(let snapshot), .stale(let snapshot), .stamped(let snapshot, _), .edited(let snapshot, _, _): snapshot
        case .deleted, .found, .gone, .hidden, .refused, .unavailable, .unknown: nil
        }
    }
}

extension QuarantineRecord {
    var isMismatch: Bool {
        if case .refused(_, Refusal.mismatch) = reason { return true }
        return false
    }
}

extension WriteOperation {
    /// Whether the operation changes nothing on the server.
    package var isRead: Bool {
        switch self {
        case .read, .readName, .confirmAbsence, .confirmEmpty, .readMembers, .readBelow, .readGroups, .readStamps: true
        case .add, .modify, .rename, .delete, .editValues: false
        }
    }

    /// The values of an edit that go.
    var removedValues: [Octets] {
        if case .editValues(_, _, let edits) = self { return edits.remove }
        return []
    }

    var isValueEdit: Bool {
        if case .editValues = self { return true }
        return false
    }

    /// Whether the operation gives an entry a name that another may have.
    var givesName: Bool {
        switch self {
        case .add, .rename: true
        case .modify, .delete, .editValues, .read, .readName, .confirmAbsence, .confirmEmpty, .readMembers, .readBelow,
            .readGroups, .readStamps:
            false
        }
    }

    /// The name under which an entry may have come to stand.
    var addedName: DistinguishedName? {
        switch self {
        case .add(let name, _, _), .readName(let name): name
        default: nil
        }
    }

    package var anchor: Anchor? {
        switch self {
        case .modify(let anchor, _, _, _), .rename(let anchor, _, _, _), .delete(let anchor, _, _), .read(let anchor),
            .confirmAbsence(let anchor, _), .confirmEmpty(let anchor, _), .editValues(let anchor, _, _),
            .readMembers(let anchor), .readBelow(let anchor), .readGroups(let anchor), .readStamps(let anchor, _):
            anchor
        case .add, .readName: nil
        }
    }
}
