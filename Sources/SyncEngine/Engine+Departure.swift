import Mapping
import SyncModel

/// Entries that leave: out of scope, or deleted while answers that do not know it are on their way.
extension Engine {
    /// The entry exists, but is not ours to look at any more. That is no deletion.
    mutating func leaveScope(
        _ anchor: Anchor,
        _ old: Replica?,
        _ side: Side,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if let newest = openIntents[side].max() {
            goneMeanwhile[side][anchor] = Departure(newest: newest, version: version)
        }
        guard let old else {
            // Just added, and the filter of its own scope does not take it in: unless that is noted it would be added
            // again and again.
            if let id = try store.pairID(side, anchor), try store.pair(id)?.presence[side] == .missing {
                try suspend(anchor, side, store, now: now)
            }
            return
        }
        if old.kind == .container { try leaveScope(below: anchor, side, store, now: now) }
        try noteLeft(old, store, now: now)
        namesAwaited[side][anchor] = nil
        try suspendLinks(of: old, store, now: now)
        try store.remove(old)
        try attachParkedLinks(under: old.keys, side, store, now: now)
        try wakeDeletedContainer(old.parent, side, store, now: now)
        if old.kind == .container { places.clear(side) }
        try suspend(anchor, side, store, now: now)
        try retryNameTaken(side, store, now: now)
        try retryAmbiguous(old.keys, store, now: now)
    }

    mutating func ingestDeletion(
        of anchor: Anchor,
        _ side: Side,
        by author: String? = nil,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if let newest = openIntents[side].max() {
            goneMeanwhile[side][anchor] = Departure(newest: newest, version: nil)
        }
        renamesTold[anchor] = nil
        membersTold[anchor] = nil
        membersShown[anchor] = nil
        let old = try store.replica(side, anchor)
        if let old { try noteLeft(old, store, now: now) }
        namesAwaited[side][anchor] = nil
        if old == nil {
            // Told before: what is left of its memberships is on its way out. AD's rows name others than those in scope, too.
            let pair = try store.pairID(side, anchor).flatMap { try store.outline($0) }
            if pair == nil, side == .miniorange, hasMemberships {
                formerNames.noteUnknownLeft(newest: namings.miniorange.newest, now: now)
            }
            if pair.map({ $0.presence[side] == .deleted }) ?? (side == .miniorange) { return }
        }
        try dropAgreements(of: anchor, goneAt: side, store)
        try dropLinks(of: anchor, side, old, store, now: now)
        if let old {
            try store.remove(old)
            if old.kind == .container { places.clear(side) }
            try attachParkedLinks(under: old.keys, side, store, now: now)
            try wakeDeletedContainer(old.parent, side, store, now: now)
        }
        guard let id = try store.pairID(side, anchor), let before = try store.pair(id) else { return }
        guard before.presence[side] != .deleted else { return }
        if before.presence[side] == .outOfScope {
            try forgetLeaving(id, side, store)
        }
        var pair = before
        pair.presence[side] = .deleted
        try store.put(pair, replacing: before)
        try learnDeletion(of: pair, on: side, by: author, store, now: now)
        if let old {
            try retryNameTaken(side, store, now: now)
            try retryAmbiguous(old.keys, store, now: now)
        }
        let referrers = try store.takeReferrers(of: id)
        if let old { try awaitName(of: old, referrers, store, now: now) }
        for referrer in referrers { markDirty(referrer, .reference, now: now) }
        if pair.kind == .user { try setUrgent(id, store) }
        markDirty(id, DirtyCause(changedAt: side), now: now)
    }

    /// Who is deleted goes with his memberships: nobody took them away. Where he was out of the scope, or what he was in is, what both had agreed on of them only the
    /// other side's rows know. What has no row at AD where nested groups count followed from others, and went with him.
    private func dropAgreements(of anchor: Anchor, goneAt side: Side, _ store: any StoreTransaction) throws {
        guard hasMemberships, let id = try store.pairID(side, anchor), let pair = try store.pair(id),
            pair.kind != .container, let other = pair.anchors[side.opposite]
        else { return }
        for id in try links(of: other, side.opposite, pair.kind, store) {
            guard let gone = try counterpart(of: id, store), try store.link(gone) == nil,
                try isOutOfScope(gone.group, side, store) || isOutOfScope(gone.member, side, store)
            else { continue }
            let membership = try object(ofGroup: gone.group, side, store)?.mapping.specification.membership
            if side == .ad, membership?.nesting == .flatten { continue }
            try disagree(id, store)
        }
    }

    private func isOutOfScope(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard let id = try store.pairID(side, anchor) else { return false }
        return try store.outline(id)?.presence[side] == .outOfScope
    }

    /// Nobody has the entry's name any more, as far as is known here: its server has yet to follow that in the values that hold it.
    mutating func noteLeft(_ old: Replica, _ store: any StoreTransaction, now: Timestamp) throws {
        guard old.side == .miniorange, hasMemberships, let name = try name(of: old, store) else { return }
        formerNames.noteLeft(name, old.anchor, now: now)
        // It may have had another one when it went: one that was told, and is being asked for, or that we were just giving it.
        if let told = namesAwaited[old.side][old.anchor] { formerNames.noteLeft(told, old.anchor, now: now) }
        guard renamesUnderWay[old.anchor] != nil else { return }
        for intent in try store.intents() where intent.write.side == old.side {
            guard case .rename(old.anchor, _, _, let given) = intent.write.operation else { continue }
            formerNames.noteLeft(given, old.anchor, now: now)
        }
    }

    /// From now on the pair is neither there nor gone on this side.
    mutating func suspend(
        _ anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let id = try store.pairID(side, anchor), let before = try store.pair(id),
            before.presence[side] != .outOfScope
        else { return }
        var pair = before
        pair.presence[side] = .outOfScope
        try store.put(pair, replacing: before)
        try store.setFact(Engine.leaversFact(side), Octets([1]))
        if pair.object != nil { try noteLeaving(id, side, store) }
        markDirty(id, DirtyCause(changedAt: side), now: now)
    }

    /// Holds: an answer has proven that the entry is gone, and its replica is still there where there was one.
    mutating func noteGoneAhead(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        guard let replica = try store.replica(side, anchor) else { return }
        // Without them an old message makes an entry of it for a moment, until its deletion is told.
        if goneAhead[side].count >= Engine.mostGoneAhead { goneAhead[side] = [:] }
        goneAhead[side][anchor] = replica.version
    }

    private static let mostGoneAhead = 10_000

    /// Whether an entry is told that was proven to be gone, and has not come back since.
    mutating func isGoneAhead(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard goneAhead[side][anchor] != nil else { return false }
        if try store.outline(side, anchor) == nil { return true }
        goneAhead[side][anchor] = nil
        return false
    }

    func isGoneMeanwhile(_ snapshot: EntrySnapshot, _ side: Side) -> Bool {
        guard let departure = goneMeanwhile[side][snapshot.anchor] else { return false }
        return departure.version == nil
    }

    /// Takes in what an answer holds, unless the entry's deletion was told since: who was added by us and deleted before the answer came is deleted.
    mutating func takeIn(
        _ snapshot: EntrySnapshot,
        _ side: Side,
        answering id: IntentID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        // What was asked for after it left is later than that, whatever its version: a container that comes back changes none of what it holds.
        guard let departure = goneMeanwhile[side][snapshot.anchor], id <= departure.newest else {
            goneMeanwhile[side][snapshot.anchor] = nil
            return try takeInPresent(snapshot, side, answering: id, store, now: now)
        }
        guard let version = departure.version else {
            return try ingestDeletion(of: snapshot.anchor, side, store, now: now)
        }
        if snapshot.version.supersedes(version) {
            // Answers from before come to nothing by their own versions now.
            goneMeanwhile[side][snapshot.anchor] = nil
            try takeInPresent(snapshot, side, answering: id, store, now: now)
            return
        }
        try suspend(snapshot.anchor, side, store, now: now)
        // It left, or came back, with its container, which changes none of what it holds: which was first does not show.
        if snapshot.version == version, standing(of: snapshot, side) != nil {
            try requestRead(.read(snapshot.anchor), side, store, now: now)
        }
    }

    private mutating func takeInPresent(
        _ snapshot: EntrySnapshot,
        _ side: Side,
        answering id: IntentID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let wasKnown = try store.outline(side, snapshot.anchor) != nil
        // A container that it stands in was told while the answer was on its way: it may have been out of the scope before that, and be back.
        if standing(of: snapshot, side) == nil, let old = try store.replica(side, snapshot.anchor),
            try isMisplaced(old, .answer(id), store)
        {
            return try readBack(old, tellsMembers: snapshot.tellsMembers, store, now: now)
        }
        let members = snapshot.version
        if let newest = shownMeanwhile[side][snapshot.anchor], members != .unordered, isOlder(members, than: newest) {
            // The answers came in another order than the questions. The last one asks once more, since what a later one showed has no version here.
            guard readsUnderWay[side][snapshot.anchor] == nil else { return }
            shownMeanwhile[side][snapshot.anchor] = nil
            return try requestRead(.read(snapshot.anchor), side, store, now: now)
        }
        var snapshot = snapshot
        // It is being read for an edit that this answer may be older than: what follows that edit lacks it still. Of its members it is known what was told later.
        if readsUnderWay[side][snapshot.anchor] != nil,
            try store.replica(side, snapshot.anchor)?.version == .unordered
        {
            snapshot.version = .unordered
            if members != .unordered { shownMeanwhile[side][snapshot.anchor] = members }
        } else if !shownMeanwhile[side].isEmpty {
            shownMeanwhile[side][snapshot.anchor] = nil
        }
        try ingest(snapshot, from: side, membersAsOf: members, store, now: now)
        // Everything was read since, and whoever was not known then was not missed: he may be gone again.
        if !wasKnown, let newest = openAtRead[side], id <= newest, try store.outline(side, snapshot.anchor) != nil {
            let lastSeen = try lastSeen(snapshot.anchor, side, store)
            try requestRead(.confirmAbsence(snapshot.anchor, lastSeen), side, store, now: now)
        }
        try readIfMisnamed(snapshot.anchor, side, .answer(id), store, now: now)
    }

    /// Whether a container above an entry is known as of later than the state in which that is told out of the scope: it may have been there, and be back.
    func mayBeBack(_ old: Replica, since version: Version, _ store: any StoreTransaction) throws -> Bool {
        guard version != .unordered else { return false }
        var parent = old.parent
        while case .entry(let anchor) = parent, let container = try store.replica(old.side, anchor) {
            if container.version != .unordered, isOlder(version, than: container.version) { return true }
            parent = container.parent
        }
        return false
    }

    /// It is told out of the scope by what may be older than its container's being back. What was told of its members is not told again.
    mutating func readBack(_ old: Replica, tellsMembers: Bool, _ store: any StoreTransaction, now: Timestamp) throws {
        if tellsMembers, holdsMembers(old) { try requestMembers(of: old.anchor, old.side, store, now: now) }
        try readAnew(old, store, now: now)
    }

    /// Forgets deletions, names and reads that no answer on its way can be older than.
    mutating func forgetMeanwhile() {
        for side in Side.allCases
        where !goneMeanwhile[side].isEmpty || !namedMeanwhile[side].isEmpty || openAtRead[side] != nil {
            let oldest = openIntents[side].min()
            if let newest = openAtRead[side], oldest.map({ $0 > newest }) ?? true { openAtRead[side] = nil }
            goneMeanwhile[side] = goneMeanwhile[side].filter { entry in oldest.map { $0 <= entry.value.newest } ?? false
            }
            namedMeanwhile[side] = namedMeanwhile[side].filter { entry in oldest.map { $0 <= entry.value } ?? false }
        }
    }
}
