import Mapping
import SyncModel

/// Names that pass from one entry to another, as far as is known here: whoever was named by them may be another one.
extension Engine {
    /// Holds: the replica is not stored yet. Where another entry has its name, as far as is known here, that one is gone, or has another name. Who seemed to name it may name
    /// this one, and is read anew; and values of memberships may mean either, until their server has followed. So it is where another one had the name: of who was
    /// read meanwhile it may have been told before.
    mutating func noteFormerHolder(of replica: Replica, _ store: any StoreTransaction, now: Timestamp) throws {
        let side = replica.side
        guard case .entry(let parent) = replica.parent else { return }
        var known = try store.child(side, of: parent, named: replica.rdn.normalized)
        if side == .miniorange, known.map({ $0 != replica.anchor }) ?? !formerNames.isEmpty,
            let name = try name(of: replica, store)
        {
            if let holder = known {
                if hasMemberships { formerNames.note(name, holder, now: now) }
            } else {
                known = formerNames.anchor(name)
            }
            if let holder = known, holder != replica.anchor { try readGroups(of: holder, store, now: now) }
            formerNames.noteTaken(name, replica.anchor)
        }
        guard let holder = known, holder != replica.anchor else { return }
        guard let id = try store.pairID(side, holder) else { return }
        if try !isReloading[side] && !store.isLoaded(side) { try notePassed(holder, side, store) }
        for referrer in try store.takeReferrers(of: id) {
            markDirty(referrer, .reference, now: now)
            if let other = try entry(of: referrer, side, naming: holder, store) { try readAnew(other, store, now: now) }
        }
    }

    /// A pair's entry on a side, where that seems to name another one.
    private func entry(
        of referrer: PairID,
        _ side: Side,
        naming named: Anchor,
        _ store: any StoreTransaction
    ) throws -> Replica? {
        guard let anchor = try store.pair(referrer)?.anchors[side], let replica = try store.replica(side, anchor),
            replica.attributes.items.contains(where: { $0.values.contains(Reference.entry(named).octets) })
        else { return nil }
        return replica
    }

    /// Holds: the replica is of an entry that is gone, and stored no more. A value that seems to name it may have been written after that, before it was known here, and mean
    /// who has its name now, or will be told to have it.
    mutating func awaitName(
        of gone: Replica,
        _ referrers: [PairID],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard !referrers.isEmpty, case .entry(let parent) = gone.parent, let name = try name(of: gone, store) else {
            return
        }
        let side = gone.side
        let holder = try store.child(side, of: parent, named: gone.rdn.normalized)
        for referrer in referrers {
            guard let other = try entry(of: referrer, side, naming: gone.anchor, store) else { continue }
            if let holder {
                if mayMean(holder, side, other) { try readAnew(other, store, now: now) }
            } else if side == .ad || !gone.version.supersedes(other.version) {
                try store.park(side, name: name.normalized, waiter: referrer)
            }
        }
    }

    /// Whether a value of an entry may mean who has a name by now, as far as is known here. AD tells its values by the names that entries have when they are read.
    func mayMean(_ holder: Anchor, _ side: Side, _ referrer: Replica) -> Bool {
        side == .ad || referrer.version == .unordered || !namings[side].isLater(holder, than: referrer.version)
    }

    private static func passedFact(_ side: Side) -> String { "passed.\(side.name)" }

    /// A name has passed on in a first read, when nobody is known yet by whom he names.
    private func notePassed(_ holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        let fact = Engine.passedFact(side)
        let known = try store.fact(fact)?.bytes ?? []
        guard known.count < Engine.mostPassed * 16 else { return }
        try store.setFact(fact, Octets(known + holder.octets))
    }

    private static let mostPassed = 10_000

    /// The anchors that a fact lists.
    static func anchors(in fact: Octets) -> [Anchor] {
        let bytes = fact.bytes
        return stride(from: 0, to: bytes.count, by: 16).compactMap { Anchor(octets: bytes[$0...].prefix(16)) }
    }

    /// Everything was read for the first time. Who seems to name one whose name had passed on meanwhile may have been told after that, or before.
    mutating func readReferrersOfPassed(_ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        let fact = Engine.passedFact(side)
        guard let octets = try store.fact(fact) else { return }
        try store.setFact(fact, nil)
        let anchors = Engine.anchors(in: octets)
        let passed = Set(anchors.map { Reference.entry($0).octets })
        var referrers: [Replica] = []
        try store.forEachAnchor(side, after: nil) { anchor in
            if let replica = try store.replica(side, anchor),
                replica.attributes.items.contains(where: { $0.values.contains(where: passed.contains) })
            {
                referrers.append(replica)
            }
            return true
        }
        for referrer in referrers { try readAnew(referrer, store, now: now) }
    }

    /// Groups that seemed to name an entry of the LDAP side may name the one that has its name by now.
    private mutating func readGroups(of holder: Anchor, _ store: any StoreTransaction, now: Timestamp) throws {
        guard hasMemberships else { return }
        for id in try links(of: holder, .miniorange, .user, store) {
            guard try store.link(id)?.isPresent == true, try isNamedByServer(id.group, .miniorange, store),
                try store.outline(.miniorange, id.group) != nil
            else { continue }
            try requestRead(.readMembers(id.group), .miniorange, store, now: now)
        }
    }

    /// Whom an entry names, so that it is found when that one turns out to be another.
    func noteReferences(of replica: Replica, from old: Replica?, _ pair: PairID, _ store: any StoreTransaction) throws {
        let side = replica.side
        guard let mapping = replica.object.flatMap({ objects[$0] })?.mapping else { return }
        for name in mapping.referenceAttributes[side] {
            let values = replica.attributes[name]
            guard !values.isEmpty, values != old?.attributes[name] ?? [] else { continue }
            // Nothing is decided of anybody before a first read has ended.
            guard try isReloading[side] || store.isLoaded(side) else { return }
            for value in values {
                guard case .entry(let anchor) = Reference(value), let target = try store.pairID(side, anchor) else {
                    continue
                }
                try store.noteReferrer(pair, of: target)
            }
        }
    }

    /// Who had a key that others may have been named by just before.
    mutating func noteLostKeys(_ replica: Replica, from old: Replica) {
        guard replica.side == .miniorange, hasMemberships, replica.version != .unordered else { return }
        for key in old.keys where key.bytes.first.map({ LinkKey.prefixes.contains($0) }) == true {
            if !replica.keys.contains(key) { formerNames.noteLost(key, replica.anchor, by: replica.version) }
        }
    }
}
