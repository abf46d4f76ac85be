import Mapping
import SyncModel

/// Groups within groups, where the LDAP side shows everybody who is in an AD group by way of others.
extension Engine {
    /// Whether the AD side counts the member as one: by a row, or by way of nested groups where the configuration flattens them.
    func isMemberAtAD(_ view: LinkView, _ store: any StoreTransaction) throws -> Bool {
        if view.rows.ad?.isPresent == true { return true }
        guard view.membership.nesting == .flatten else { return false }
        return try groupsAbove(view.ids.ad.member, store).contains(view.ids.ad.group)
    }

    /// The groups above an AD group that is out of the scope show who is in it, until it is taken out of them: what is told of its members counts still. What it would
    /// be known by, where it is one.
    func departedGroup(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Replica? {
        guard flattens, side == .ad, let id = try store.pairID(side, anchor), let pair = try store.outline(id),
            pair.presence.ad == .outOfScope, pair.kind == .group
        else { return nil }
        return Replica(
            side: side,
            anchor: anchor,
            object: pair.object,
            kind: .group,
            parent: .root,
            rdn: RelativeDistinguishedName([]),
            attributes: Attributes(),
            version: .unordered
        )
    }

    /// Whether the LDAP side is being asked for the groups of a member who is back in the scope. What followed from others was agreed on without a row of its own at
    /// AD: where it is shown again, it would be taken for news, and be added there.
    func isLookedFor(_ view: LinkView) -> Bool {
        view.membership.nesting == .flatten && isLookedFor(view.ids.miniorange.member)
    }

    private func isLookedFor(_ member: Anchor) -> Bool {
        rereads.isWatchingGroups(of: member) || groupsUnderWay.miniorange[member] != nil
    }

    /// It was asked, and was to be asked no more: what no group names is agreed on no longer.
    mutating func endLookingFor(_ member: Anchor, _ store: any StoreTransaction, now: Timestamp) throws {
        guard flattens, !isLookedFor(member) else { return }
        var kept = try links(of: member, .miniorange, .user, store)
        if let id = try store.pairID(.miniorange, member), let own = try store.outline(id)?.anchors.ad {
            kept += try links(of: own, .ad, .user, store)
        }
        for id in kept where try store.link(id)?.isPresent == false { try linkMoved(id, store, now: now) }
    }

    /// Somebody is added to an AD group, and what both had agreed on was kept without being there: it followed from others. That he is added is news.
    func noteAdded(_ link: inout Link, _ id: LinkID, _ store: any StoreTransaction) throws {
        guard flattens, id.side == .ad, let other = try counterpart(of: id, store) else { return }
        guard let row = try store.link(other) else {
            link.isAgreed = false
            return
        }
        if !row.isPresent, !link.isAgreed { try disagree(other, store) }
    }

    /// Whether a member comes to an AD group by way of one below it, to which he is yet to be added there, and may be.
    func isComing(_ view: LinkView, _ store: any StoreTransaction) throws -> Bool {
        guard view.membership.nesting == .flatten else { return false }
        let (group, member) = (view.ids.ad.group, view.ids.miniorange.member)
        var others: [Anchor] = []
        try store.forEachGroup(.miniorange, ofMember: member, after: nil) { other in
            others.append(other)
            return true
        }
        return try others.contains { other in
            guard let row = try store.link(LinkID(side: .miniorange, group: other, member: member)), row.isPresent,
                !row.isAgreed, let id = try store.pairID(.miniorange, other), let pair = try store.outline(id),
                // Nobody is added to one that is out of the scope.
                pair.isThere, let lower = pair.anchors.ad, lower != group
            else { return false }
            guard try !isRefused(LinkID(side: .ad, group: lower, member: view.ids.ad.member), of: id, store) else {
                return false
            }
            // Of two that contain each other neither is below.
            return try groupsAbove(lower, store).contains(group) && !groupsAbove(group, store).contains(lower)
        }
    }

    private func isRefused(_ link: LinkID, of pair: PairID, _ store: any StoreTransaction) throws -> Bool {
        guard try store.count(.refusedLinks) > 0 else { return false }
        return try store.refusedLinks(of: pair, limit: .max).contains { $0.0 == link && $0.1.isAddition }
    }

    /// He does not come to the groups above by this one.
    mutating func comerRefused(_ link: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard flattens, link.side == .ad else { return }
        try pendImplied([link.member], try groupsAbove(link.group, store), except: nil, store, now: now)
    }

    /// All AD groups in which an entry is, by whatever way; groups may contain each other.
    private func groupsAbove(_ anchor: Anchor, _ store: any StoreTransaction) throws -> Set<Anchor> {
        var found: Set<Anchor> = []
        var open = [anchor]
        while let next = open.popLast() {
            var groups: [Anchor] = []
            try store.forEachGroup(.ad, ofMember: next, after: nil) { group in
                groups.append(group)
                return true
            }
            for group in groups where !found.contains(group) {
                guard try store.link(LinkID(side: .ad, group: group, member: next))?.isPresent == true else { continue }
                found.insert(group)
                open.append(group)
            }
        }
        return found
    }

    /// Nil of who is not known. What is out of scope has a pair only.
    private func isGroup(_ anchor: Anchor, _ store: any StoreTransaction) throws -> Bool? {
        if let entry = try store.outline(.ad, anchor) { return entry.kind == .group }
        guard let id = try store.pairID(.ad, anchor), let pair = try store.outline(id), pair.presence.ad == .outOfScope
        else { return nil }
        return pair.kind == .group
    }

    /// The members of an AD group's counterpart who are yet to be added to it.
    private func comers(to group: Anchor, _ store: any StoreTransaction) throws -> [Anchor] {
        guard let id = try store.pairID(.ad, group), let other = try store.outline(id)?.anchors.miniorange else {
            return []
        }
        var members: [Anchor] = []
        try store.forEachLink(.miniorange, ofGroup: other, after: nil) { member, link in
            if link.isPresent && !link.isAgreed { members.append(member) }
            return true
        }
        return try members.compactMap { member in
            try store.pairID(.miniorange, member).flatMap { try store.outline($0)?.anchors.ad }
        }
    }

    /// Everybody who is no group in an AD group and the groups below it, or is yet to be added to one of them.
    private func everybody(in group: Anchor, _ store: any StoreTransaction) throws -> [Anchor] {
        var found: Set<Anchor> = []
        var seen: Set<Anchor> = [group]
        var open = [group]
        while let next = open.popLast() {
            var members: [Anchor] = []
            try store.forEachLink(.ad, ofGroup: next, after: nil) { member, _ in
                members.append(member)
                return true
            }
            for member in try members + comers(to: next, store) {
                guard let isGroup = try isGroup(member, store) else { continue }
                if !isGroup {
                    found.insert(member)
                } else if seen.insert(member).inserted {
                    open.append(member)
                }
            }
        }
        return found.sorted()
    }

    /// A membership came or went. At AD so did, perhaps, those of everybody below in every group above; on the other side whoever was to be added to the group at AD, and
    /// is not any more, does not come to those above by that.
    mutating func impliedMembersMoved(by id: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard flattens else { return }
        guard id.side == .ad else {
            if try store.link(id)?.isPresent != true { try comerLeft(id, store, now: now) }
            return
        }
        let below =
            try isGroup(id.member, store) == true ? try everybody(in: id.member, store) : [id.member]
        let above = try groupsAbove(id.group, store).union([id.group])
        try pendImplied(below, above, except: id, store, now: now)
    }

    /// A membership at the LDAP side is gone.
    mutating func comerLeft(_ id: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard flattens, id.side == .miniorange, let own = try counterpart(of: id, store) else { return }
        try pendImplied([own.member], try groupsAbove(own.group, store), except: nil, store, now: now)
    }

    /// A group left the scope: whoever was to be added to it does not come to those above by it.
    mutating func comersStay(outOf group: Anchor, _ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        guard flattens, side == .ad else { return }
        try pendImplied(try comers(to: group, store), try groupsAbove(group, store), except: nil, store, now: now)
    }

    /// A group came to be on both sides, or goes: everybody below it may be a member of it, and of those above.
    mutating func impliedMembersMoved(
        ofGroup anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard flattens, side == .ad else { return }
        let above = try groupsAbove(anchor, store).union([anchor])
        try pendImplied(try everybody(in: anchor, store), above, except: nil, store, now: now)
    }

    /// Somebody came to be on both sides.
    mutating func impliedMembersMoved(
        by anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard flattens, side == .ad else { return }
        try pendImplied([anchor], try groupsAbove(anchor, store), except: nil, store, now: now)
    }

    private mutating func pendImplied(
        _ members: [Anchor],
        _ groups: Set<Anchor>,
        except direct: LinkID?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for group in groups.sorted() {
            guard let pair = try store.pairID(.ad, group),
                let object = try object(ofGroup: group, .ad, store),
                object.mapping.specification.membership?.nesting == .flatten
            else { continue }
            for member in members {
                let id = LinkID(side: .ad, group: group, member: member)
                guard id != direct, try view(of: id, store) != nil else { continue }
                try pend(id, of: pair, store, now: now)
            }
        }
    }
}
