import Mapping
import SyncModel

/// What a side tells goes into the cache: replica, cursor and "this pair is dirty", in one transaction.
extension Engine {
    mutating func ingest(
        _ event: FeedEvent,
        from side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        switch event {
        case .connected(let server, let snapshots, let stepBack):
            try learnRoots(snapshots, side, store)
            try noteServer(server, side, store)
            if let stepBack { try noteStepBack(stepBack, side, store, now: now) }
            certainBefore[side] = certain[side]
            isConnected[side] = true
            waitingLinks.forgetAll()
            queue.recallBacklog()
        case .changes(let changes, let cursor):
            for change in changes { try ingest(change, from: side, store, now: now) }
            guard let cursor else { return }
            try store.put(cursor, for: side)
            try noteReloading(side, store)
            try noteCertain(cursor, side, store)
        case .steppedBack(let stepBack):
            try noteStepBack(stepBack, side, store, now: now)
        case .complete(let present, let cursor):
            if let present { try suspectAbsent(present, side, store, now: now) }
            try store.put(cursor, for: side)
            try noteCertain(cursor, side, store)
            try noteRead(side, store)
            let isFirst = try !store.isLoaded(side)
            try store.setLoaded(side, true)
            try endReload(side, store, now: now)
            if isFirst {
                try watchUnknown(side, store, now: now)
                try readReferrersOfPassed(side, store, now: now)
            }
            queue.recallBacklog()
        case .clock(let clock):
            try note(clock, side, store)
        case .disconnected:
            isConnected[side] = false
            readable[side] = []
        }
    }

    /// The bases must be the entries they were when the cache was built: a DN never identifies.
    private mutating func learnRoots(
        _ snapshots: [EntrySnapshot],
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        var known: [Root] = []
        for snapshot in snapshots {
            let fact = Engine.rootFact(snapshot.name, side)
            if let stored = try store.fact(fact), stored.bytes != snapshot.anchor.octets {
                throw EngineError.foreignBase(side, snapshot.name)
            }
            try store.setFact(fact, Octets(snapshot.anchor.octets))
            known.append(root(snapshot.name, snapshot.anchor, side))
            let replica = Replica(
                side: side,
                anchor: snapshot.anchor,
                object: nil,
                kind: .container,
                parent: .root,
                rdn: snapshot.name.leaf ?? RelativeDistinguishedName([]),
                attributes: Attributes(),
                version: snapshot.version
            )
            try store.put(replica, replacing: try store.replica(side, snapshot.anchor))
        }
        setRoots(known, side)
    }

    /// After a restart the bases are known before their servers answer.
    mutating func recallRoots(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            let bases = Set(objectOrder.map { $0.mapping.specification.scopes[side].base })
            setRoots(
                try bases.compactMap { base in
                    let octets = try store.fact(Engine.rootFact(base, side))
                    return octets.flatMap { Anchor(octets: $0.bytes) }.map { root(base, $0, side) }
                },
                side
            )
        }
    }

    private static func rootFact(_ base: DistinguishedName, _ side: Side) -> String {
        "root.\(side.name).\(base.normalized.lossyText)"
    }

    private func root(_ name: DistinguishedName, _ anchor: Anchor, _ side: Side) -> Root {
        let living = objectOrder.filter {
            $0.mapping.specification.scopes[side].base.normalized == name.normalized
        }
        return Root(name: name, anchor: anchor, objects: living.map(\.name).sorted())
    }

    private mutating func setRoots(_ known: [Root], _ side: Side) {
        // The longest first, so that a base within a base is found by its own name.
        roots[side] = known.sorted {
            ($0.name.rdns.count, $1.name.normalized) > ($1.name.rdns.count, $0.name.normalized)
        }
        places.clear(side)
    }

    mutating func ingest(
        _ change: Change,
        from side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        count { $0.changes[side] += 1 }
        noteChange(now: now)
        comparison?.noteTold(change.anchor, side)
        switch change {
        case .present(let snapshot):
            try ingestPresent(snapshot, from: side, store, now: now)
        case .edited(let anchor, let edits, let newName, let version, let stamp):
            try ingestEdits(anchor, edits, newName, version, stamp, side, store, now: now)
        case .members(let anchor, let edits, let version):
            _ = try takeMembershipEdits(anchor, edits, version, side, store, now: now)
        case .deleted(let anchor, let author):
            goneAhead[side][anchor] = nil
            try ingestDeletion(of: anchor, side, by: author, store, now: now)
        }
    }

    /// Takes in what a server shows of an entry without having been asked for just this one. `isFresh`: it may be news although its version is known.
    mutating func ingestPresent(
        _ snapshot: EntrySnapshot,
        from side: Side,
        isFresh: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if try isGoneAhead(snapshot.anchor, side, store) {
            // Where it was brought back it has another version. Its server knows.
            guard let last = goneAhead[side][snapshot.anchor], snapshot.version.supersedes(last) else { return }
            try requestRead(.read(snapshot.anchor), side, store, now: now)
            return
        }
        goneMeanwhile[side][snapshot.anchor] = nil
        let known = try store.outline(side, snapshot.anchor)
        let wasKnown = try known != nil && !mayHaveReturned(snapshot, known?.kind, side, store)
        try ingest(snapshot, from: side, isFresh: isFresh, store, now: now)
        try readAround(snapshot.anchor, wasKnown: wasKnown, side, store, now: now)
        try readMisplaced(snapshot.anchor, side, store, now: now)
    }

    /// `membersAsOf`: it is an answer, whose version may stand for less than all of it, and tells its memberships as of this one.
    mutating func ingest(
        _ snapshot: EntrySnapshot,
        from side: Side,
        membersAsOf: Version? = nil,
        isFresh: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let isAnswer = membersAsOf != nil
        var members = snapshot
        if let membersAsOf { members.version = membersAsOf }
        if isAnswer { comparison?.noteTold(snapshot.anchor, side) }
        if roots[side].contains(where: { $0.anchor == snapshot.anchor }) { return }
        let old = try store.replica(side, snapshot.anchor)
        // The same state again is news where the mapping changed, or where a name in it was not understood.
        let isNews =
            snapshot.version == old?.version
            && (isFresh || isReloading[side] || isUnresolved(old) || isAboutRights(snapshot, old, isAnswer: isAnswer))
        if let old, !snapshot.version.supersedes(old.version), !isNews {
            count { $0.echoes[side] += 1 }
            let object = old.object.flatMap { objects[$0] }
            try takeMemberships(members, side, object, isAnswer: isAnswer, store, now: now)
            return
        }
        guard let (object, isProtected) = standing(of: snapshot, side) else {
            if old == nil { try noteOutside(snapshot.name, side, store) }
            if let old, !isAnswer, try mayBeBack(old, since: snapshot.version, store) {
                return try readBack(old, tellsMembers: members.tellsMembers, store, now: now)
            }
            if let old { try noteOtherwise(snapshot, from: old, isAnswer: isAnswer, store) }
            try leaveScope(snapshot.anchor, old, side, snapshot.version, store, now: now)
            let departed = try departedGroup(snapshot.anchor, side, store)?.object.flatMap { objects[$0] }
            try takeMemberships(members, side, departed, isAnswer: isAnswer, store, now: now)
            return
        }
        var replica = try replica(of: snapshot, object, isProtected: isProtected, old, side, store)
        if let object { noteReadable(&replica, snapshot.readable, object) }
        try adopt(replica, old, store, now: now)
        try askAboutWithheld(replica, knowing: snapshot.readable, store, now: now)
        try takeMemberships(members, side, object, isAnswer: isAnswer, store, now: now)
        if !isAnswer {
            try readIfMisnamed(snapshot.anchor, side, .told(snapshot.version), knowing: old, store, now: now)
        }
    }

    /// The replica that a snapshot makes.
    mutating func replica(
        of snapshot: EntrySnapshot,
        _ object: Object?,
        isProtected: Bool,
        _ old: Replica?,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Replica {
        let parent: Parent
        if let name = snapshot.name.parent {
            let container = try resolveContainer(name, side, store)
            parent = container.map { .entry($0) } ?? .unresolved(name)
        } else {
            parent = .root
        }
        var replica = Replica(
            side: side,
            anchor: snapshot.anchor,
            object: object?.name,
            kind: object?.mapping.specification.kind ?? .container,
            parent: parent,
            rdn: snapshot.name.leaf ?? RelativeDistinguishedName([]),
            attributes: Attributes(),
            version: snapshot.version,
            isProtected: isProtected,
            membersVersion: old?.membersVersion ?? .unordered
        )
        if let object {
            let selected = object.mapping.selected(side, snapshot.attributes)
            replica.attributes = try withResolvedReferences(selected, of: snapshot, side, object, store)
            if let old {
                withhold(from: &replica, old, snapshot, object)
            } else {
                try withholdAgreed(from: &replica, snapshot, object, store)
            }
            replica.keys = object.mapping.keys(side, replica.withheld.isEmpty ? selected : replica.attributes)
        }
        return replica
    }

    /// Whether a replica holds a name that nothing was known by. What it named may have got another name before it was known.
    func isUnresolved(_ replica: Replica?) -> Bool {
        guard let replica else { return false }
        if case .unresolved = replica.parent { return true }
        guard let mapping = replica.object.flatMap({ objects[$0] })?.mapping else { return false }
        return replica.attributes.items.contains { item in
            mapping.isReference(replica.side, item.name)
                && item.values.contains { value in
                    if case .unresolved = Reference(value) { return true }
                    return false
                }
        }
    }

    /// Stores a new state of an entry and makes its pair dirty where that means anything. `stamp`: when and by whom it came to be so, where that is known.
    mutating func adopt(
        _ replica: Replica,
        _ old: Replica?,
        stamp: Stamp? = nil,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = replica.side
        // What an answer shows from before that is not the name which is being asked for.
        if replica.version != .unordered || readsUnderWay[side][replica.anchor] == nil {
            namesAwaited[side][replica.anchor] = nil
        }
        let isMoved = old.map { $0.parent != replica.parent || $0.rdn != replica.rdn } ?? true
        if isMoved { try noteFormerHolder(of: replica, store, now: now) }
        try store.put(replica, replacing: old)
        try noteSeen(replica.anchor, side, store)
        try noteChangedValues(replica, from: old, stamp, store)
        var pair = try joined(replica, store)
        let before = pair
        let isSelected = try isSelected(replica.anchor, replica.object.flatMap { objects[$0] }, side, store)
        pair.presence[side] = isSelected ? .present : .outOfScope
        // Of a container's two sides one may be no more than a place.
        if replica.object != nil || replica.kind != .container { pair.object = replica.object }
        pair.kind = replica.kind
        if pair != before { try store.put(pair, replacing: before) }
        let replica = isUnresolved(replica) ? try resolveAnew(replica, waiter: pair.id, store, now: now) : replica
        try noteReferences(of: replica, from: old, pair.id, store)

        let moved = old.map { $0.parent != replica.parent || $0.rdn != replica.rdn } ?? true
        if moved {
            noteNamed(replica)
            if replica.kind == .container { places.clear(side) }
            try wakeParked(replica, store, now: now)
            try wakeDeletedContainer(replica.parent, side, store, now: now)
            if let old {
                try retryNameTaken(side, store, now: now)
                if old.parent != replica.parent { try wakeDeletedContainer(old.parent, side, store, now: now) }
                if replica.kind == .container { try wakeWaiters(on: pair.id, store, now: now) }
            }
        } else if let old, replica.kind == .container, replica.version.supersedes(old.version) {
            noteMeanwhile(replica)
        }
        if old == nil, side == .miniorange, formerNames.hasLeft, let name = try name(of: replica, store) {
            // Written by the name that it left with, when nobody had that any more: it is still meant, and written anew.
            if let former = formerNames.notePresent(name, replica.anchor, now: now) {
                for holder in try store.takeParkedLinks(side, name: Engine.parkingName(former)) {
                    try requestMembers(of: holder, side, store, now: now)
                }
            }
            // A group that must have a member may have kept who left: whoever has his name now is in it.
            if formerNames.mayStillMeanLeaver(name, at: now), replica.kind != .container, namesMembersByDN(side) {
                rereads.watchGroups(of: replica.anchor, now: now)
            }
        }
        if let old, moved, side == .miniorange, let former = try name(of: old, store) {
            formerNames.note(former, replica.anchor, now: now)
        }
        let shown = replica.version == .unordered ? shownMeanwhile[side][replica.anchor] : nil
        let renamed = renamesTold.removeValue(forKey: replica.anchor) ?? shown ?? replica.version
        if let old, moved || old.keys != replica.keys {
            try renameLinks(replica, from: old, as: renamed, store, now: now)
        }
        if moved || old?.keys != replica.keys { try attachParkedLinks(replica, store, now: now) }
        if let old, old.keys != replica.keys {
            noteLostKeys(replica, from: old)
            try retryAmbiguous(old.keys + replica.keys, store, now: now)
            try attachParkedLinks(under: old.keys, side, store, now: now)
            // A value that is unique may be free now.
            if !moved { try retryNameTaken(side, store, now: now) }
        }
        var comparable = replica
        if let old { comparable.version = old.version }
        if let old { comparable.membersVersion = old.membersVersion }
        // By another mapping a bar may count that did not.
        let isNews = old == nil || comparable != old || before.presence[side] != pair.presence[side]
        if isNews || isReloading[side] { try noteBar(replica, from: old, pair, store, now: now) }
        if isNews {
            if old == nil { try retryAmbiguous(replica.keys, store, now: now) }
            if let old { try noteOtherwise(replica, from: old, pair.id, store) }
            try dirtyAfterChange(pair.id, side, store, now: now)
        }
        if before.presence[side] != .present && isSelected {
            if before.presence[side] == .outOfScope {
                try noteReturn(pair.id, side, store)
                try noteBarMeanwhile(pair, besides: side, store, now: now)
            }
            if side == .miniorange, before.presence.miniorange == .outOfScope, namesMembersByDN(side) {
                try doubtAbsences(of: pair, store)
                rereads.watchGroups(of: replica.anchor, now: now)
            }
            try wakeWaiters(on: pair.id, store, now: now)
            try releaseLinks(of: pair, isBack: before.presence[side] == .outOfScope, store, now: now)
        }
    }

    /// A pair that is set aside gets a new chance by each change.
    private mutating func dirtyAfterChange(
        _ pair: PairID,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        mismatches[pair] = nil
        toBeMadeAgain.remove(pair)
        markDirty(pair, DirtyCause(changedAt: side), now: now)
    }

    /// The pair of a replica; a new one with this side only where it has none.
    private mutating func joined(_ replica: Replica, _ store: any StoreTransaction) throws -> Pair {
        if let id = try store.pairID(replica.side, replica.anchor), let pair = try store.pair(id) { return pair }
        var pair = Pair(id: try store.makePairID(), object: replica.object, kind: replica.kind)
        pair.anchors[replica.side] = replica.anchor
        try store.put(pair, replacing: nil)
        return pair
    }

    /// The object that takes the entry, nil for a container that only gives others their place; no result where it is out of scope.
    func standing(of snapshot: EntrySnapshot, _ side: Side) -> (object: Object?, isProtected: Bool)? {
        guard !isExcluded(snapshot, side) else { return nil }
        if let object = virtualObject(snapshot.anchor, side) { return (object, false) }
        for object in objectOrder {
            if case .inScope(let isProtected) = object.mapping.standing(
                side,
                name: snapshot.name,
                attributes: snapshot.attributes
            ) {
                return (object, isProtected)
            }
        }
        guard DirectoryView.isContainer(snapshot.attributes),
            roots[side].contains(where: { snapshot.name.isDescendant(of: $0.name) })
        else { return nil }
        return (nil, false)
    }

    /// The bind accounts themselves.
    private func isExcluded(_ snapshot: EntrySnapshot, _ side: Side) -> Bool {
        let names = configuration.excluded[side]
        if !names.isEmpty, names.contains(snapshot.name.normalized) { return true }
        guard side == .ad, !configuration.excludedAccounts.isEmpty else { return false }
        return snapshot.attributes["samaccountname"].contains {
            configuration.excludedAccounts.contains($0.lossyText.lowercased())
        }
    }
}
