import Mapping
import Reconcile
import SyncModel

/// Looks at one dirty pair: reconcile, and turn what it calls for into intents.
extension Engine {
    /// One side's part of a plan.
    struct PlannedWrite {
        var side: Side
        var operation: WriteOperation
        /// Canonical names that the write carries.
        var names: [String]
        var event: HistoryRecord.Event
    }

    /// A plan for a pair, and what stands in its way.
    struct PairPlan {
        var writes: [PlannedWrite] = []
        /// Canonical names that need no write although they differ: the sides can't show them any closer.
        var settled: [String] = []
        var obstacle: QuarantineReason?
        var retries = false
        /// Whether an entry that is to be written has no name at this moment: what it stands in is gone, and where it stands now is being asked for.
        var awaitsPlace = false
        /// The side whose place stands, where each side has moved one container into the other.
        var circle: (winner: Side, values: PerSide<[Octets]>)?
    }

    mutating func process(_ id: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let pair = try store.pair(id) else {
            try store.clearDirty(id)
            try setCalm(id, store)
            unsaved[id] = nil
            return
        }
        // One entry's writes are serial: it is looked at again when the answer comes.
        guard inFlight[id] == nil else {
            passedOver.insert(id)
            return
        }
        passedOver.remove(id)
        if isReloading.ad || isReloading.miniorange || setBacks.ad?.isRead == false
            || setBacks.miniorange?.isRead == false
        {
            keepDirty(id, now: now)
            return
        }
        // It stays in the durable queue meanwhile, as what it is there.
        if let side = sideThatLacks(pair) {
            // Whom it belongs to is known once everybody there is: the end of that reading has the queue looked through again.
            if try pair.kind != .container && !store.isLoaded(side) { return }
            // Whatever comes of it is written there.
            if isConnected[side], !hasRoom(side, for: id) { return queue.block(id, on: side) }
        }
        count { $0.reconciled += 1 }
        currentCause = try unsaved[id]?.cause ?? store.dirty(id)?.cause ?? .retry
        unsaved[id] = nil
        toBeMadeAgain.remove(id)
        if pair.kind == .container && pair.object == nil {
            try processPlace(pair, store, now: now)
            return
        }
        guard let object = pair.object.flatMap({ objects[$0] }) else {
            try store.clearDirty(id)
            try setCalm(id, store)
            return
        }
        if try isLeftAlone(pair.id, store) {
            try store.clearDirty(id)
            return
        }
        if try asksForAge(pair, store, now: now) {
            unsaved[id] = DirtyRecord(since: now, cause: currentCause)
            return
        }
        guard let pair = try joinedIfPossible(pair, object, store, now: now) else { return }
        try forgetDeletion(ofNone: pair, store)
        try reconcile(leaveMovedAlone(pair, object, store), object, store, now: now)
    }

    /// The side on which an entry that the other side has was never seen.
    private func sideThatLacks(_ pair: Pair) -> Side? {
        Side.allCases.first {
            pair.presence[$0] == .missing && pair.anchors[$0] == nil && pair.presence[$0.opposite] == .present
        }
    }

    /// Stays in the durable queue without being looked at again in this step.
    mutating func keepDirty(_ pair: PairID, now: Timestamp) {
        unsaved[pair] = DirtyRecord(since: now, cause: .retry)
    }

    private mutating func reconcile(
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        var replicas = PerSide<Replica?>(both: nil)
        for side in Side.allCases where pair.presence[side] == .present {
            if let anchor = pair.anchors[side] { replicas[side] = try store.replica(side, anchor) }
        }
        try resolveAnew(&replicas, pair, store, now: now)
        if currentCause == .request { try askAboutWithheld(replicas, store, now: now) }
        // What it names, or may not show, is being asked for.
        guard inFlight[pair.id] == nil else { return keepDirty(pair.id, now: now) }
        var before = pair
        try dropDangling(&replicas, &before, object, store)
        // At once, as with the replicas: a plan that waits must not leave the one without the other.
        if before != pair { try store.put(before, replacing: pair) }
        let pair = before
        var merged = pair
        merged.base = agreed(pair, object)
        let states = try sideStates(merged, replicas, object, store)
        var evidence = try evidence(of: pair.id, object, store)
        func reconciled() -> Reconciliation {
            object.reconciler.reconcile(base: merged.base, ad: states.ad, miniorange: states.miniorange, evidence)
        }
        var result = reconciled()
        var bar = try planBar(pair, result, replicas, object, store, now: now)
        // Who is barred is not kept waiting for what decides another attribute.
        if !result.needsStamps.isEmpty, bar == nil {
            let search = try gatherStamps(of: result.needsStamps, pair, replicas, object, &evidence, store, now: now)
            switch search {
            case .known:
                result = reconciled()
                bar = try planBar(pair, result, replicas, object, store, now: now)
            case .asked:
                unsaved[pair.id] = DirtyRecord(since: now, cause: currentCause)
                return
            case .waits: break
            }
        }
        if let side = result.returned {
            try store.clearDirty(pair.id)
            return try setAside(
                pair.id,
                .returned(side),
                retries: setBacks[side]?.cause == .anotherServer,
                store,
                now: now
            )
        }
        if merged.base == nil, case .both = result.existence,
            try asksAtJoin(result, replicas, object, store, now: now)
        {
            unsaved[pair.id] = DirtyRecord(since: now, cause: currentCause)
            return
        }
        for name in result.endedSettlements { try store.setSettlement(nil, of: pair.id, name) }
        if try forgetUnnamed(pair, store) { return }

        if case .create(let side) = result.existence {
            try fillRequired(&result, states[side.opposite].values, on: side, object, store)
            if pair.presence[side] == .deleted, let replica = replicas[side.opposite],
                try joinedWithReturned(pair, replica, result.target, object, store, now: now) == nil
            {
                return
            }
        }
        var next = pair
        next.base = result.base
        keepLost(of: pair, in: &next.base, states, object)
        var plan: PairPlan
        switch result.existence {
        case .suspended:
            plan = PairPlan()
        case .forget:
            try wakeWaiters(on: pair.id, store, now: now)
            try discard(pair, store)
            return
        case .create(let side):
            plan = try planCreation(on: side, &next, result, replicas[side.opposite], object, store)
        case .delete(let side) where object.mapping.specification.deletions.policy == .keep:
            plan = PairPlan()
            leaveAlone(&next, side)
            try setDeletion(nil, of: pair.id, store)
            if let kept = replicas[side] { try settleKeptMemberships(of: kept, store, now: now) }
        case .delete(let side) where try pair.kind == .container && mustStay(pair, replicas[side], store):
            plan = try planStay(on: side, &next, result, states, replicas, object, store, now: now)
        case .delete(let side):
            plan = try planDeletion(on: side, &next, &result, replicas[side], object, store, now: now)
        case .both:
            plan = try bar ?? planChanges(next, result, replicas, object, store)
        }
        if case .both = result.existence, let replica = replicas.miniorange,
            plan.writes.contains(where: { $0.side == .miniorange }), try asksForVersion(replica, store, now: now)
        {
            return keepDirty(pair.id, now: now)
        }
        noteUnreadable(replicas, object, in: &plan)
        for name in plan.settled { next.base?[name] = result.target[name] }
        try carryOut(plan, pair, next, result, states, object, store, now: now)
        try noteAgreement(pair.id, plan, result, states, store)
        if let circle = plan.circle { try settleCircle(circle.winner, circle.values, pair, store, now: now) }
        if hasMemberships, let current = try store.pair(pair.id) { try processLinks(current, store, now: now) }
    }

    /// Records what the plan calls for: the pair, its conflicts and its intents, or why nothing can be done.
    private mutating func carryOut(
        _ plan: PairPlan,
        _ before: Pair,
        _ pair: Pair,
        _ result: Reconciliation,
        _ states: PerSide<SideState>,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let cause = currentCause
        var ready: [PlannedWrite] = []
        for planned in plan.writes where hasRoom(planned.side, for: pair.id) {
            if planned.side == .miniorange, try mustAwaitMemberships(planned.operation, of: pair.id, store) {
                awaitingMemberships.insert(pair.id)
                queue.delay(pair.id, until: now.advanced(byMilliseconds: FormerNames.followingTime))
            } else {
                ready.append(planned)
            }
        }
        // A write that waits for its side keeps the pair in the queue, and what was decided of it is decided again then.
        if ready.count < plan.writes.count {
            unsaved[pair.id] = DirtyRecord(since: now, cause: cause)
            for write in plan.writes where !hasRoom(write.side, for: pair.id) && isConnected[write.side] {
                queue.block(pair.id, on: write.side)
            }
            if ready.isEmpty { return }
        } else {
            try store.clearDirty(pair.id)
        }
        if plan.awaitsPlace {
            unsaved[pair.id] = DirtyRecord(since: now, cause: cause)
            queue.delay(pair.id, until: now.advanced(byMilliseconds: 1_000))
        }
        // What waits for a side that can't be asked now is decided when it is there.
        if !result.needsStamps.isEmpty { unsaved[pair.id] = DirtyRecord(since: now, cause: cause) }
        if pair != before { try store.put(pair, replacing: before) }
        // Reported when it is acted on: while its write waits, the same conflict is decided again.
        let carried = Set(ready.flatMap(\.names) + plan.settled)
        let isDeleted = if case .delete = result.existence { true } else { false }
        let reported = result.conflicts.filter { conflict in
            guard !conflict.isHeld, !isDeleted else { return true }
            guard case .attribute(let name) = conflict.subject else { return !carried.isEmpty || !ready.isEmpty }
            return carried.contains(name)
        }
        try report(reported, pair, isJoin: before.base == nil, store, now: now)
        try endHeldConflicts(result, pair.id, store, now: now)
        noteTurns(ready, result.target, of: pair.id, now: now)
        for planned in ready {
            let write = Write(
                id: try store.makeIntentID(),
                pair: pair.id,
                side: planned.side,
                object: object.name,
                operation: planned.operation
            )
            let target = planned.names.map { name in
                let values = result.target[name]
                let source = result.undecided.contains(name) ? nil : states[planned.side.opposite].values?[name]
                return Intent.CanonicalChange(name: name, values: values, agreed: source ?? values)
            }
            try open(Intent(write: write, target: target, since: now), store)
            count { $0.writes[planned.side] += 1 }
            try store.append(
                HistoryRecord(
                    pair: pair.id,
                    time: now,
                    event: planned.event,
                    side: planned.side,
                    cause: cause,
                    attributes: planned.names,
                    before: valuesBefore(planned, states[planned.side].values)
                )
            )
        }
        if plan.writes.isEmpty, !plan.awaitsPlace { try setCalm(pair.id, store) }
        if let obstacle = plan.obstacle {
            try setAside(pair.id, obstacle, retries: plan.retries, store, now: now)
        } else if plan.writes.isEmpty {
            mismatches[pair.id] = nil
            if try store.count(.quarantine) > 0, try store.quarantine(pair.id)?.isVanished != true {
                try store.removeQuarantine(pair.id)
            }
        }
    }

    /// What the merge wanted can't be: it is merged again, from a base that has the one side's place as agreed.
    private mutating func settleCircle(
        _ winner: Side,
        _ values: PerSide<[Octets]>,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        count { $0.conflicts += 1 }
        let conflict = try store.append(
            ConflictRecord(
                pair: pair.id,
                object: pair.object,
                subject: .attribute(parentAttribute),
                base: pair.base?[parentAttribute] ?? [],
                values: values,
                winner: winner,
                decision: .preferredSide,
                isJoin: false,
                time: now
            )
        )
        // Whatever called for it, a person's wish or a server's having been set back, would call for it again.
        let settlement = Settlement(conflict: conflict, values: values[winner], seen: values, time: now)
        try store.setSettlement(settlement, of: pair.id, parentAttribute)
        markDirty(pair.id, .retry, now: now)
    }

    /// What a write takes the place of.
    private func valuesBefore(_ planned: PlannedWrite, _ values: Attributes?) -> Attributes {
        guard let values else { return Attributes() }
        guard planned.event != .deleted else { return values }
        var before = Attributes()
        for name in planned.names { before[name] = values[name] }
        return before
    }

    /// Two writers that overwrite each other show by the sides that are written in turns.
    private mutating func noteTurns(_ planned: [PlannedWrite], _ target: Attributes, of pair: PairID, now: Timestamp) {
        for write in planned where write.event == .modified || write.event == .renamed {
            for name in write.names {
                oscillations.note(
                    name,
                    target[name],
                    of: pair,
                    to: write.side,
                    now: now,
                    limit: configuration.oscillationLimit,
                    window: configuration.oscillationWindow
                )
            }
        }
    }

    /// Puts an intent into the store and its write on its way.
    mutating func open(_ intent: Intent, _ store: any StoreTransaction) throws {
        let write = intent.write
        try store.put(intent)
        noteOpen(write)
        noteValues(of: intent)
        start(write)
    }

    /// Notes what is on its way.
    mutating func noteOpen(_ write: Write) {
        inFlight[write.pair, default: 0] += 1
        openIntents[write.side].insert(write.id)
        if let name = write.operation.addedName {
            let adding = BeingAdded(pair: write.pair, leaf: name.leaf?.normalized)
            namesBeingAdded[write.side][name.normalized, default: []].append(adding)
        }
        if case .read(let anchor) = write.operation { readsUnderWay[write.side][anchor, default: 0] += 1 }
        if case .readGroups(let anchor) = write.operation { groupsUnderWay[write.side][anchor, default: 0] += 1 }
        if case .readBelow = write.operation { readsBelow[write.side] += 1 }
        if write.operation.isValueEdit { editsUnderWay[write.pair, default: 0] += 1 }
        let keys = keysGiven(by: write)
        for key in keys { namesBeingGiven[key, default: 0] += 1 }
        if !keys.isEmpty, let anchor = write.operation.anchor { renamesUnderWay[anchor, default: 0] += 1 }
    }

    mutating func noteClosed(_ write: Write) {
        openIntents[write.side].remove(write.id)
        inFlight.decrement(write.pair)
        if let name = write.operation.addedName?.normalized, var adding = namesBeingAdded[write.side][name] {
            adding.remove(at: adding.firstIndex { $0.pair == write.pair } ?? 0)
            namesBeingAdded[write.side][name] = adding.isEmpty ? nil : adding
        }
        if case .read(let anchor) = write.operation { readsUnderWay[write.side].decrement(anchor) }
        if case .readGroups(let anchor) = write.operation { groupsUnderWay[write.side].decrement(anchor) }
        if case .readBelow = write.operation { readsBelow[write.side] -= 1 }
        if write.operation.isValueEdit { editsUnderWay.decrement(write.pair) }
        let keys = keysGiven(by: write)
        for key in keys { namesBeingGiven.decrement(key) }
        if !keys.isEmpty, let anchor = write.operation.anchor { renamesUnderWay.decrement(anchor) }
    }

    mutating func start(_ write: Write) {
        outstanding[write.side] += 1
        if isVirtual(write) { virtualWrites.append(write) } else { writes.append(write) }
    }
}

extension Dictionary where Value == Int {
    /// Counts one less; at none the key goes.
    fileprivate mutating func decrement(_ key: Key) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}
