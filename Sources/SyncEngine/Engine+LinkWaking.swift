import Mapping
import SyncModel

/// Which memberships are to be looked at when something else moved: a row, an entry's name, an entry's existence.
extension Engine {
    var hasMemberships: Bool { !membershipObjects.isEmpty }
    var createsMissingGroups: Bool {
        membershipObjects.contains { $0.mapping.specification.membership?.createsMissing ?? false }
    }

    /// A row came, went, or has another value.
    mutating func linkMoved(_ id: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard id.member != .placeholder else { return }
        try noteScope(of: id, store, now: now)
        try impliedMembersMoved(by: id, store, now: now)
        guard let group = try store.pairID(id.side, id.group) else {
            // The group is gone; what is left of it stands in the member.
            if let member = try store.pairID(id.side, id.member) { try pend(id, of: member, store, now: now) }
            return
        }
        // Before both entries are on both sides nothing can be said. That they are wakes all that is left to do.
        if try view(of: id, store) == nil, try store.link(id).map({ try isLeftoverRow(id, $0, store) }) != true {
            // The last one may have gone who named it.
            if isVirtual(id.group, id.side) { markDirty(group, .membership, now: now) }
            return
        }
        try pend(id, of: group, store, now: now)
    }

    private func isLeftoverRow(_ id: LinkID, _ row: Link, _ store: any StoreTransaction) throws -> Bool {
        if row.isUnwanted { return true }
        guard id.side == .miniorange, row.isPresent else { return false }
        if try isGone(id.member, id.side, store) { return true }
        return try isGone(id.group, id.side, store)
    }

    // MARK: Entries that come

    /// Both sides have the pair now: what is known of its memberships can be told to the other side. `isBack`: it was out of scope, maybe while it got another name.
    mutating func releaseLinks(
        of pair: Pair,
        isBack: Bool = false,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, PairOutline(pair).isThere, pair.kind != .container else { return }
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            for id in try links(of: anchor, side, pair.kind, store) {
                guard let view = try view(of: id, store) else {
                    guard let row = try store.link(id), try isLeftoverRow(id, row, store) else { continue }
                    let looking = try store.pairID(side, id.group) ?? store.pairID(side, id.member)
                    if let looking { try pend(id, of: looking, store, now: now) }
                    continue
                }
                guard let row = view.rows[side] else { continue }
                let isKept = view.rows.ad?.isPresent == true && view.rows.miniorange?.isPresent == true
                if isKept {
                    if view.isAgreed && row.isAgreed && !isBack { continue }
                    // Most often both have it already, and nothing is to be decided.
                    try agree(view, true, store)
                    if try outdatedValue(view, store) == nil { continue }
                }
                try pend(id, of: view.group.id, store, now: now)
            }
            if pair.kind == .group { try impliedMembersMoved(ofGroup: anchor, side, store, now: now) }
            if pair.kind == .user { try impliedMembersMoved(by: anchor, side, store, now: now) }
        }
    }

    /// All rows in which an entry stands on its side, as group and as member.
    func links(
        of anchor: Anchor,
        _ side: Side,
        _ kind: ObjectKind,
        _ store: any StoreTransaction
    ) throws -> [LinkID] {
        var found: [LinkID] = []
        try store.forEachGroup(side, ofMember: anchor, after: nil) { group in
            found.append(LinkID(side: side, group: group, member: anchor))
            return true
        }
        guard kind == .group else { return found }
        try store.forEachLink(side, ofGroup: anchor, after: nil) { member, _ in
            found.append(LinkID(side: side, group: anchor, member: member))
            return true
        }
        return found
    }

    /// The entry is made anew and gets another anchor: what stands for the one that is gone is looked at once more.
    mutating func pendLeftovers(of anchor: Anchor, _ side: Side, _ kind: ObjectKind, _ store: any StoreTransaction)
        throws
    {
        guard hasMemberships, kind != .container else { return }
        for id in try links(of: anchor, side, kind, store) {
            if try handOverAgreement(on: id, store) {
                try store.removeLink(id)
                continue
            }
            guard let membership = try object(ofGroup: id.group, side, store)?.mapping.specification.membership,
                let holder = try store.pairID(side, membership.form(side).holder == .group ? id.group : id.member)
            else { continue }
            try setPending(id, of: holder, store)
            queue.append(holder)
        }
    }

    // MARK: Entries that go, or get another name

    /// The names that an entry holds and that nobody has are forgotten.
    func unparkLinks(of holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        for name in try store.parkedLinks(side, holder: holder) {
            try store.unparkLink(side, name: name, holder: holder)
        }
    }

    /// An entry was deleted, which takes its memberships along: no person took them away. Where its counterpart stays or comes back, what the other side has
    /// still stands.
    mutating func dropLinks(
        of anchor: Anchor,
        _ side: Side,
        _ old: Replica?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships else { return }
        try unparkLinks(of: anchor, side, store)
        try forgetUnclaimed(of: anchor, side, store)
        writtenOfGone.forget(in: anchor) { _ in true }
        try setLacked(anchor, false, side, store)
        let kind = old?.kind ?? .group
        if kind == .group { try impliedMembersMoved(ofGroup: anchor, side, store, now: now) }
        for id in try links(of: anchor, side, kind, store) {
            guard let row = try store.link(id) else { continue }
            // What somebody had taken away before stays taken away.
            if row.isPresent, let other = try counterpart(of: id, store) {
                try disagree(other, store)
                if !row.isAgreed { try forgetUnderWay(other, store) }
            }
            if row.isPresent && !row.isAgreed { try comerLeft(id, store, now: now) }
            try handOverAgreement(on: id, store)
            let form = try object(ofGroup: id.group, side, store)?.mapping.specification.membership?.form(side)
            let holder = form?.holder == .member ? id.member : id.group
            let isFollowed = try form?.isMaintainedByServer != false && !isByAnotherName(row, old, form, store)
            if side == .ad || holder == anchor || isFollowed || !row.isPresent {
                try store.removeLink(id)
                if side == .miniorange, holder != anchor, row.isPresent {
                    if holder == id.group { writtenOfGone.note(id, row) }
                    try replaceLastMember(id, row, old, store, now: now)
                }
                continue
            }
            // Nobody but us takes the value away.
            var left = row
            left.isAgreed = false
            try store.put(left, for: id)
            if let holder = try store.pairID(side, holder) { try pend(id, of: holder, store, now: now) }
        }
    }

    /// Whether a membership stands by a name that was written and is not the entry's: its server does not take that away with the entry. What was written of who is out of the
    /// scope was not understood as his name there.
    private mutating func isByAnotherName(
        _ row: Link,
        _ old: Replica?,
        _ form: MembershipForm?,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let value = row.value, let form else { return false }
        guard let old else { return true }
        guard let name = try name(of: old, store) else { return false }
        return !form.isSame(form.nameOctets(of: value), Octets(name.description))
    }

    /// slapd keeps the name of a deleted member in a group that must have one: whoever gets that name next would be in the group. The placeholder takes its place.
    private mutating func replaceLastMember(
        _ id: LinkID,
        _ row: Link,
        _ old: Replica?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let old, let name = try name(of: old, store),
            let membership = try object(ofGroup: id.group, id.side, store)?.mapping.specification.membership,
            membership.placeholder != nil, membership.direction.permits(writingTo: id.side),
            let group = try store.pairID(id.side, id.group)
        else { return }
        let hasParked = try !store.parkedLinks(id.side, holder: id.group).isEmpty
        var later = 0
        var isOneOfSeveral = false
        try store.forEachLink(id.side, ofGroup: id.group, after: nil) { _, link in
            guard link.isPresent else { return true }
            later += 1
            isOneOfSeveral = !isOlder(row.version, than: link.version) || later == Engine.mostLaterMembers
            return !isOneOfSeveral
        }
        if isOneOfSeveral || hasParked && later == 0 { return }
        if later > 0 {
            // All the others may have come after it was deleted, as the last one: then its name stands there still.
            return try requestRead(.readMembers(id.group), id.side, store, now: now)
        }
        try store.put(Link(sources: .group, value: Octets(name.description)), for: id)
        try pend(id, of: group, store, now: now)
    }

    /// So many don't come to a group between a deletion and the news of it.
    private static let mostLaterMembers = 1_000

    /// The same membership on the other side, whatever has become of the entries.
    func counterpart(of id: LinkID, _ store: any StoreTransaction) throws -> LinkID? {
        let other = id.side.opposite
        guard let groupID = try store.pairID(id.side, id.group), let memberID = try store.pairID(id.side, id.member),
            let group = try store.outline(groupID)?.anchors[other],
            let member = try store.outline(memberID)?.anchors[other]
        else { return nil }
        return LinkID(side: other, group: group, member: member)
    }

    func disagree(_ id: LinkID, _ store: any StoreTransaction) throws {
        guard let old = try store.link(id), old.isAgreed else { return }
        var link = old
        link.isAgreed = false
        if link.isPresent { try store.put(link, for: id) } else { try store.removeLink(id) }
    }

    /// An entry left the scope. Nothing is concluded from that: what both had agreed on is kept by the other side's rows, and what this side holds is known
    /// again when the entry comes back.
    mutating func suspendLinks(
        of old: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, old.kind != .container else { return }
        let side = old.side
        let name = try name(of: old, store)
        try unparkLinks(of: old.anchor, side, store)
        for id in try links(of: old.anchor, side, old.kind, store) {
            guard let row = try store.link(id) else { continue }
            let membership = try object(ofGroup: id.group, side, store)?.mapping.specification.membership
            let form = membership?.form(side)
            let holder = form?.holder == .member ? id.member : id.group
            // What he lists is known by its row alone. Where a group went meanwhile, it would be made again by its name when he comes back.
            let isList = side == .miniorange && id.member == old.anchor && form?.holder != .group
            let isKept =
                try isList && row.isPresent && (form?.isMaintainedByServer == false || isGone(id.group, side, store))
            // Those above it show who is in it, as it was last seen, until it is taken out of them.
            if side == .ad, membership?.nesting == .flatten { continue }
            if holder != old.anchor, !isKept {
                // AD names its members for good, so the row can stay.
                if side == .ad { continue }
                // So it can where the text is not the present name: what it is parked by would bring nobody back.
                if row.isPresent, let form, isByFormerText(row, old, name, form) { continue }
                if row.isPresent, let form, let parked = parkingName(of: old, name, form) {
                    try store.parkLink(side, name: parked, holder: holder)
                }
            }
            if row.isPresent, row.isAgreed, try keepAgreement(on: id, membership, store) { continue }
            // What follows from the members' own primary group no reading of the group tells again.
            if side == .ad, holder == old.anchor, row.sources.contains(.member) {
                var implied = row
                implied.sources = .member
                try store.put(implied, for: id)
                continue
            }
            if !isKept { try store.removeLink(id) }
            if row.isPresent && !row.isAgreed { try comerLeft(id, store, now: now) }
        }
        if old.kind == .group { try comersStay(outOf: old.anchor, side, store, now: now) }
        // Who had gone, and was written to it after that, stands there: whoever has his name when it is back was not put into it.
        for (member, row) in writtenOfGone.rows(in: old.anchor)
        where !isOlder(row.version, than: old.membersVersion) {
            let id = LinkID(side: side, group: old.anchor, member: member)
            try store.put(Link(sources: .group, version: row.version, value: row.value), for: id)
        }
    }

    /// A membership goes out of the scope. Where it follows from other groups at AD, there is no row yet that could keep what both had agreed on. True where its own row does,
    /// since AD has yet to get one of the two entries anew.
    private func keepAgreement(
        on id: LinkID,
        _ membership: MembershipSpecification?,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard id.side == .miniorange, membership?.nesting == .flatten else { return false }
        guard let other = try counterpart(of: id, store) else {
            try store.put(Link(sources: [], isAgreed: true), for: id)
            return true
        }
        if try store.link(other) == nil { try store.put(Link(sources: [], isAgreed: true), for: other) }
        return false
    }

    /// A side is losing one of a membership's entries for good, and with it the row by which it is known that both had agreed on what is not there by itself: it was taken
    /// away, or followed from other groups. The other side's row knows it from now on; else what is there would be news when the entry is made again. False where
    /// there is nothing of the kind.
    @discardableResult
    private func handOverAgreement(on id: LinkID, _ store: any StoreTransaction) throws -> Bool {
        guard let row = try store.link(id), row.isAgreed, !row.isPresent, let other = try counterpart(of: id, store)
        else { return false }
        // Without a row there it is out of the scope; whether it is there without having a row at AD is known of those that follow from others alone.
        guard var link = try store.link(other) ?? (flattens && id.side == .ad ? Link(sources: []) : nil) else {
            return true
        }
        link.isAgreed = true
        try store.put(link, for: other)
        return true
    }

    /// An entry came back into scope. That its groups do not name it is nobody's removal: they may do so by the name that it had outside, which its server has yet
    /// to rewrite.
    func doubtAbsences(of pair: Pair, _ store: any StoreTransaction) throws {
        guard hasMemberships, pair.kind != .container, let anchor = pair.anchors.ad else { return }
        for id in try links(of: anchor, .ad, .user, store) {
            guard try store.link(id)?.isPresent == true, let own = try counterpart(of: id, store),
                try store.link(own)?.isPresent != true, try isNamedByServer(own.group, .miniorange, store)
            else { continue }
            try disagree(id, store)
            try disagree(own, store)
        }
    }

    private func parkingName(of old: Replica, _ name: DistinguishedName?, _ form: MembershipForm) -> Octets? {
        switch form.value {
        case .name, .nameAndUID: name.map { Engine.parkingName($0) }
        case .memberAttribute(let attribute): old.attributes[attribute].first.flatMap { LinkKey.memberKey($0) }
        case .groupName: LinkKey.groupKey(old.rdn.value)
        }
    }

    /// The entry stays although its counterpart is gone for good: whether it stays in its groups is configured.
    mutating func settleKeptMemberships(
        of replica: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, replica.kind != .container else { return }
        for id in try links(of: replica.anchor, replica.side, .user, store) {
            guard let row = try store.link(id), row.sources.contains(.group) || replica.side == .miniorange,
                let membership = try object(ofGroup: id.group, id.side, store)?.mapping.specification.membership,
                membership.keptMemberships == .remove,
                membership.direction.permits(writingTo: id.side)
            else { continue }
            try takeOut(id, store, now: now)
        }
    }

    // MARK: Scope by membership

    /// Whether an entry is in scope as far as its membership of one group decides that.
    mutating func isSelected(
        _ anchor: Anchor,
        _ object: Object?,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let object, let group = object.mapping.specification.onlyMembersOf[side] else { return true }
        guard let groupAnchor = try selectingGroup(group, side, store) else { return false }
        return try store.link(LinkID(side: side, group: groupAnchor, member: anchor))?.isPresent ?? false
    }

    /// The group by its anchor, once it was found by its name: a rename changes nothing.
    private mutating func selectingGroup(
        _ name: DistinguishedName,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Anchor? {
        let fact = "onlyMembersOf.\(side.name).\(name.normalized.lossyText)"
        if let known = try store.fact(fact).flatMap({ Anchor(octets: $0.bytes) }) { return known }
        guard let anchor = try resolve(name, side, store) else { return nil }
        try store.setFact(fact, Octets(anchor.octets))
        return anchor
    }

    /// Somebody came into, or left, the group that selects who is in scope.
    private mutating func noteScope(of id: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard hasSelectingGroups, let pairID = try store.pairID(id.side, id.member),
            let before = try store.pair(pairID),
            let object = before.object.flatMap({ objects[$0] }),
            object.mapping.specification.onlyMembersOf[id.side] != nil,
            try store.replica(id.side, id.member) != nil
        else { return }
        let isIn = try isSelected(id.member, object, id.side, store)
        guard (before.presence[id.side] == .present) != isIn, before.presence[id.side] != .deleted else { return }
        var pair = before
        pair.presence[id.side] = isIn ? .present : .outOfScope
        try store.put(pair, replacing: before)
        if isIn {
            try noteReturn(pairID, id.side, store)
            try noteBarMeanwhile(pair, besides: id.side, store, now: now)
        } else {
            try store.setFact(Engine.leaversFact(id.side), Octets([1]))
            try noteLeaving(pairID, id.side, store)
        }
        markDirty(pairID, .membership, now: now)
        if isIn {
            try wakeWaiters(on: pairID, store, now: now)
            try releaseLinks(of: pair, store, now: now)
        }
    }
}
