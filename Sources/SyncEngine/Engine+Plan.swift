import Mapping
import Reconcile
import SyncModel

/// From what reconciling calls for to operations that a server takes.
extension Engine {
    mutating func planCreation(
        on side: Side,
        _ pair: inout Pair,
        _ result: Reconciliation,
        _ source: Replica?,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> PairPlan {
        var plan = PairPlan()
        guard let source else { return plan }
        // Who was put there when the counterpart went is nobody new.
        if let name = try name(of: source, store), object.mapping.specification.isDeparted(name, source.side) {
            return plan
        }
        if pair.presence[side] == .deleted { try noteWanted(pair.id, by: source.side, store) }
        guard let parent = try canonicalParent(of: source, object, store),
            let container = try container(parent, object, side, store)
        else {
            plan.obstacle = .noCounterpartForParent
            plan.retries = true
            // It is to be made there, also in the eyes of a container that was deleted with it.
            try forgetGone(&pair, side, store)
            try waitForContainer(of: source, waiter: pair.id, store)
            try wakeDeletedContainer(of: source, store)
            return plan
        }
        let entry = try object.mapping.newEntry(
            side,
            target: result.target,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        if let missing = entry.missingRequired {
            plan.obstacle = .missingRequiredValue(missing)
            return plan
        }
        if let invalid = entry.invalid.first {
            plan.obstacle = .refused(
                side,
                Refusal(reason: .invalid, code: 0, message: "\(invalid.attribute): \(invalid.reason)")
            )
            return plan
        }
        for target in entry.waitsFor { try store.wait(on: target, waiter: pair.id) }
        try forgetGone(&pair, side, store)
        var attributes = Attributes()
        for item in entry.attributes.items {
            attributes[item.name] = try withNamedReferences(item.values, item.name, side, object, store)
        }
        if side == .miniorange, let membership = object.mapping.specification.membership,
            membership.form.holder == .group, let placeholder = membership.placeholder
        {
            attributes[membership.form.attribute] = [Octets(placeholder.description)]
        }
        plan.writes = [
            PlannedWrite(
                side: side,
                operation: .add(
                    name: container.child(entry.rdn),
                    objectClasses: entry.objectClasses,
                    attributes: attributes
                ),
                names: result.target.names,
                event: .added
            )
        ]
        return plan
    }

    /// The entry that was deleted there is gone for good; the new one gets its own anchor.
    private mutating func forgetGone(_ pair: inout Pair, _ side: Side, _ store: any StoreTransaction) throws {
        if let gone = pair.anchors[side] { try pendLeftovers(of: gone, side, pair.kind, store) }
        pair.anchors[side] = nil
        pair.presence[side] = .missing
    }

    mutating func planChanges(
        _ pair: Pair,
        _ result: Reconciliation,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> PairPlan {
        var plan = PairPlan()
        // A server stamps name and place as one. While a side's place is not known, or the other side has yet to follow to it, an own rename there would
        // hide when and by whom it was chosen, should it turn out that the other side's was chosen as well: it waits until both stand there.
        let moved = Side.allCases.first { result.changes[$0].contains(parentAttribute) }
        var places = PerSide<Octets?>(both: nil)
        for side in Side.allCases {
            guard let replica = replicas[side] else { continue }
            places[side] = try canonicalParent(of: replica, object, store)
            guard places[side] == nil else { continue }
            plan.obstacle = .noCounterpartForParent
            plan.retries = true
            try waitForContainer(of: replica, waiter: pair.id, store)
        }
        let isMerged = Side.allCases.allSatisfy { replicas[$0] == nil || places[$0] != nil }
        for side in Side.allCases {
            guard let replica = replicas[side] else { continue }
            let isChosen = places[side] == nil || places[side] != pair.base?[parentAttribute].first
            let mayRename = isMerged ? moved == nil || moved == side : !isChosen
            guard !result.changes[side].isEmpty else { continue }
            try planChanges(on: side, pair, result, replica, object, mayRename: mayRename, store, into: &plan)
        }
        return plan
    }

    private mutating func planChanges(
        on side: Side,
        _ pair: Pair,
        _ result: Reconciliation,
        _ replica: Replica,
        _ object: Object,
        mayRename: Bool,
        _ store: any StoreTransaction,
        into plan: inout PairPlan
    ) throws {
        guard let name = try name(of: replica, store) else {
            plan.awaitsPlace = true
            return
        }
        var names = result.changes[side].filter { $0 != parentAttribute }
        var projection = try object.mapping.changes(
            side,
            to: result.target,
            of: names,
            current: replica.attributes,
            nameCounter: pair.nameCounter,
            resolver: StoreResolver(store: store)
        )
        // What stands in for a value is written with that from which it is taken: not where another one may stand unseen.
        projection.changes.removeAll { replica.withheld.contains($0.name) }
        for target in projection.waitsFor { try store.wait(on: target, waiter: pair.id) }
        if let missing = projection.missingRequired {
            plan.obstacle = .missingRequiredValue(missing)
            return
        }
        if let invalid = projection.invalid.first {
            plan.obstacle = .refused(
                side,
                Refusal(reason: .invalid, code: 0, message: "\(invalid.attribute): \(invalid.reason)")
            )
            return
        }
        let moves = result.changes[side].contains(parentAttribute)
        if moves || projection.newRDN != nil || !projection.changes.isEmpty, replica.isProtected, side == .ad {
            plan.obstacle = .protected(side)
            return
        }
        // A new name first: other entries may wait for the old one. What else changed follows when this is confirmed.
        if moves || projection.newRDN != nil, mayRename,
            try planRename(
                on: side,
                pair,
                result,
                replica,
                name,
                moves: moves,
                newRDN: projection.newRDN,
                object,
                store,
                into: &plan
            )
        {
            return
        }
        if projection.newRDN != nil {
            let carried = object.canonicalNamesOfRDN(side)
            names.removeAll(where: carried.contains)
        }
        if projection.changes.isEmpty {
            // What the other side has yet to take over is agreed only when it has.
            let others = result.changes[side.opposite]
            if projection.waitsFor.isEmpty { plan.settled += names.filter { !others.contains($0) } }
            return
        }
        var changes: [AttributeChange] = []
        for change in projection.changes {
            let old = try withNamedReferences(change.old, change.name, side, object, store)
            let new = try withNamedReferences(change.new, change.name, side, object, store)
            guard old.count == change.old.count, new.count == change.new.count else {
                // Where that stands which it names is not known at this moment.
                unsaved[pair.id] = DirtyRecord(since: stepTime, cause: currentCause)
                queue.delay(pair.id, until: stepTime.advanced(byMilliseconds: 1_000))
                let unnamed = object.canonicalNames(of: change.name, side)
                names.removeAll(where: unnamed.contains)
                continue
            }
            changes.append(AttributeChange(name: change.name, old: old, new: new))
        }
        guard !changes.isEmpty else { return }
        plan.writes.append(
            PlannedWrite(
                side: side,
                operation: .modify(replica.anchor, name: name, version: replica.version, changes: changes),
                names: names,
                event: .modified
            )
        )
    }

    /// False where it can't be: there is no such place. What else changed is written nonetheless.
    private mutating func planRename(
        on side: Side,
        _ pair: Pair,
        _ result: Reconciliation,
        _ replica: Replica,
        _ name: DistinguishedName,
        moves: Bool,
        newRDN: RelativeDistinguishedName?,
        _ object: Object,
        _ store: any StoreTransaction,
        into plan: inout PairPlan
    ) throws -> Bool {
        var container = name.parent
        if moves {
            container = try self.container(result.target[parentAttribute].first, object, side, store)
        }
        guard let container else {
            plan.obstacle = .noCounterpartForParent
            plan.retries = true
            if moves, let id = result.target[parentAttribute].first.flatMap({ UInt64(bigEndianOctets: $0.bytes) }) {
                try store.wait(on: PairID(id), waiter: pair.id)
                // Where it was deleted there, who is to stand in it brings it back.
                if try store.outline(PairID(id))?.presence[side] == .deleted {
                    wantedContainers.insert(PairID(id))
                    queue.append(PairID(id))
                }
            }
            // Where it stands as both had agreed on, nobody has chosen that place: to rename it there hides nothing.
            guard moves, newRDN != nil, let place = try canonicalParent(of: replica, object, store),
                pair.base?[parentAttribute] == [place]
            else { return false }
            return try planRename(
                on: side,
                pair,
                result,
                replica,
                name,
                moves: false,
                newRDN: newRDN,
                object,
                store,
                into: &plan
            )
        }
        if moves, container.isEqualOrDescendant(of: name) {
            let place = try canonicalParent(of: replica, object, store)
            planCircle(on: side, result, place, object, into: &plan)
            if plan.circle == nil { try waitForEnd(ofCircleBy: replica, pair.id, result, store) }
            return plan.circle != nil
        }
        var newRDN = newRDN
        if moves, newRDN == nil, side == .ad, pair.nameCounter >= 2,
            try showsName(of: result, replica, pair, object, store)
        {
            // Its plain name may be what is taken there.
            let entry = try object.mapping.newEntry(
                side,
                target: result.target,
                nameCounter: pair.nameCounter,
                resolver: StoreResolver(store: store)
            )
            newRDN = entry.missingRequired == nil ? entry.rdn : nil
        }
        var carried = moves ? [parentAttribute] : []
        if newRDN != nil { carried += object.canonicalNamesOfRDN(side) }
        plan.writes.append(
            PlannedWrite(
                side: side,
                operation: .rename(
                    replica.anchor,
                    name: name,
                    version: replica.version,
                    newName: container.child(newRDN ?? replica.rdn)
                ),
                names: carried.sorted(),
                event: .renamed
            )
        )
        return true
    }

    /// Whether an entry of AD has the name that both sides are to have, with or without its counter, and not one that is yet to be decided on.
    private func showsName(
        of result: Reconciliation,
        _ replica: Replica,
        _ pair: Pair,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let shown = try canonical(replica, pair, object, store)
        return object.canonicalNamesOfRDN(.ad).allSatisfy { shown?.values[$0] == result.target[$0] }
    }

    /// Each side has moved one container into the other: both can't be. The preferred side's places stand, and the other one's move is taken back.
    private func planCircle(
        on side: Side,
        _ result: Reconciliation,
        _ place: Octets?,
        _ object: Object,
        into plan: inout PairPlan
    ) {
        let specification = object.mapping.specification
        guard side == specification.prefer, specification.direction.permits(writingTo: side.opposite), let place else {
            plan.obstacle = .noCounterpartForParent
            plan.retries = true
            return
        }
        var values = PerSide<[Octets]>(both: result.target[parentAttribute])
        values[side] = [place]
        plan.settled.append(parentAttribute)
        plan.circle = (side, values)
    }

    /// An entry is to stand in what stands in it: its pair is looked at again when any of the containers between them gets another place.
    private func waitForEnd(
        ofCircleBy replica: Replica,
        _ waiter: PairID,
        _ result: Reconciliation,
        _ store: any StoreTransaction
    ) throws {
        guard let raw = result.target[parentAttribute].first.flatMap({ UInt64(bigEndianOctets: $0.bytes) }) else {
            return
        }
        var next = try store.outline(PairID(raw))?.anchors[replica.side]
        while let anchor = next, anchor != replica.anchor {
            if let id = try store.pairID(replica.side, anchor) { try store.wait(on: id, waiter: waiter) }
            guard case .entry(let parent)? = try store.outline(replica.side, anchor)?.parent else { return }
            next = parent
        }
    }

    /// Its container may have been deleted on the side where the entry is to be made.
    private mutating func wakeDeletedContainer(of replica: Replica, _ store: any StoreTransaction) throws {
        guard case .entry(let parent) = replica.parent, let id = try store.pairID(replica.side, parent),
            try store.pair(id)?.presence[replica.side.opposite] == .deleted
        else { return }
        queue.append(id)
    }

    /// The pair is looked at again when its container gets a counterpart.
    private mutating func waitForContainer(
        of replica: Replica,
        waiter: PairID,
        _ store: any StoreTransaction
    ) throws {
        guard case .entry(let parent) = replica.parent, let id = try store.pairID(replica.side, parent) else { return }
        try store.wait(on: id, waiter: waiter)
    }
}

extension Engine.Object {
    /// The canonical attributes that an entry's RDN shows on a side.
    func canonicalNamesOfRDN(_ side: Side) -> [String] {
        ruleNames(of: mapping.specification.scopes[side].rdn, side)
    }

    /// The canonical attributes, companions included, that a side's attribute shows.
    func canonicalNames(of attribute: String, _ side: Side) -> [String] {
        let rules = ruleNames(of: attribute, side)
        return mapping.mergeRules.map(\.name).filter { name in
            rules.contains { name == $0 || name.hasPrefix($0 + ";") }
        }
    }

    private func ruleNames(of attribute: String, _ side: Side) -> [String] {
        let wanted = attribute.lowercased()
        return mapping.specification.attributes
            .filter { (side == .ad ? $0.ad : $0.miniorange).lowercased() == wanted }
            .map { $0.ad.lowercased() }
    }
}
