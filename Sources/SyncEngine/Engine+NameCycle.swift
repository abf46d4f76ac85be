import Mapping
import Reconcile
import SyncModel

/// Entries that take each other's names, as when two people swap accounts: on the other side none of them can have its new name before another gives up
/// its old one. One of them stands aside under a name of its own until the next is done.
extension Engine {
    /// The most entries in a ring; and that many plans are made to find it.
    private static let longestCycle = 8

    /// Holds: the name that `intent` was to give was refused, as another entry has it.
    ///
    /// Where that entry wants a name that is held in turn, and so on back to this one, this one takes a name that nobody has, as agreed: what the other side
    /// calls it is then news once more, and is written when its turn comes. Returns false where there is no such ring.
    mutating func standAside(
        _ intent: Intent,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        let side = intent.write.side
        // What has moved since is decided first: it may be that he is to lose access, which no name keeps waiting.
        guard intent.write.operation.isRenaming, unsaved[pair.id] == nil, try store.dirty(pair.id) == nil,
            try closesRing(intent, side, store)
        else {
            return false
        }
        guard let (operation, attribute, spare) = try standingAside(intent.write, pair, store),
            let object = pair.object.flatMap({ objects[$0] })
        else { return false }
        let names = object.canonicalNames(of: attribute, side)
        let target = intent.target.filter { names.contains($0.name) }.map {
            Intent.CanonicalChange(name: $0.name, values: [spare], agreed: [spare])
        }
        guard !target.isEmpty else { return false }
        let write = Write(
            id: try store.makeIntentID(),
            pair: pair.id,
            side: side,
            object: pair.object,
            operation: operation
        )
        try open(Intent(write: write, target: target, since: now), store)
        count { $0.writes[side] += 1 }
        let event: HistoryRecord.Event = if case .rename = operation { .renamed } else { .modified }
        try store.append(
            HistoryRecord(
                pair: pair.id,
                time: now,
                event: event,
                side: side,
                cause: .retry,
                attributes: target.map(\.name)
            )
        )
        return true
    }

    /// From who has the wanted name to who has the one that he wants, until it is this entry's.
    private mutating func closesRing(_ intent: Intent, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        let first = intent.write.pair
        var seen: Set<PairID> = [first]
        var operation = intent.write.operation
        while seen.count <= Engine.longestCycle {
            guard let holder = try holder(of: operation, side, store)?.anchor,
                let id = try store.pairID(side, holder)
            else { return false }
            if id == first { return true }
            guard seen.insert(id).inserted, inFlight[id] == nil, let next = try store.pair(id),
                let planned = try plannedRenaming(of: next, on: side, store)
            else { return false }
            operation = planned
        }
        return false
    }

    /// The entry that has the name or the unique value which the operation is to give, and the attribute that holds it.
    private mutating func holder(
        of operation: WriteOperation,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> (anchor: Anchor, attribute: String)? {
        switch operation {
        case .rename(let own, _, _, let newName):
            guard let leaf = newName.leaf, let holder = try resolve(newName, side, store), holder != own else {
                return nil
            }
            return (holder, leaf.type)
        case .modify(let own, _, _, let changes):
            guard let replica = try store.replica(side, own), let object = replica.object.flatMap({ objects[$0] })
            else { return nil }
            let rules = UInt8(object.mapping.specification.match.count)
            for change in changes {
                let wanted = object.mapping.keys(side, [change.name: change.new])
                for key in wanted where key.bytes[0] < rules && !replica.keys.contains(key) {
                    if let holder = try store.anchors(side, key: key, limit: 2).first(where: { $0 != own }) {
                        return (holder, change.name)
                    }
                }
            }
            return nil
        default: return nil
        }
    }

    /// What is to be written to a pair's entry, as long as that gives it another name.
    private mutating func plannedRenaming(
        of pair: Pair,
        on side: Side,
        _ store: any StoreTransaction
    ) throws -> WriteOperation? {
        guard let object = pair.object.flatMap({ objects[$0] }), pair.presence == PerSide(both: .present) else {
            return nil
        }
        var replicas = PerSide<Replica?>(both: nil)
        for side in Side.allCases {
            replicas[side] = try pair.anchors[side].flatMap { try store.replica(side, $0) }
        }
        let states = try sideStates(pair, replicas, object, store)
        var evidence = try evidence(of: pair.id, object, store)
        func reconciled() -> Reconciliation {
            object.reconciler.reconcile(base: pair.base, ad: states.ad, miniorange: states.miniorange, evidence)
        }
        var result = reconciled()
        // They were asked for when it was decided to write that.
        if !result.needsStamps.isEmpty, try stampsToAsk(of: result.needsStamps, replicas, object, store).isEmpty {
            try put(stampsOf: result.needsStamps, replicas, object, into: &evidence, store)
            result = reconciled()
        }
        guard result.existence == .both else { return nil }
        let plan = try planChanges(pair, result, replicas, object, store)
        return plan.writes.first { $0.side == side && $0.operation.isRenaming }?.operation
    }

    /// The write that was refused, with a name in it that nobody has; the attribute that holds this, and the name.
    private mutating func standingAside(
        _ write: Write,
        _ pair: Pair,
        _ store: any StoreTransaction
    ) throws -> (WriteOperation, attribute: String, spare: Octets)? {
        guard let attribute = try holder(of: write.operation, write.side, store)?.attribute else { return nil }
        switch write.operation {
        case .rename(let anchor, let name, let version, let refused):
            guard let place = name.parent, let own = name.leaf, let wanted = refused.leaf,
                let spare = spareName(of: pair, besides: [own.value, wanted.value])
            else { return nil }
            let newName = place.child(RelativeDistinguishedName(type: attribute, value: spare))
            return (.rename(anchor, name: name, version: version, newName: newName), attribute, spare)
        case .modify(let anchor, let name, let version, let changes):
            guard var change = changes.first(where: { $0.name == attribute }),
                let spare = spareName(of: pair, besides: change.old + change.new)
            else { return nil }
            change.new = [spare]
            return (.modify(anchor, name: name, version: version, changes: [change]), attribute, spare)
        default: return nil
        }
    }

    /// Within the 20 characters that AD allows for an account, and of letters that every name may have. There is another one for who is called by the first, as when
    /// somebody wants just that.
    private func spareName(of pair: Pair, besides others: [Octets]) -> Octets? {
        ["", "a"].lazy.map { Octets("syncline-\(pair.id.rawValue)\($0)") }.first { !others.contains($0) }
    }

    /// What a person decided stands for who stands aside: it is we who call him otherwise.
    func keepSettlements(of intent: Intent, _ store: any StoreTransaction) throws {
        guard !intent.write.operation.isRead, try store.count(.settlements) > 0 else { return }
        for (name, settlement) in try store.settlements(of: intent.write.pair) {
            guard let change = intent.target.first(where: { $0.name == name }), change.values != settlement.values
            else { continue }
            var kept = settlement
            kept.seen[intent.write.side] = change.values
            try store.setSettlement(kept, of: intent.write.pair, name)
        }
    }
}

extension WriteOperation {
    /// Whether an entry that is there is given a name, or a value that may have to be unique.
    fileprivate var isRenaming: Bool {
        switch self {
        case .rename, .modify: true
        default: false
        }
    }
}
