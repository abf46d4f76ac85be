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
        switch outcome {
        case .unknown where intent.write.operation.isValueEdit, .unavailable where intent.write.operation.isValueEdit:
            // Its memberships are still pending, and are decided anew; to write one twice does no harm.
            close(intent)
            try store.removeIntent(id)
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
            queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
            return
        case .unknown:
            // It may have been carried out; nothing else is decided of this entry before it was read.
            close(intent)
            try repeatAsRead(intent, store, notBefore: now)
            return
        case .unavailable where intent.write.operation.isRead:
            // Nothing else may be decided of the entry meanwhile, so the intent stays open.
            outstanding[side] -= 1
            postponedReads.append((now.advanced(byMilliseconds: 1_000), intent.write))
            return
        default:
            close(intent)
            try store.removeIntent(id)
        }
        switch outcome {
        case .done(let snapshot), .stale(let snapshot):
            if case .stale = outcome { count { $0.stale[side] += 1 } }
            try confirm(intent, snapshot, store, now: now)
        case .edited(let snapshot, let refused):
            try settleEdit(intent, snapshot, refused: refused, store, now: now)
        case .found(let snapshots):
            try settleFound(intent, snapshots, store, now: now)
        case .deleted:
            try settleDeletion(intent, store, now: now)
        case .gone:
            try settleGone(intent, store, now: now)
        case .refused(let refusal):
            try settleRefusal(intent, refusal, store, now: now)
        case .unavailable, .unknown:
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
            queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
        }
    }

    private mutating func close(_ intent: Intent) {
        let write = intent.write
        outstanding[write.side] -= 1
        openIntents[write.side].remove(write.id)
        let left = (inFlight[write.pair] ?? 1) - 1
        inFlight[write.pair] = left > 0 ? left : nil
        if let name = write.operation.addedName { namesBeingAdded[write.side][name.normalized] = nil }
    }

    /// The intent stays, with its target, but asks what the entry holds.
    mutating func repeatAsRead(
        _ intent: Intent,
        _ store: any StoreTransaction,
        notBefore time: Timestamp
    ) throws {
        guard !intent.write.operation.isValueEdit else {
            try store.removeIntent(intent.write.id)
            try store.markDirty(intent.write.pair, DirtyRecord(since: time, cause: .retry))
            return
        }
        var repeated = intent
        switch intent.write.operation {
        case .add(let name, _, _), .readName(let name):
            repeated.write.operation = .readName(name)
        case .modify(let anchor, _, _, _), .rename(let anchor, _, _, _), .read(let anchor):
            repeated.write.operation = .read(anchor)
        case .delete(let anchor, _, _), .confirmAbsence(let anchor):
            repeated.write.operation = .confirmAbsence(anchor)
        case .readMembers, .readBelow, .readGroups, .editValues:
            break
        }
        try store.put(repeated)
        inFlight[repeated.write.pair, default: 0] += 1
        openIntents[repeated.write.side].insert(repeated.write.id)
        if let name = repeated.write.operation.addedName {
            namesBeingAdded[repeated.write.side][name.normalized] = repeated.write.pair
        }
        postponedReads.append((time, repeated.write))
    }

    /// Starts reads whose time has come, on sides that answer.
    mutating func startPostponedReads(now: Timestamp) {
        guard !postponedReads.isEmpty else { return }
        let waiting = postponedReads
        postponedReads = []
        for read in waiting {
            if read.time <= now && isConnected[read.write.side] {
                start(read.write)
            } else {
                postponedReads.append(read)
            }
        }
    }

    /// Takes in what the entry holds now, and moves the base by those attributes that hold what was written.
    private mutating func confirm(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        guard let found = try store.pair(intent.write.pair), let object = found.object.flatMap({ objects[$0] }) else {
            try takeIn(snapshot, side, store, now: now)
            return
        }
        guard found.presence[side] != .deleted || intent.target.isEmpty && !isGoneMeanwhile(snapshot, side) else {
            // The feed has seen its deletion since; this answer is older.
            markDirty(found.id, .retry, now: now)
            return
        }
        let attributes = try withResolvedReferences(
            object.mapping.selected(side, snapshot.attributes),
            side,
            object,
            store
        )
        var target = Attributes()
        for change in intent.target { target[change.name] = change.values }

        var before = found
        if found.anchors[side] == nil {
            guard try isOurs(intent, target, attributes, found, object, store),
                let claimed = try claim(snapshot.anchor, for: found, side, store, now: now)
            else {
                try takeIn(snapshot, side, store, now: now)
                markDirty(found.id, .retry, now: now)
                return
            }
            before = claimed
            try notePlaceholder(intent, snapshot, object, store)
        }
        var pair = before
        for change in try confirmed(intent, target, attributes, pair, object, store) {
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[change.name] = change.agreed
        }
        if let parent = intent.target.first(where: { $0.name == parentAttribute }),
            let container = try container(parent.values.first, object, side, store),
            object.mapping.specification.isFlat || container.normalized == snapshot.name.parent?.normalized
        {
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[parentAttribute] = parent.values
        }
        if pair != before { try store.put(pair, replacing: before) }
        try countMismatch(
            intent,
            confirmed: intent.target.allSatisfy { pair.base?[$0.name] ?? [] == $0.agreed },
            store,
            now: now
        )
        try takeIn(snapshot, side, store, now: now)
        if try store.quarantine(pair.id)?.isMismatch != true { markDirty(pair.id, .retry, now: now) }
    }

    /// Those of an intent's changes that the entry now shows.
    private func confirmed(
        _ intent: Intent,
        _ target: Attributes,
        _ attributes: Attributes,
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [Intent.CanonicalChange] {
        let changes = intent.target.filter { $0.name != parentAttribute }
        func isShown(_ names: [String]) throws -> Bool {
            let rest = try object.mapping.changes(
                intent.write.side,
                to: target,
                of: names,
                current: attributes,
                nameCounter: pair.nameCounter,
                resolver: StoreResolver(store: store)
            )
            return rest.changes.isEmpty && rest.newRDN == nil && rest.waitsFor.isEmpty
        }
        // Most often the server holds just what was written.
        if try isShown(changes.map(\.name)) { return changes }
        return try changes.filter { try isShown([$0.name]) }
    }

    /// A new group was made with the placeholder that its class demands.
    private func notePlaceholder(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        guard intent.write.side == .miniorange, let membership = object.mapping.specification.membership,
            membership.form.holder == .group, membership.placeholder != nil
        else { return }
        let row = LinkID(side: .miniorange, group: snapshot.anchor, member: .placeholder)
        try store.put(Link(sources: .group, version: snapshot.version), for: row)
    }

    /// Whether an entry that stands under the name of an add is what was added: after a lost answer it might be another's.
    private func isOurs(
        _ intent: Intent,
        _ target: Attributes,
        _ attributes: Attributes,
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard case .readName = intent.write.operation else { return true }
        let rest = try object.mapping.changes(
            intent.write.side,
            to: target,
            of: target.names.filter { $0 != parentAttribute },
            current: attributes,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        if rest.changes.isEmpty && rest.newRDN == nil { return true }
        // Someone may have changed it since. Who has this name and is matched with the added one by a rule is the same person in any case.
        let added = try object.mapping.newEntry(
            intent.write.side,
            target: target,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        let rules = object.mapping.specification.match.count
        let keys = object.mapping.keys(intent.write.side, added.attributes).filter { Int($0.bytes[0]) < rules }
        return object.mapping.keys(intent.write.side, attributes).contains { keys.contains($0) }
    }

    /// Gives the pair its entry on `side`. The feed may have brought it first, as a pair of its own; that one is absorbed.
    private mutating func claim(
        _ anchor: Anchor,
        for pair: Pair,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Pair? {
        if let id = try store.pairID(side, anchor), id != pair.id, let other = try store.pair(id) {
            guard other.anchors[side.opposite] == nil, inFlight[id] == nil else { return nil }
            for waiter in try store.takeWaiters(on: id) { markDirty(waiter, .reference, now: now) }
            try discard(other, store)
        }
        var claimed = pair
        claimed.anchors[side] = anchor
        // The replica may have come by the feed already.
        claimed.presence[side] = try store.replica(side, anchor) == nil ? .missing : .present
        try store.put(claimed, replacing: pair)
        if claimed.presence[side] == .present {
            try wakeWaiters(on: pair.id, store, now: now)
            try releaseLinks(of: claimed, store, now: now)
        }
        return claimed
    }

    /// A server that makes something else of what is written would be written to for ever.
    private mutating func countMismatch(
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
            try ingestDeletion(of: anchor, intent.write.side, store, now: now)
        }
        markDirty(intent.write.pair, .retry, now: now)
    }

    /// No such entry. Only a read that looked for it may conclude that it is gone; for a write it is a reason to look.
    private mutating func settleGone(
        _ intent: Intent,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        switch intent.write.operation {
        case .confirmAbsence(let anchor):
            try ingestDeletion(of: anchor, side, store, now: now)
            if intent.write.pair != PairID(0) { markDirty(intent.write.pair, .retry, now: now) }
        case .delete(let anchor, _, _), .modify(let anchor, _, _, _), .rename(let anchor, _, _, _),
            .editValues(let anchor, _, _):
            try requestRead(.confirmAbsence(anchor), side, store, now: now)
            try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
        case .readBelow, .readGroups: break
        case .read(let anchor), .readMembers(let anchor):
            // The delete event is on its way; until it is here nothing is concluded, and the pair is looked at again.
            if try store.replica(side, anchor) != nil {
                try store.markDirty(intent.write.pair, DirtyRecord(since: now, cause: .retry))
                queue.delay(intent.write.pair, until: now.advanced(byMilliseconds: 1_000))
            } else if try store.pair(intent.write.pair) != nil {
                // The event came while this read was on its way, when nothing could be done about it.
                markDirty(intent.write.pair, .retry, now: now)
            }
        case .readName(let name):
            if let present = try nameNow(of: intent, name, store), present.normalized != name.normalized {
                var repeated = intent
                repeated.write = Write(
                    id: try store.makeIntentID(),
                    pair: intent.write.pair,
                    side: side,
                    object: intent.write.object,
                    operation: .readName(present)
                )
                try open(repeated, store)
            } else {
                markDirty(intent.write.pair, .retry, now: now)
            }
        case .add:
            markDirty(intent.write.pair, .retry, now: now)
        }
    }

    /// The name that an added entry has if it was added: its container may have been renamed since.
    private mutating func nameNow(
        of intent: Intent,
        _ name: DistinguishedName,
        _ store: any StoreTransaction
    ) throws -> DistinguishedName? {
        guard let object = intent.write.object.flatMap({ objects[$0] }), let leaf = name.leaf,
            let parent = intent.target.first(where: { $0.name == parentAttribute })?.values.first
        else { return nil }
        return try container(parent, object, intent.write.side, store)?.child(leaf)
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
            for change in intent.links {
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
        let retries = [.noParent, .nameTaken, .valueTaken, .notAllowed, .notLeaf, .other].contains(refusal.reason)
        try setAside(before.id, .refused(side, refusal), retries: retries, store, now: now)
        // It moved while the refused write was on its way: what it holds now may be taken.
        if try store.dirty(before.id) != nil { markDirty(before.id, .retry, now: now) }
    }
}

extension Refusal {
    static let mismatch = Refusal(
        reason: .invalid,
        code: 0,
        message: "the server stores something else than what is written to it, each time"
    )
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
        case .read, .readName, .confirmAbsence, .readMembers, .readBelow, .readGroups: true
        case .add, .modify, .rename, .delete, .editValues: false
        }
    }

    var isValueEdit: Bool {
        if case .editValues = self { return true }
        return false
    }

    /// Whether the operation gives an entry a name that another may have.
    var givesName: Bool {
        switch self {
        case .add, .rename: true
        case .modify, .delete, .editValues, .read, .readName, .confirmAbsence, .readMembers, .readBelow, .readGroups:
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
            .confirmAbsence(let anchor), .editValues(let anchor, _, _), .readMembers(let anchor),
            .readBelow(let anchor),
            .readGroups(let anchor):
            anchor
        case .add, .readName: nil
        }
    }
}
