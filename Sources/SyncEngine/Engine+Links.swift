import Mapping
import SyncModel

/// What a side tells of memberships goes into rows, one for each: from the group's own values, or from a value of the member.
extension Engine {
    /// Compares what an entry says of its memberships with the rows that there are. What it said later is known already.
    mutating func takeMemberships(
        _ snapshot: EntrySnapshot,
        _ side: Side,
        _ object: Object?,
        isAnswer: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let object else { return }
        let forms = linkForms(of: object, side).filter { $0.form.holder == .member || snapshot.tellsMembers }
        guard !forms.isEmpty,
            let replica = try store.replica(side, snapshot.anchor) ?? departedGroup(snapshot.anchor, side, store)
        else { return }
        guard !isOlder(snapshot.version, than: membersKnown(of: replica)) else {
            // It was asked for since something could not be understood, and edits have overtaken it; or the server that answered lags behind the one that told of them.
            if isAnswer, snapshot.tellsMembers, side == .miniorange {
                rereads.askUntilAnswered(snapshot.anchor, now: now)
            }
            for form in forms where !isAnswer {
                let values = snapshot.attributes[form.form.attribute]
                try recallNames(values, form, replica, snapshot.version, store, now: now)
            }
            return
        }
        if try withholdsMemberships(snapshot, forms, replica, store, now: now) { return }
        for form in forms {
            let values = snapshot.attributes[form.form.attribute]
            try noteLastLeaver(values, form, replica, store, now: now)
            let lacks = try lacksSilently(values, form, replica, snapshot.version, store, now: now)
            if isReloading[side], lacks {
                // Whoever has another name since may be yet to be read: it is asked for once everything was.
                return try noteMembersVersion(.unordered, of: snapshot.anchor, side, store)
            }
            let version = snapshot.version
            if try lacks || namesSomebodyRenamed(values, form, replica, version, isAnswer: isAnswer, store, now: now) {
                // Nothing is concluded from what was told before a rename that is known here already, nor before the server has followed it everywhere.
                if form.form.holder == .group, side == .miniorange, membersShown[snapshot.anchor]?.version != version {
                    membersShown[snapshot.anchor] = (version, values)
                }
                if !isAnswer {
                    // Read of a server that was set back it is what counts: what was known before has another order.
                    if snapshot.version == .unordered {
                        try noteMembersVersion(.unordered, of: snapshot.anchor, side, store)
                        try forgetVersions(ofLinksIn: snapshot.anchor, form, side, store)
                    } else if side == .miniorange {
                        membersTold[snapshot.anchor] = snapshot.version
                    }
                    try noteLate(snapshot.anchor, side, store)
                    try requestRead(.readMembers(snapshot.anchor), side, store, now: now)
                    return
                }
                // Another answer would tell no more as long as it may be a name that is asked for.
                if isReadingNames(side) { return rereads.askAfterNames(snapshot.anchor, now: now) }
                if rereads.askAgain(snapshot.anchor, now: now) { return }
            }
            rereads.forget(snapshot.anchor)
            try compare(replica, form, with: values, snapshot.version, store, now: now)
        }
        try endLate(snapshot.anchor, side, store)
        try setLacked(snapshot.anchor, false, side, store)
        if !membersTold.isEmpty { membersTold[snapshot.anchor] = nil }
        if !membersShown.isEmpty { membersShown[snapshot.anchor] = nil }
        try noteMembersVersion(snapshot.version, of: snapshot.anchor, side, store)
    }

    /// As of when the memberships that an entry holds are known, or, while they are being asked for, were last told.
    func membersKnown(of replica: Replica) -> Version {
        guard !membersTold.isEmpty else { return replica.membersVersion }
        return membersTold[replica.anchor] ?? replica.membersVersion
    }

    /// Whether a value names nothing, though it may have named somebody a moment ago, or named another one when it was told. One that is parked already is known to name
    /// nothing.
    mutating func namesSomebodyRenamed(
        _ values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        isAnswer: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard holder.side == .miniorange, form.form.isMaintainedByServer, try store.isLoaded(.miniorange) else {
            return false
        }
        var parked: Set<Octets>?
        var meant: [Octets: Anchor]?
        for value in values {
            guard try isRenamedMaybe(value, form, .miniorange, store) else {
                if try isMovedMaybe(value, among: values, form, holder, store, now: now) { return true }
                continue
            }
            let name: Octets
            switch try named(by: value, form, of: holder.anchor, .miniorange, store, now: now) {
            case .unknown(let unknown): name = unknown
            case .entry(let anchor):
                let link = form.link(.miniorange, holder.anchor, anchor)
                let told = isAnswer ? .unordered : version
                let isDoubtful =
                    try isAwaitingName(anchor, .miniorange, store)
                    || meantAnother(than: anchor, link, form, asOf: told, store)
                    || mayMeanAnother(value, than: anchor, link, form, store, now: now)
                guard isDoubtful else { continue }
                let rows = try meant ?? knownValues(of: holder.anchor, form, .miniorange, store)
                meant = rows
                let other = rows[form.form.comparable(value)]
                if let other, try isStillOf(other, namedSince: anchor, form, holder, version, store) { continue }
                return true
            case .former, .placeholder: continue
            }
            let known = try parked ?? Set(store.parkedLinks(.miniorange, holder: holder.anchor))
            parked = known
            let rows = try meant ?? knownValues(of: holder.anchor, form, .miniorange, store)
            meant = rows
            if !known.contains(name), rows[form.form.comparable(value)] == nil { return true }
        }
        return false
    }

    /// Whether an entry lacks a member that it had in the very same state. Its server did that by itself, as it followed a rename or a deletion, which may be yet to
    /// be told.
    private mutating func lacksSilently(
        _ values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        // Else none of them was: nothing is to be walked through.
        guard form.form.holder == .group, holder.side == .miniorange, form.form.isMaintainedByServer,
            version != .unordered, try isReloading[holder.side] || store.isLoaded(holder.side)
        else { return false }
        let there = try linked(to: holder.anchor, form, holder.side, store).filter {
            try wasThere(form.link(holder.side, holder.anchor, $0), holder, form, asOf: version, store)
        }
        guard !there.isEmpty else { return false }
        let known = try knownValues(of: holder.anchor, form, holder.side, store)
        var named: Set<Anchor> = []
        for value in values {
            if let meant = known[form.form.comparable(value)] { named.insert(meant) }
            switch try self.named(by: value, form, of: holder.anchor, holder.side, store, now: now) {
            case .entry(let anchor), .former(let anchor): named.insert(anchor)
            case .placeholder: named.insert(.placeholder)
            case .unknown: continue
            }
        }
        return !there.allSatisfy(named.contains)
    }

    /// Whether a membership that the LDAP server keeps right stood there as of this state of its entry.
    private func wasThere(
        _ id: LinkID,
        _ holder: Replica,
        _ form: LinkForm,
        asOf version: Version,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard id.side == .miniorange, form.form.isMaintainedByServer, version != .unordered,
            let row = try store.link(id), row.isPresent
        else { return false }
        return row.version == version || holder.membersVersion == version
    }

    func noteMembersVersion(
        _ version: Version,
        of anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard let old = try store.replica(side, anchor), old.membersVersion != version else { return }
        var replica = old
        replica.membersVersion = version
        try store.put(replica, replacing: old)
    }

    /// Holds: `values` are all that the entry has in this form, as of `version`.
    mutating func compare(
        _ holder: Replica,
        _ form: LinkForm,
        with values: [Octets],
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = holder.side
        var told: [Anchor: Octets] = [:]
        var former: Set<Anchor> = []
        var strays: Set<Anchor> = []
        var parked: Set<Octets> = []
        let known = try knownValues(of: holder.anchor, form, side, store)
        forgetWritten(in: holder.anchor, showing: values, form, version)
        let unclaimed = try unclaimedNames(of: holder, store)
        for value in values {
            let meant = known.isEmpty ? nil : known[form.form.comparable(value)]
            if let meant, form.form.keepsValue {
                // Of two the one that it should not stand by is noted, and taken away.
                let link = form.link(side, holder.anchor, meant)
                let isNoted =
                    try told[meant].map {
                        let isOutdated = try outdating(of: value, link, form.form, store)
                        return try isOutdated > .none && isOutdated >= outdating(of: $0, link, form.form, store)
                    } ?? true
                if isNoted { told[meant] = value }
                continue
            }
            switch try named(by: value, form, of: holder.anchor, side, asOf: version, store, now: now) {
            case .entry(let anchor):
                if let meant, try isStillOf(meant, namedSince: anchor, form, holder, version, store) {
                    told[meant] = value
                    former.insert(meant)
                    continue
                }
                // By another value that is known to be its own, or by a former name, too: that one is yet to be taken away.
                if told[anchor] == nil || !form.form.keepsValue && !former.contains(anchor) { told[anchor] = value }
                let isStray =
                    try isLeavers(value, anchor, form, holder, version, store, now: now)
                    || !unclaimed.isEmpty && form.form.namingKey(of: value).map(unclaimed.contains) == true
                        && isMeantByUnclaimed(value, anchor, form, of: holder, store)
                if isStray { strays.insert(anchor) }
            case .former(let anchor):
                told[anchor] = value
                former.insert(anchor)
            case .placeholder: told[.placeholder] = value
            case .unknown(let name):
                if let meant {
                    // By one that was written, and names nobody now.
                    told[meant] = value
                    former.insert(meant)
                    continue
                }
                parked.insert(name)
                if let container = try unknownContainer(of: value, form, side, store) { parked.insert(container) }
            }
        }
        for name in try store.parkedLinks(side, holder: holder.anchor)
        where !parked.contains(name) && form.form.mayPark(name) {
            try store.unparkLink(side, name: name, holder: holder.anchor)
        }
        let before = parked.isEmpty ? [] : Set(try store.parkedLinks(side, holder: holder.anchor))
        let new = parked.subtracting(before)
        try noteUnclaimed(parked, new: new, form, of: holder, store)
        for name in new.sorted() {
            try store.parkLink(side, name: name, holder: holder.anchor)
            if form.form.isMaintainedByServer {
                try watch(holder.anchor, parked: name, asOf: version, side, store, now: now)
            }
        }
        for other in try linked(to: holder.anchor, form, side, store) where told[other] == nil {
            let link = form.link(side, holder.anchor, other)
            let isSilent = try wasThere(link, holder, form, asOf: version, store)
            try tell(link, false, form, version, value: nil, isSilent: isSilent, store, now: now)
        }
        for (other, value) in told.sorted(by: { $0.key < $1.key }) {
            let link = form.link(side, holder.anchor, other)
            guard former.contains(other) else {
                try tell(link, true, form, version, value: value, store, now: now)
                if strays.contains(other) { try takeOut(link, store, now: now) }
                continue
            }
            if try store.link(link)?.sources.contains(form.source) != true {
                try tell(link, true, form, version, value: nil, store, now: now)
            }
            guard var row = try store.link(link), row.isPresent else { continue }
            // Its server will write it anew. Until then that is the name to take it away by. Where it was written after the rename nobody writes it anew but we.
            if row.value != value {
                row.value = value
                try store.put(row, for: link)
            }
            if isBeingFollowed(value, form.form) {
                rereads.watch(holder.anchor, now: now)
            } else {
                try linkMoved(link, store, now: now)
            }
        }
    }

    /// What values stand for already, by their keys. A value that no server keeps right still means who was meant by it when he gets another name; so does one
    /// that was written by a name from before a rename.
    func knownValues(
        of holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> [Octets: Anchor] {
        var kept: [(anchor: Anchor, value: Octets)] = []
        if form.form.holder == .group {
            guard side == .miniorange else { return [:] }
            try store.forEachLink(side, ofGroup: holder, after: nil) { member, link in
                if link.isPresent, let value = link.value { kept.append((member, value)) }
                return true
            }
        } else {
            for other in try linked(to: holder, form, side, store) {
                let link = try store.link(form.link(side, holder, other))
                if let link, link.isPresent, let value = link.value { kept.append((other, value)) }
            }
        }
        var known: [Octets: Anchor] = [:]
        for (anchor, value) in kept { known[form.form.comparable(value)] = anchor }
        // What is being written stands for whom it was written for, whoever has that name by now.
        for (link, value) in valuesUnderWay(of: holder) where link.side == side {
            known[form.form.comparable(value)] = form.form.holder == .group ? link.member : link.group
        }
        return known
    }

    /// The entries that a holder's rows of this form name, in order.
    func linked(
        to holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        var found: [Anchor] = []
        if form.form.holder == .group {
            try store.forEachLink(side, ofGroup: holder, after: nil) { member, link in
                if link.sources.contains(.group) || !link.isPresent { found.append(member) }
                return true
            }
            return found
        }
        try store.forEachGroup(side, ofMember: holder, after: nil) { group in
            found.append(group)
            return true
        }
        return try found.filter { group in
            let link = try store.link(LinkID(side: side, group: group, member: holder))
            guard let object = try object(ofGroup: group, side, store) else { return link != nil }
            guard object === form.group else { return false }
            return link?.sources.contains(.member) == true || link?.isPresent == false
        }
    }

    /// The configured object of a group that has a row, also after its entry is gone.
    func object(ofGroup group: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Object? {
        if let replica = try store.outline(side, group) { return replica.object.flatMap { objects[$0] } }
        guard let id = try store.pairID(side, group), let pair = try store.outline(id) else {
            return virtualObject(group, side)
        }
        return pair.object.flatMap { objects[$0] }
    }
}
