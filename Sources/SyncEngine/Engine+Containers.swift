import Mapping
import Reconcile
import SyncModel

/// Containers: each has its counterpart at the same place, the same name below the counterpart of its parent. Some are entries that are kept in agreement as well.
extension Engine {
    enum PlaceJoin {
        case joined(Pair)
        /// Its counterpart, if there is one, can't be told yet.
        case waiting
        case alone
    }

    /// A container that no configured object takes in: it only gives others their place, and is never written.
    mutating func processPlace(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws {
        try store.clearDirty(pair.id)
        var current = pair
        for side in Side.allCases where current.presence[side] == .deleted || current.presence[side] == .outOfScope {
            current.anchors[side] = nil
            current.presence[side] = .missing
        }
        if current.anchors.ad == nil && current.anchors.miniorange == nil {
            try discard(pair, store)
            return
        }
        if current != pair { try store.put(current, replacing: pair) }
        if case .alone = try joinByPlace(current, store, now: now), try store.count(.quarantine) > 0 {
            try store.removeQuarantine(pair.id)
        }
    }

    /// Looks for the counterpart of a container that has one side only. Where it can't be told yet, what wakes the pair is seen to.
    mutating func joinByPlace(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws -> PlaceJoin {
        guard !pair.isComplete, let side = Side.allCases.first(where: { pair.anchors[$0] != nil }),
            let anchor = pair.anchors[side], let replica = try store.replica(side, anchor)
        else { return .alone }
        guard !roots[side.opposite].isEmpty else {
            // The other side never answered yet; its first answer has the queue looked through again.
            keepDirty(pair.id, now: now)
            return .waiting
        }
        guard let counterparts = try counterparts(ofParentOf: replica, store, waiter: pair.id) else {
            try awaitParent(of: replica, pair, store, now: now)
            return .waiting
        }
        for parent in counterparts {
            for name in names(of: replica) {
                guard let match = try store.child(side.opposite, of: parent, named: name.normalized),
                    let id = try store.pairID(side.opposite, match), let other = try store.pair(id),
                    other.kind == .container, other.anchors[side] == nil, other.id != pair.id, inFlight[id] == nil
                else { continue }
                // Containers below it may have their counterpart now; they wait on this pair.
                return .joined(try join(pair, other, store, now: now))
            }
        }
        return .alone
    }

    /// A container waits on the pair of its parent, which waits for its own. A parent that is not known by the name that was told may have had that for a moment only,
    /// and then nothing wakes what stands in it: it is asked for once more.
    private mutating func awaitParent(
        of replica: Replica,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        try store.clearDirty(pair.id)
        guard case .unresolved = replica.parent else { return }
        // In a first read parents may come later.
        guard try store.isLoaded(replica.side) else { return keepDirty(pair.id, now: now) }
        try setAside(pair.id, .noCounterpartForParent, retries: true, store, now: now)
    }

    /// The names that the counterpart of a container may have: the same, and the same value by the naming attribute that is configured for the other side.
    private func names(of replica: Replica) -> [RelativeDistinguishedName] {
        guard let object = replica.object.flatMap({ objects[$0] }) else { return [replica.rdn] }
        let type = object.mapping.specification.scopes[replica.side.opposite].rdn
        let configured = RelativeDistinguishedName(type: type, value: replica.rdn.value)
        return configured.normalized == replica.rdn.normalized ? [replica.rdn] : [replica.rdn, configured]
    }

    // MARK: Deletion

    /// Whether a container whose counterpart was deleted can go. It can't while something stands in it; and what lives there, new on this side, keeps it.
    enum Emptiness { case empty, emptying, inhabited }

    func emptiness(of container: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Emptiness {
        var last: Anchor?
        var isEmpty = true
        while true {
            let children = try store.children(side, of: container, after: last, limit: 1_000)
            for child in children {
                isEmpty = false
                guard let id = try store.pairID(side, child), let pair = try store.pair(id) else { continue }
                switch pair.presence[side.opposite] {
                case .missing: return .inhabited
                case .deleted where pair.kind == .container:
                    if try emptiness(of: child, side, store) == .inhabited { return .inhabited }
                case .present:
                    // Where both last agreed that it stands here, it was moved away on the other side; else it came here since.
                    guard let own = try store.pairID(side, container),
                        pair.base?[parentAttribute] == [Octets(own.rawValue.bigEndianOctets)]
                    else { return .inhabited }
                case .deleted, .outOfScope: continue
                }
            }
            guard children.count == 1_000 else { return isEmpty ? .empty : .emptying }
            last = children.last
        }
    }

    func mustStay(_ pair: Pair, _ replica: Replica?, _ store: any StoreTransaction) throws -> Bool {
        guard let replica else { return false }
        return try wantedContainers.contains(pair.id) || emptiness(of: replica.anchor, replica.side, store) != .empty
    }

    /// Holds: the container's counterpart was deleted, and something stands in it, or is to. Who lives there brings it back on the other side, and so does who was
    /// moved away there and is to stand here all the same; else it goes when the last has left.
    mutating func planStay(
        on side: Side,
        _ pair: inout Pair,
        _ result: Reconciliation,
        _ states: PerSide<SideState>,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> PairPlan {
        let isWanted = wantedContainers.remove(pair.id) != nil
        guard let replica = replicas[side], let values = states[side].values,
            try isWanted || emptiness(of: replica.anchor, side, store) == .inhabited,
            object.mapping.specification.direction.permits(writingTo: side.opposite)
        else { return PairPlan() }
        var restored = result
        restored.existence = .create(side.opposite)
        restored.target = values
        pair.base = nil
        return try planCreation(on: side.opposite, &pair, restored, replica, object, store)
    }

    /// Something left a container, or came: one that only waited to be empty may go now, or must stay.
    mutating func wakeDeletedContainer(_ parent: Parent, _ side: Side, _ store: any StoreTransaction, now: Timestamp)
        throws
    {
        guard case .entry(let anchor) = parent, let id = try store.pairID(side, anchor), let pair = try store.pair(id),
            pair.kind == .container, pair.object != nil, pair.presence[side.opposite] == .deleted
        else { return }
        markDirty(id, .reference, now: now)
    }

    // MARK: Coming into scope, and leaving it

    /// What stood in a container before it came into scope no feed tells, nor which groups an entry was in.
    mutating func readAround(
        _ anchor: Anchor,
        wasKnown: Bool,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard !wasKnown, !isReloading[side], try store.isLoaded(side),
            let replica = try store.replica(side, anchor)
        else { return }
        // What we are just adding is new.
        if let name = try name(of: replica, store), namesBeingAdded[side][name.normalized] != nil { return }
        if replica.kind == .container {
            try requestRead(.readBelow(anchor), side, store, now: now)
            return
        }
        // What came and went in a group before it was in scope no feed tells, where members are told by themselves.
        if replica.kind == .group, holdsMembers(replica), replica.membersVersion == .unordered {
            try requestRead(.readMembers(anchor), side, store, now: now)
        }
        guard namesMembersByDN(side) else { return }
        try requestRead(.readGroups(anchor), side, store, now: now)
        // It may have come by a rename that its groups have yet to show: then they hold a name that nobody has.
        if try store.count(.parkedLinks) > 0 { rereads.watchGroups(of: anchor, now: now) }
    }

    private static func outsideFact(_ name: Octets, _ side: Side) -> String {
        // A key has its limits. Two long names that begin alike mean a read too many.
        "outside.\(side.name).\(Octets(Array(name.bytes.prefix(96))).lossyText)"
    }

    /// Holds: an entry was told out of the scope that is not known here. Where it stands in a container that is on its way back, nothing tells of it again.
    mutating func noteOutside(_ name: DistinguishedName, _ side: Side, _ store: any StoreTransaction) throws {
        guard !roots[side].contains(where: { name.isDescendant(of: $0.name) }) else { return }
        for rdn in name.rdns.dropFirst() where containersOutside[side].insert(rdn.normalized).inserted {
            try store.setFact(Engine.outsideFact(rdn.normalized, side), Octets([1]))
        }
        // They are written down.
        if containersOutside[side].count > Engine.mostContainersOutside { containersOutside[side] = [] }
    }

    private static let mostContainersOutside = 10_000

    /// Whether a container that is told again may have been out of scope in between, as what stands in it was told to be: the feed tells the last state only.
    func mayHaveReturned(
        _ snapshot: EntrySnapshot,
        _ kind: ObjectKind?,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard kind == .container, let replica = try store.replica(side, snapshot.anchor) else { return false }
        let isLater = snapshot.version.supersedes(replica.version)
        // A read of everything may have shown it back before what stands in it was told.
        guard isLater || snapshot.version == replica.version else { return false }
        return try isLater && store.fact(Engine.leaversFact(side)) != nil
            || store.fact(Engine.outsideFact(replica.rdn.normalized, side)) != nil
    }

    func holdsMembers(_ replica: Replica) -> Bool { !memberForms(of: replica).isEmpty }

    /// Whether an entry of the LDAP side holds members by names that its server changes with theirs.
    func isNamingMembers(_ replica: Replica) -> Bool {
        memberForms(of: replica).contains { $0.form.isMaintainedByServer }
    }

    /// The forms in which an entry holds members of its own.
    private func memberForms(of replica: Replica) -> [LinkForm] {
        guard let object = replica.object.flatMap({ objects[$0] }) else { return [] }
        return linkForms(of: object, replica.side).filter { $0.form.holder == .group }
    }

    /// Whether a side's groups name their members by what changes with them. AD's feed names them for good.
    func namesMembersByDN(_ side: Side) -> Bool {
        side == .miniorange
            && membershipObjects.contains { $0.mapping.specification.membership?.form.isMaintainedByServer ?? false }
    }

    /// Whatever stands in a container that left the scope left it, too, and nothing tells.
    mutating func leaveScope(
        below container: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        while let child = try store.children(side, of: container, after: nil, limit: 1).first {
            guard let replica = try store.replica(side, child) else { return }
            try leaveScope(child, replica, side, replica.version, store, now: now)
        }
    }

    /// Where on the other side the counterpart of an entry's parent is; nil where the parent has none yet, and then the pair waits for it.
    private mutating func counterparts(
        ofParentOf replica: Replica,
        _ store: any StoreTransaction,
        waiter: PairID
    ) throws -> [Anchor]? {
        guard case .entry(let parent) = replica.parent else { return nil }
        let side = replica.side
        if let root = roots[side].first(where: { $0.anchor == parent }) {
            let counterparts = roots[side.opposite].filter { !Set($0.objects).isDisjoint(with: root.objects) }
            return counterparts.map(\.anchor)
        }
        guard let id = try store.pairID(side, parent), let pair = try store.pair(id) else { return nil }
        guard let counterpart = pair.anchors[side.opposite] else {
            try store.wait(on: id, waiter: waiter)
            return nil
        }
        return [counterpart]
    }
}
