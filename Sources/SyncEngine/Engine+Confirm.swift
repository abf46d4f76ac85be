import Mapping
import Reconcile
import SyncModel

/// The base moves by what a server has confirmed, never by what was planned.
extension Engine {
    /// Takes in what the entry holds now, and moves the base by those attributes that hold what was written.
    mutating func confirm(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        isStale: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        let snapshot = isStale ? snapshot : intent.write.operation.withOwnEmptied(snapshot)
        guard let found = try store.pair(intent.write.pair), let object = found.object.flatMap({ objects[$0] }) else {
            try takeIn(snapshot, side, answering: intent.write.id, store, now: now)
            // What only gives others their place waited for the answer, too.
            if let place = try store.pair(intent.write.pair) { markDirty(place.id, .retry, now: now) }
            return
        }
        guard found.presence[side] != .deleted || intent.target.isEmpty && !isGoneMeanwhile(snapshot, side) else {
            // The feed has seen its deletion since; this answer is older.
            markDirty(found.id, .retry, now: now)
            return
        }
        let attributes = try withResolvedReferences(
            object.mapping.selected(side, snapshot.attributes),
            of: snapshot,
            side,
            object,
            store
        )
        var target = Attributes()
        for change in intent.target { target[change.name] = change.values }

        var before = found
        if found.anchors[side] == nil {
            notFound.remove(found.id)
            guard try isOurs(intent, target, attributes, found, object, store),
                let claimed = try claim(snapshot.anchor, for: found, side, store, now: now)
            else {
                try takeIn(snapshot, side, answering: intent.write.id, store, now: now)
                markDirty(found.id, .retry, now: now)
                return
            }
            before = claimed
            try forgetObstacle(toMaking: found.id, side, store)
            try notePlaceholder(intent, snapshot, object, store, now: now)
        }
        var pair = before
        let confirmed = try confirmed(intent, target, attributes, pair, object, store)
        for change in confirmed {
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[change.name] = change.agreed
        }
        if intent.write.operation.addedName != nil { noteNewAccount(intent, attributes, object, &pair, now: now) }
        if let parent = intent.target.first(where: { $0.name == parentAttribute }),
            let container = try container(parent.values.first, object, side, store),
            object.mapping.specification.isFlat || container.normalized == snapshot.name.parent?.normalized
        {
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[parentAttribute] = parent.values
        }
        if pair != before { try store.put(pair, replacing: before) }
        // The feed may have told what became of it since, when nothing was agreed on yet.
        if found.anchors[side] == nil, let known = try store.replica(side, snapshot.anchor) {
            try noteBar(known, from: known, pair, store, now: now)
        }
        let isMisplaced = try isStale && asksForContainers(above: snapshot, side, store, now: now)
        try countMismatch(
            intent,
            confirmed: isMisplaced || intent.target.allSatisfy { pair.base?[$0.name] ?? [] == $0.agreed },
            store,
            now: now
        )
        try takeIn(snapshot, side, answering: intent.write.id, store, now: now)
        try withholdConfirmed(confirmed.map(\.name), attributes, of: snapshot.anchor, side, object, store, now: now)
        if isMisplaced {
            keepDirty(pair.id, now: now)
            return queue.delay(pair.id, until: now.advanced(byMilliseconds: 1_000))
        }
        // What shows it although the write was refused was set by somebody else.
        if !isStale { try noteOwnValues(intent, snapshot, store, now: now) }
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
        // By another mapping since, an attribute may not be looked at any more, or not be written there: then nothing would be missed, whatever stands there.
        let changes = intent.target.filter {
            $0.name != parentAttribute && object.reconciler.writes($0.name, to: intent.write.side)
        }
        func isShown(_ names: [String], of target: Attributes) throws -> Bool {
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
        if try isShown(changes.map(\.name), of: target) { return changes }
        // What stands in for a value that is missing may come from one that was not written.
        var whole = pair.base ?? Attributes()
        for change in changes { whole[change.name] = change.values }
        return try changes.filter { try isShown([$0.name], of: whole) }
    }

    /// A new account may be disabled although it was made to be enabled: a server that takes no password with an add makes it so. Nobody disabled it, so that
    /// is what both last agreed on, and enabling it is what is left to do.
    private func noteNewAccount(
        _ intent: Intent,
        _ attributes: Attributes,
        _ object: Object,
        _ pair: inout Pair,
        now: Timestamp
    ) {
        // That the password must be changed is AD's own wish where nobody else has it, and goes to the other side.
        for change in intent.target where object.demands.contains(change.name) {
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[change.name] = change.agreed
        }
        for bar in object.mapping.bars(intent.write.side, attributes, at: now) {
            guard case .disabled(let disabled) = bar.kind, pair.base?[bar.name].isEmpty != false,
                intent.target.contains(where: { $0.name == bar.name && $0.values != disabled })
            else { continue }
            if pair.base == nil { pair.base = Attributes() }
            pair.base?[bar.name] = disabled
        }
    }

    /// A new group was made with the placeholder that its class demands.
    private mutating func notePlaceholder(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard intent.write.side == .miniorange, let membership = object.mapping.specification.membership,
            membership.form.holder == .group, membership.placeholder != nil
        else { return }
        guard case .add = intent.write.operation else {
            // Found by its name after a lost answer: it may have members since, or may have been somebody else's.
            try requestRead(.readMembers(snapshot.anchor), .miniorange, store, now: now)
            return
        }
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
        let side = intent.write.side
        if !object.mapping.specification.direction.permits(writingTo: side) {
            // By another configuration since nothing is written there, so nothing is missed: what it shows tells, in the light of what it was made from.
            let source = try pair.anchors[side.opposite].flatMap { try store.replica(side.opposite, $0)?.attributes }
            let shown = try object.mapping.canonical(
                ad: side == .ad ? attributes : source,
                miniorange: side == .miniorange ? attributes : source,
                base: target,
                nameCounter: pair.nameCounter,
                resolver: StoreResolver(store: store)
            )[side]
            // By that configuration some of it may not be looked at.
            let names = target.names.filter { $0 != parentAttribute && object.reconciler.hasRule($0) }
            if let shown, names.allSatisfy({ shown.values[$0] == target[$0] }) { return true }
            // Of who is matched by what was written it may have been changed since.
            let matching = object.mapping.specification.match.map { $0.ad.lowercased() }.filter { !target[$0].isEmpty }
            if let shown, matching.contains(where: { shown.values[$0] == target[$0] }) { return true }
        } else if rest.changes.isEmpty && rest.newRDN == nil {
            return true
        }
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

    /// What is being asked of a pair is asked for another one from now on. False where something is being written for it.
    private mutating func takeOverReads(of pair: PairID, by other: PairID, _ store: any StoreTransaction) throws -> Bool
    {
        guard let count = inFlight[pair] else { return true }
        let open = try store.intents().filter { $0.write.pair == pair }
        guard open.allSatisfy({ $0.write.operation.isRead && $0.target.isEmpty && $0.links.isEmpty }) else {
            return false
        }
        for intent in open {
            var moved = intent
            moved.write.pair = other
            try store.put(moved)
        }
        inFlight[pair] = nil
        inFlight[other, default: 0] += count
        return true
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
            guard other.anchors[side.opposite] == nil, try takeOverReads(of: id, by: pair.id, store) else { return nil }
            for waiter in try store.takeWaiters(on: id) { markDirty(waiter, .reference, now: now) }
            for referrer in try store.takeReferrers(of: id) { try store.noteReferrer(referrer, of: pair.id) }
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
}
