import SyncModel

/// What must be read again, since nothing else tells it.
extension Engine {
    /// A feed may tell an entry below a name that its container no longer has, when the answer to our own rename came first. The server knows better; in
    /// a first read parents only come later.
    mutating func readMisplaced(
        _ anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard case .unresolved(let name) = try store.outline(side, anchor)?.parent,
            try store.isLoaded(side), roots[side].contains(where: { name.isDescendant(of: $0.name) })
        else { return }
        try requestRead(.read(anchor), side, store, now: now)
    }

    /// Whether an entry that is as it is known stands below another name than its container is known by: that one, or one above it, was renamed or moved, which is yet to
    /// be told. They are asked for: before their names are known the entry would be looked for by its former one again and again.
    mutating func asksForContainers(
        above snapshot: EntrySnapshot,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard let replica = try store.replica(side, snapshot.anchor), replica.version == snapshot.version,
            let known = try name(of: replica, store)?.parent, known.normalized != snapshot.name.parent?.normalized
        else { return false }
        var parent = replica.parent
        while case .entry(let container) = parent, let outline = try store.outline(side, container) {
            guard case .entry = outline.parent else { break }
            if readsUnderWay[side][container] == nil {
                try requestRead(.read(container), side, store, now: now)
            }
            parent = outline.parent
        }
        return true
    }

    /// Read of a server that was set back an entry has no version that a write could be held to: it is read once more before that. Where its server knows of none,
    /// once is enough.
    mutating func asksForVersion(_ replica: Replica, _ store: any StoreTransaction, now: Timestamp) throws -> Bool {
        guard replica.side == .miniorange, replica.version == .unordered,
            virtualObject(replica.anchor, replica.side) == nil, readForVersion.insert(replica.anchor).inserted
        else {
            if !readForVersion.isEmpty { readForVersion.remove(replica.anchor) }
            return false
        }
        try requestRead(.read(replica.anchor), replica.side, store, now: now)
        return true
    }

    /// What a complete scan did not show is looked for by name before anything is concluded: an entry that was added while the scan went on is not gone.
    @discardableResult
    mutating func suspectAbsent(
        _ present: [Anchor],
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> [Anchor] {
        try noteShown(present, side, store, now: now)
        var suspects: [Anchor] = []
        var position = 0
        var held = 0
        try store.forEachAnchor(side, after: nil) { anchor in
            if isVirtual(anchor, side) { return true }
            held += 1
            while position < present.count, present[position] < anchor { position += 1 }
            if position == present.count || present[position] != anchor { suspects.append(anchor) }
            return true
        }
        suspects.removeAll { anchor in roots[side].contains { $0.anchor == anchor } }
        if try areTooMany(suspects.count, of: held, side, store) {
            try setAside(vanished: suspects, side, store, now: now)
            return []
        }
        openAtRead[side] = openIntents[side].max()
        suspects += try leavers(side, store).map(\.anchor)
        for anchor in suspects {
            try requestRead(.confirmAbsence(anchor, lastSeen(anchor, side, store)), side, store, now: now)
        }
        return suspects
    }

    static func leaversFact(_ side: Side) -> String { "leavers.\(side.name)" }

    /// Entries that left the scope: no scan shows them, so each is looked for. Pairs are only gone through where there ever was one.
    func leavers(_ side: Side, _ store: any StoreTransaction) throws -> [(pair: PairID, anchor: Anchor)] {
        guard try store.fact(Engine.leaversFact(side)) != nil else { return [] }
        var leavers: [(pair: PairID, anchor: Anchor)] = []
        try store.forEachPairID(after: nil) { id in
            if let pair = try store.pair(id), pair.presence[side] == .outOfScope, let anchor = pair.anchors[side] {
                leavers.append((id, anchor))
            }
            return true
        }
        return leavers
    }

    /// Reads are intents too: what a cursor has passed must not be forgotten by a crash.
    mutating func requestRead(
        _ operation: WriteOperation,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        try open(try intent(toRead: operation, side, store, now: now), store)
    }

    /// Asks for an entry as soon as the names are known that its side is asked for, or in a while: some of them may keep their server busy.
    mutating func requestReadAfterNames(
        of anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let intent = try intent(toRead: .read(anchor), side, store, now: now)
        try postpone(intent, until: now.advanced(byMilliseconds: 1_000), awaitsNames: true, store)
    }

    private func intent(
        toRead operation: WriteOperation,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Intent {
        let pair: PairID
        if let anchor = operation.anchor {
            pair = try store.pairID(side, anchor) ?? PairID(0)
        } else {
            pair = PairID(0)
        }
        let object = try store.pair(pair)?.object
        let write = Write(id: try store.makeIntentID(), pair: pair, side: side, object: object, operation: operation)
        return Intent(write: write, target: [], since: now)
    }

    /// Asks for all memberships that an entry holds; of the LDAP side once for all who ask within a moment.
    mutating func requestMembers(
        of holder: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard side == .ad || rereads.mayAskAtOnce(holder, now: now) else { return }
        try requestRead(.readMembers(holder), side, store, now: now)
    }
}
