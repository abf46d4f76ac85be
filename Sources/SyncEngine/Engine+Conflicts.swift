import Mapping
import Reconcile
import SyncModel

/// Conflicts: what must be known to decide them, how they are reported, and what a person decides.
extension Engine {
    /// What merging a pair may know besides its values, without asking anybody.
    func evidence(of pair: PairID, _ object: Object, _ store: any StoreTransaction) throws -> Evidence {
        var judge = configuration.judge
        judge.clocks = clocks
        var evidence = Evidence(judge: judge)
        if try store.count(.deletions) > 0 {
            if let deletion = try store.deletion(of: pair), deletion.state == .rejected {
                evidence.isDeletionRejected = try store.outline(pair)?.presence[deletion.side] == .present
            }
        }
        for side in Side.allCases {
            guard let known = try knownUntil(pair, side, store) else { continue }
            evidence.knownUntil[side] = range(ofKnown: known, side)
            evidence.present[side] = shownNow(side)
            evidence.doubtful[side] = try otherwise(pair, side, store).map {
                object.canonicalNames(stampedBy: $0, side)
            }
            guard doubts[side] > 0 else { continue }
            for (attribute, known) in try again(pair, side, store) {
                for name in object.canonicalNames(stampedBy: [attribute], side) {
                    let range = range(ofKnown: known, side)
                    let other = evidence.knownLater[side][name]
                    if other.map({ $0.lowerBound < known }) ?? true { evidence.knownLater[side][name] = range }
                }
            }
        }
        if evidence.knownUntil != PerSide(both: nil) { evidence.isWanted = try isWanted(pair, store) }
        if try store.count(.settlements) > 0 {
            for (name, settlement) in try store.settlements(of: pair) { evidence.settlements[name] = settlement }
        }
        if try store.count(.heldConflicts) > 0 {
            for (name, id) in try store.heldConflicts(of: pair) {
                guard let record = try store.conflict(id)?.record else { continue }
                switch record.decision {
                case .oscillation: evidence.frozen.insert(name)
                case .held where record.rule != .hold: evidence.held.insert(name)
                default: break
                }
            }
        }
        for name in oscillations.frozen(pair) { evidence.frozen.insert(name) }
        return evidence
    }

    /// Whether it is known when, where and by whom the values were set on which a conflict hangs.
    enum StampSearch {
        case known
        /// Both sides are being asked; the pair is looked at again with their answers.
        case asked
        /// A side can't be asked now. These attributes wait for it, others don't.
        case waits
    }

    /// Puts the stamps of these attributes into the evidence, or asks for them: of both sides at once, and once for each state of an entry.
    mutating func gatherStamps(
        of names: [String],
        _ pair: Pair,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ evidence: inout Evidence,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> StampSearch {
        let asking = try stampsToAsk(of: names, replicas, object, store)
        guard asking.isEmpty else {
            guard asking.allSatisfy({ isConnected[$0.side] }) else { return .waits }
            if let full = asking.first(where: { !hasRoom($0.side, for: pair.id) }) {
                queue.block(pair.id, on: full.side)
                return .asked
            }
            for (side, anchor, wanted) in asking {
                try requestRead(.readStamps(anchor, attributes: wanted.sorted()), side, store, now: now)
            }
            return .asked
        }
        try put(stampsOf: names, replicas, object, into: &evidence, store)
        return .known
    }

    /// Of which attributes the stamps are not known as of what the entries hold now.
    func stampsToAsk(
        of names: [String],
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> [(side: Side, anchor: Anchor, attributes: Set<String>)] {
        var asking: [(side: Side, anchor: Anchor, attributes: Set<String>)] = []
        for side in Side.allCases {
            guard let replica = replicas[side], virtualObject(replica.anchor, side) == nil else {
                continue
            }
            let wanted = Set(names.flatMap { object.stampedAttributes(of: $0, side) })
            let asked = stampsAsked[side][replica.anchor]
            if asked?.version == replica.version && wanted.isSubset(of: asked?.attributes ?? []) { continue }
            // Where the log told it of these very values, it has no more to say.
            if try wanted.allSatisfy({ try store.stamp(side, replica.anchor, $0)?.source == .log }) { continue }
            asking.append((side, replica.anchor, wanted))
        }
        return asking
    }

    /// Holds: none of them has to be asked for.
    func put(
        stampsOf names: [String],
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        into evidence: inout Evidence,
        _ store: any StoreTransaction
    ) throws {
        for name in names {
            var stamps = PerSide<Stamp?>(both: nil)
            for side in Side.allCases {
                guard let replica = replicas[side] else { continue }
                let attributes = object.stampedAttributes(of: name, side)
                stamps[side] = try attributes.compactMap { try store.stamp(side, replica.anchor, $0) }
                    .max { $0.time < $1.time }
                let isHeld = attributes.contains { $0 == AttributeStamp.entryName || !replica.attributes[$0].isEmpty }
                if stamps[side] == nil, !isHeld { evidence.unset[side].insert(name) }
            }
            evidence.stamps[name] = stamps
        }
    }

    /// A server has told the stamps of an entry, together with what it holds.
    mutating func settleStamps(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ stamps: [AttributeStamp],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        if case .readStamps(_, let attributes) = intent.write.operation {
            try noteMembersStamps(snapshot.anchor, attributes, stamps, side, store)
        }
        try confirm(intent, snapshot, store, now: now)
        guard let replica = try store.replica(side, snapshot.anchor), replica.version == snapshot.version else {
            return
        }
        for told in stamps where !linkAttributes[side].contains(told.attribute) {
            var told = told
            // Who changed the entry last need not have set this.
            if told.stamp.source == .entry { told.stamp.isOurs = false }
            if let known = try store.stamp(side, snapshot.anchor, told.attribute) {
                // What we confirmed ourselves no server needs to tell; and what we saw come says more than when the entry last changed.
                if known.source == .observed && told.stamp.source == .entry { told.stamp = known }
                told.stamp.isOurs = told.stamp.isOurs || known.isOurs
            }
            try store.put(told, side, snapshot.anchor)
        }
        guard case .readStamps(_, let attributes) = intent.write.operation else { return }
        if stampsAsked[side].count > Engine.mostStampsAsked { stampsAsked[side] = [:] }
        var asked = StampQuestion(version: snapshot.version, attributes: Set(attributes))
        if let before = stampsAsked[side][snapshot.anchor], before.version == snapshot.version {
            asked.attributes.formUnion(before.attributes)
        }
        stampsAsked[side][snapshot.anchor] = asked
    }

    private static let mostStampsAsked = 10_000

    /// A person wants to see the stamps of both entries.
    mutating func fetchStamps(of id: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let pair = try store.pair(id), let object = pair.object.flatMap({ objects[$0] }) else { return }
        for side in Side.allCases where isConnected[side] && pair.presence[side] == .present {
            guard let anchor = pair.anchors[side], virtualObject(anchor, side) == nil else { continue }
            let wanted = object.mapping.specification.attributes.map {
                (side == .ad ? $0.ad : $0.miniorange).lowercased()
            }
            let attributes = Set(wanted + [AttributeStamp.entryName]).sorted()
            try requestRead(.readStamps(anchor, attributes: attributes), side, store, now: now)
        }
    }

    /// By the names that their stamps have.
    static func changedAttributes(_ replica: Replica, from old: Replica) -> [String] {
        let isMoved = old.parent != replica.parent || old.rdn != replica.rdn
        return Attributes.differing(old.attributes, replica.attributes) + (isMoved ? [AttributeStamp.entryName] : [])
    }

    /// A row describes the value that is there: it goes with it. Where the version tells when, we know when the new one came, and by `told`, by whom.
    func noteChangedValues(
        _ replica: Replica,
        from old: Replica?,
        _ told: Stamp?,
        _ store: any StoreTransaction
    ) throws {
        guard let old else { return }
        let changed = Engine.changedAttributes(replica, from: old)
        guard !changed.isEmpty else { return }
        var stamp = told
        // What an entry's state from before a set-back had otherwise may have been so for long.
        if stamp == nil, setBacks[replica.side]?.isRead != false, case .csn(let number) = replica.version {
            stamp = Stamp(number, source: .observed)
        }
        if let stamp {
            for name in changed {
                try store.put(AttributeStamp(attribute: name, stamp: stamp), replica.side, replica.anchor)
            }
        } else if try store.count(.stamps) > 0 {
            for name in changed { try store.removeStamp(replica.side, replica.anchor, name) }
        }
    }

    /// What we wrote and the server confirmed is ours, and nobody's intent. Of an entry that we made, the history tells.
    func noteOwnValues(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        var attributes: Set<String>
        switch intent.write.operation {
        case .modify(_, _, _, let changes): attributes = Set(changes.map { $0.name.lowercased() })
        case .rename(_, let name, _, let newName):
            attributes = [AttributeStamp.entryName]
            if name.leaf != newName.leaf {
                attributes.formUnion(newName.leaf?.assertions.map { $0.type.lowercased() } ?? [])
            }
        // Where an answer was lost, what is found there may as well be somebody else's.
        default: return
        }
        guard !attributes.isEmpty, let replica = try store.replica(side, snapshot.anchor) else { return }
        guard replica.version == snapshot.version else {
            // Somebody was faster than the answer. What he made of it is not ours, also where it is what we had left there before.
            for name in attributes.sorted() where replica.attributes[name] != snapshot.attributes[name] {
                try store.removeStamp(side, snapshot.anchor, name)
            }
            return
        }
        var stamp: Stamp
        if case .csn(let number) = snapshot.version {
            stamp = Stamp(number, source: .observed)
        } else {
            let shown = now.advanced(byMilliseconds: clocks[side]?.offset ?? 0)
            stamp = Stamp(time: shown, granularity: 1, source: .observed)
        }
        stamp.isOurs = true
        for name in attributes.sorted() {
            try store.put(AttributeStamp(attribute: name, stamp: stamp), side, snapshot.anchor)
        }
    }

    // MARK: The report

    /// Reports what was decided. A conflict that waits for a person is one line of the report, however often it is looked at.
    mutating func report(
        _ conflicts: [Conflict],
        _ pair: Pair,
        isJoin: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for conflict in conflicts {
            var record = ConflictRecord(
                pair: pair.id,
                object: pair.object,
                subject: conflict.subject,
                base: conflict.base,
                values: conflict.values,
                winner: conflict.winner,
                decision: conflict.decision,
                rule: conflict.rule,
                stamps: conflict.stamps,
                isJoin: isJoin,
                time: now
            )
            guard conflict.isHeld, case .attribute(let name) = conflict.subject else {
                // What was held until the rules changed is decided now: still one line.
                if case .attribute(let name) = conflict.subject,
                    let held = try store.heldConflicts(of: pair.id).first(where: { $0.name == name })
                {
                    try store.replace(held.id, with: record)
                    try store.setHeldConflict(nil, of: pair.id, name)
                    continue
                }
                count { $0.conflicts += 1 }
                try store.append(record)
                continue
            }
            if let held = try store.heldConflicts(of: pair.id).first(where: { $0.name == name }),
                let before = try store.conflict(held.id)?.record
            {
                record.time = before.time
                record.isJoin = before.isJoin
                if record != before { try store.replace(held.id, with: record) }
            } else {
                count { $0.conflicts += 1 }
                try store.setHeldConflict(try store.append(record), of: pair.id, name)
            }
        }
    }

    /// Those that waited for a person and are none any more: both sides came to agree, or one went back.
    mutating func endHeldConflicts(
        _ result: Reconciliation,
        _ pair: PairID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard try store.count(.heldConflicts) > 0 else { return }
        let conflicting = result.conflicts.compactMap { conflict -> String? in
            if case .attribute(let name) = conflict.subject { return name }
            return nil
        }
        for (name, id) in try store.heldConflicts(of: pair)
        where !conflicting.contains(name) && !result.needsStamps.contains(name) {
            oscillations.forget(pair, name)
            try store.setHeldConflict(nil, of: pair, name)
            if try store.conflict(id)?.resolution == nil {
                try store.resolve(id, ConflictResolution(choice: .agreement, time: now))
            }
        }
    }

    // MARK: A person decides

    /// Carries out a person's decision as a new change, unless a side has moved since the conflict.
    mutating func resolve(
        _ id: ConflictID,
        _ choice: ConflictChoice,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> ResolutionAnswer {
        guard let (record, resolution) = try store.conflict(id) else { return .noSuchConflict }
        guard case .attribute(let name) = record.subject else {
            return .notPossible("it is about an entry's existence or a membership: change that at either side instead")
        }
        guard let pair = try store.pair(record.pair), let object = pair.object.flatMap({ objects[$0] }) else {
            return .entryGone
        }
        guard object.reconciler.hasRule(name) else { return .notPossible("the attribute is not mapped any more") }
        var replicas = PerSide<Replica?>(both: nil)
        for side in Side.allCases where pair.presence[side] == .present {
            replicas[side] = try pair.anchors[side].flatMap { try store.replica(side, $0) }
        }
        let states = try sideStates(pair, replicas, object, store)
        guard let ad = states.ad.values?[name], let miniorange = states.miniorange.values?[name] else {
            return .entryGone
        }
        let wanted = wanted(choice, record)
        guard name != parentAttribute || !wanted.isEmpty else { return .notPossible("an entry must stand somewhere") }
        if ad == wanted && miniorange == wanted { return .alreadySo }
        let shown = PerSide(ad: ad, miniorange: miniorange)
        let expected = shownAfter(record, resolution)
        for side in Side.allCases where shown[side] != expected[side] { return .moved(side) }
        try store.setSettlement(
            Settlement(conflict: id, values: wanted, seen: shown, time: now),
            of: pair.id,
            name
        )
        try store.setHeldConflict(nil, of: pair.id, name)
        oscillations.forget(pair.id, name)
        try store.resolve(id, ConflictResolution(choice: choice, time: now))
        markDirty(pair.id, .request, now: now)
        return .accepted
    }

    private func wanted(_ choice: ConflictChoice, _ record: ConflictRecord) -> [Octets] {
        switch choice {
        case .side(let side): record.values[side]
        case .base: record.base
        case .values(let values): values
        case .agreement: record.values[record.winner]
        }
    }

    /// What both sides show when nobody has touched the attribute since the conflict was dealt with.
    private func shownAfter(_ record: ConflictRecord, _ resolution: ConflictResolution?) -> PerSide<[Octets]> {
        if let resolution, resolution.choice != .agreement {
            return PerSide(both: wanted(resolution.choice, record))
        }
        return record.isHeld ? record.values : PerSide(both: record.values[record.winner])
    }
}
