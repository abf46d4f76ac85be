import Mapping
import Reconcile
import SyncModel

/// How two unpaired replicas become a pair, once: by match rules in their order, exact, and unique on both sides. Anything else is for a person.
extension Engine {
    enum JoinDecision: Hashable {
        /// No entry of the other side fits: one is to be made.
        case alone
        case join(PairID)
        case ambiguous(rule: Int, candidates: [Anchor])
        /// Two who were each known on both sides, as two people, have come to be matched: they are not one, nor can both be called alike.
        case namesakes(rule: Int, other: Anchor)
        /// It can't be said yet: a side is not completely known, or something is yet to be done about the candidate. With what is left of someone who was deleted
        /// on the other side, and has come back there: that is to be asked for, whether it is still there itself.
        case wait(asking: Leftover?)
    }

    /// An entry whose counterpart was deleted.
    struct Leftover: Hashable, Sendable {
        var side: Side
        var anchor: Anchor
        /// Who is there now in the counterpart's place.
        var returned: Anchor
    }

    /// Joins a half pair with its counterpart. Nil where the pair is done with for now: it waits, or is set aside.
    mutating func joinedIfPossible(
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Pair? {
        guard let side = Side.allCases.first(where: { pair.presence[$0] == .present }),
            pair.anchors[side.opposite] == nil, pair.presence[side.opposite] == .missing,
            let anchor = pair.anchors[side], let replica = try store.replica(side, anchor)
        else { return pair }
        if pair.kind == .container {
            switch try joinByPlace(pair, store, now: now) {
            case .joined(let joined): return joined
            case .alone: break
            case .waiting: return nil
            }
        }
        // Another one's add may be what this entry is: the answer tells.
        if try isAdded(replica, byAnotherThan: pair.id, store) {
            keepDirty(pair.id, now: now)
            queue.delay(pair.id, until: now.advanced(byMilliseconds: Engine.joinDelay))
            return nil
        }
        switch try joinDecision(for: pair, replica, by: replica.keys, object, store) {
        case .alone:
            return pair
        case .join(let other):
            guard let counterpart = try store.pair(other) else { return pair }
            return try join(pair, counterpart, store, now: now)
        case .ambiguous(let rule, let candidates):
            try setAsideAmbiguous(pair.id, rule, candidates, store, now: now)
            return nil
        case .namesakes(let rule, let other):
            try setAsideAmbiguous(pair.id, rule, [other], store, now: now)
            return nil
        case .wait(let leftover):
            try awaitJoin(pair.id, asking: leftover, store, now: now)
            return nil
        }
    }

    /// A change of any of them has it tried again.
    private mutating func setAsideAmbiguous(
        _ pair: PairID,
        _ rule: Int,
        _ candidates: [Anchor],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let reason = QuarantineReason.ambiguousMatch(rule: rule, candidates: candidates)
        try setAside(pair, reason, retries: false, store, now: now)
        try store.clearDirty(pair)
    }

    /// A name that is being added: who waits for the answer, and its leaf, which it keeps where its container is renamed meanwhile.
    struct BeingAdded {
        var pair: PairID
        var leaf: Octets?
    }

    /// Whether an entry may come of another pair's add, by the name that the added one has by now. Several may be adding one by the same name.
    private mutating func isAdded(
        _ replica: Replica,
        byAnotherThan pair: PairID,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let side = replica.side
        guard !namesBeingAdded[side].isEmpty, let name = try name(of: replica, store) else { return false }
        if namesBeingAdded[side][name.normalized]?.contains(where: { $0.pair != pair }) == true { return true }
        let leaf = replica.rdn.normalized
        guard namesBeingAdded[side].values.joined().contains(where: { $0.leaf == leaf && $0.pair != pair }) else {
            return false
        }
        for intent in try store.intents() where intent.write.side == side && intent.write.pair != pair {
            guard let added = intent.write.operation.addedName, added.leaf?.normalized == leaf else { continue }
            if try nameNow(of: intent, added, store)?.normalized == name.normalized { return true }
        }
        return false
    }

    private mutating func awaitJoin(
        _ pair: PairID,
        asking leftover: Leftover?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if let leftover { try verify(leftover, store, now: now) }
        keepDirty(pair, now: now)
        // Until both sides were read completely the end of the reading wakes it; afterwards nothing tells.
        if try store.isLoaded(.ad), try store.isLoaded(.miniorange) {
            queue.delay(pair, until: now.advanced(byMilliseconds: Engine.joinDelay))
        }
    }

    /// Holds: the entry is to be made again on a side where it was deleted, as `target` has it. Who has come back there by himself is joined instead: he is known by what it
    /// is to hold, since a server that was set back may show it by what is another one's now. Nil where the pair is done with for now.
    mutating func joinedWithReturned(
        _ pair: Pair,
        _ replica: Replica,
        _ target: Attributes,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Pair? {
        guard pair.kind != .container else { return pair }
        let keys = try keysMadeAgain(pair, replica, target, object, store)
        switch try joinDecision(for: pair, replica, by: keys, object, store) {
        case .alone, .ambiguous: return pair
        case .join(let other):
            guard let returned = try store.pair(other) else { return pair }
            markDirty(try join(pair, returned, store, now: now).id, .retry, now: now)
        case .namesakes(let rule, let other): try setAsideAmbiguous(pair.id, rule, [other], store, now: now)
        case .wait(let leftover):
            toBeMadeAgain.insert(pair.id)
            try awaitJoin(pair.id, asking: leftover, store, now: now)
        }
        return nil
    }

    /// What the entry will be matched by once it is made again; by what nobody writes there it is matched as it is shown.
    private func keysMadeAgain(
        _ pair: Pair,
        _ replica: Replica,
        _ target: Attributes,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [Octets] {
        let side = replica.side.opposite
        let made = try object.mapping.newEntry(
            side,
            target: target,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        var keys = object.mapping.keys(side, made.attributes)
        for (rule, match) in object.mapping.specification.match.enumerated() {
            let attribute = CaseFolding.lowercaseName(replica.side == .ad ? match.ad : match.miniorange)
            let names = object.canonicalNames(of: attribute, replica.side)
            if names.contains(where: { object.reconciler.writes($0, to: side) }) { continue }
            keys += replica.keys.filter { $0.bytes.first == UInt8(rule) }
        }
        return keys
    }

    /// How long a pair waits for the answer to another one's write, in milliseconds.
    private static let joinDelay: Int64 = 100

    /// Holds: `pair` has an entry on `side` only, and it is present; that of the other side is missing or deleted. It is to be matched by `keys`.
    private func joinDecision(
        for pair: Pair,
        _ replica: Replica,
        by matching: [Octets],
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> JoinDecision {
        let side = replica.side
        guard try store.isLoaded(side.opposite) else { return .wait(asking: nil) }
        // Who came into the scope with his container may be the one.
        if pair.kind != .container, readsBelow[side.opposite] > 0 { return .wait(asking: nil) }
        // Protected accounts are never matched by name.
        guard !replica.isProtected else { return .alone }
        for rule in object.mapping.specification.match.indices {
            let keys = matching.filter { $0.bytes.first == UInt8(rule) }
            guard !keys.isEmpty else { continue }
            var candidates: [Anchor] = []
            for key in keys {
                candidates += try unpaired(side.opposite, key, object, except: nil, store)
            }
            candidates = Array(Set(candidates)).sorted()
            guard let candidate = candidates.first else { continue }
            // Unique on this side can only be said when all of it is known.
            guard try store.isLoaded(side) else { return .wait(asking: nil) }
            var rivals: [Anchor] = []
            for key in keys { rivals += try unpaired(side, key, object, except: replica.anchor, store) }
            guard candidates.count == 1, rivals.isEmpty else {
                return .ambiguous(rule: rule, candidates: candidates + Array(Set(rivals)).sorted())
            }
            guard let id = try store.pairID(side.opposite, candidate) else { return .wait(asking: nil) }
            if inFlight[id] != nil { return .wait(asking: nil) }
            let found = try store.outline(id)
            let isLeft = found?.presence[side] == .deleted
            // Its deletion goes first, unless that waits for something.
            if try isLeft && found?.anchors[side] != nil && isUndecided(id, store) { return .wait(asking: nil) }
            if let other = try store.replica(side.opposite, candidate) {
                if other.isProtected { continue }
                // What has this key there must also be the only one with it in the eyes of the candidate.
                var back: [Anchor] = []
                for key in other.keys where key.bytes.first == UInt8(rule) {
                    back += try unpaired(side, key, object, except: replica.anchor, store)
                }
                guard back.isEmpty else { return .ambiguous(rule: rule, candidates: [candidate] + back) }
                if isLeft, try areTwo((pair, replica), (store.pair(id), other), by: rule, object, store) {
                    return .namesakes(rule: rule, other: candidate)
                }
            }
            var leftovers: [Leftover] = []
            if isLeft { leftovers.append(Leftover(side: side.opposite, anchor: candidate, returned: replica.anchor)) }
            if pair.presence[side.opposite] == .deleted {
                leftovers.append(Leftover(side: side, anchor: replica.anchor, returned: candidate))
            }
            // Else a deletion that is on its way here would be one of the joined pair, although it was before the return.
            return leftovers.first { !leftoversSeen.contains($0) }.map { .wait(asking: $0) } ?? .join(id)
        }
        return .alone
    }

    /// Whether entries that lost their counterparts were agreed on with these as two people, by the rule that matches them now. Of one pair, one would have the other's
    /// memberships and password.
    private func areTwo(
        _ one: (pair: Pair, replica: Replica),
        _ other: (pair: Pair?, replica: Replica),
        by rule: Int,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let otherPair = other.pair, let base = one.pair.base, let otherBase = otherPair.base else { return false }
        let keys = try keysMadeAgain(one.pair, one.replica, base, object, store)
        let otherKeys = try keysMadeAgain(otherPair, other.replica, otherBase, object, store)
        func names(_ keys: [Octets]) -> Set<Octets> { Set(keys.filter { $0.bytes.first == UInt8(rule) }) }
        return names(keys) != names(otherKeys)
    }

    /// Entries with this key that have no counterpart, or none any more.
    private func unpaired(
        _ side: Side,
        _ key: Octets,
        _ object: Object,
        except own: Anchor?,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        try store.anchors(side, key: key, limit: 16).filter { anchor in
            guard anchor != own, let id = try store.pairID(side, anchor), let pair = try store.outline(id) else {
                return false
            }
            guard pair.object == object.name, pair.presence[side] == .present else { return false }
            if pair.anchors[side.opposite] == nil { return true }
            return try pair.presence[side.opposite] == .deleted && store.quarantine(id)?.isVanished != true
        }
    }

    /// Whether the pair is yet to be looked at, and that could carry the deletion of its counterpart. Two that are both to be made again wait for no deletion.
    private func isUndecided(_ pair: PairID, _ store: any StoreTransaction) throws -> Bool {
        guard !toBeMadeAgain.contains(pair), try unsaved[pair] != nil || store.dirty(pair) != nil else { return false }
        switch try store.deletion(of: pair)?.state {
        case .waiting, .held, .rejected: return false
        case .approved, .carried, nil: return true
        }
    }

    /// Asks for what is left of someone who has come back. What it answers is known in this process only, and then asked for again.
    mutating func verify(_ leftover: Leftover, _ store: any StoreTransaction, now: Timestamp) throws {
        leftoversAsked[leftover.anchor] = leftover
        let lastSeen = try lastSeen(leftover.anchor, leftover.side, store)
        try requestRead(.confirmAbsence(leftover.anchor, lastSeen), leftover.side, store, now: now)
    }

    /// The answer about an entry that was asked for by `verify`, if it was: who came back waits for it.
    mutating func noteVerified(_ anchor: Anchor, isThere: Bool, _ store: any StoreTransaction) throws {
        guard let leftover = leftoversAsked.removeValue(forKey: anchor) else { return }
        if isThere { leftoversSeen.insert(leftover) }
        if let waiting = try store.pairID(leftover.side.opposite, leftover.returned) { queue.append(waiting) }
    }

    /// Makes one pair of two halves; the older id stays, and so does what was last agreed on.
    mutating func join(
        _ first: Pair,
        _ second: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Pair {
        let (kept, absorbed) = first.id < second.id ? (first, second) : (second, first)
        var pair = kept
        for side in Side.allCases {
            for half in [kept, absorbed] where half.presence[side] == .deleted {
                if let gone = half.anchors[side] { try pendLeftovers(of: gone, side, half.kind, store) }
            }
            guard kept.anchors[side] == nil || kept.presence[side] == .deleted else { continue }
            pair.anchors[side] = absorbed.anchors[side]
            pair.presence[side] = absorbed.presence[side]
        }
        pair.base = kept.base ?? absorbed.base
        for leftover in leftoversSeen where pair.anchors[leftover.side] == leftover.anchor {
            leftoversSeen.remove(leftover)
        }
        pair.nameCounter = 0
        for referrer in try store.takeReferrers(of: absorbed.id) { try store.noteReferrer(referrer, of: pair.id) }
        if hasMemberships {
            for link in try store.pending(of: absorbed.id, limit: .max) { try setPending(link, of: pair.id, store) }
        }
        try discard(absorbed, store)
        try store.put(pair, replacing: kept)
        try store.removeQuarantine(pair.id)
        count { $0.joins += 1 }
        try store.append(
            HistoryRecord(
                pair: pair.id,
                time: now,
                event: .joined,
                side: .ad,
                cause: DirtyCause(changedAt: .ad),
                attributes: []
            )
        )
        for waiter in try store.takeWaiters(on: absorbed.id) { markDirty(waiter, .reference, now: now) }
        try wakeWaiters(on: pair.id, store, now: now)
        try releaseLinks(of: pair, store, now: now)
        return pair
    }

    mutating func discard(_ pair: Pair, _ store: any StoreTransaction) throws {
        waitingLinks.forget(pair.id)
        if try store.count(.heldConflicts) > 0 {
            // There is nothing left to decide of.
            for (_, id) in try store.heldConflicts(of: pair.id) where try store.conflict(id)?.resolution == nil {
                try store.resolve(id, ConflictResolution(choice: .agreement, time: stepTime))
            }
        }
        if try store.count(.deletions) > 0 {
            if case .carried = try store.deletion(of: pair.id)?.state {
            } else {
                try setDeletion(nil, of: pair.id, store)
            }
        }
        try trust(pair.id, store)
        for side in Side.allCases where pair.presence[side] == .outOfScope { try forgetLeaving(pair.id, side, store) }
        try store.remove(pair)
        try store.removeQuarantine(pair.id)
        try store.clearDirty(pair.id)
        try setCalm(pair.id, store)
        for referrer in try store.takeReferrers(of: pair.id) { queue.append(referrer) }
        if hasMemberships {
            for link in try store.pending(of: pair.id, limit: .max) { try store.unpend(link, of: pair.id) }
            for (link, _) in try store.refusedLinks(of: pair.id, limit: .max) {
                try store.removeRefused(link, of: pair.id)
            }
        }
        unsaved[pair.id] = nil
        mismatches[pair.id] = nil
        toBeMadeAgain.remove(pair.id)
    }
}
