import Mapping
import SyncModel

/// By which values memberships are taken away: a name may be another one's by now.
extension Engine {
    /// A value that names what is gone for good, or what is to leave its groups. Who it named has no pair that could be merged.
    func isLeftover(_ link: LinkID, _ row: Link, _ store: any StoreTransaction) throws -> Bool {
        if row.isUnwanted { return true }
        guard link.side == .miniorange else { return false }
        if try isGone(link.member, .miniorange, store) { return true }
        return try isGone(link.group, .miniorange, store)
    }

    mutating func removal(
        of link: LinkID,
        _ row: Link,
        for pair: Pair,
        _ store: any StoreTransaction
    ) throws -> LinkVerdict {
        guard let membership = try membership(of: link, store),
            let holder = try store.pairID(
                link.side,
                membership.form(link.side).holder == .group ? link.group : link.member
            )
        else { return .waiting }
        let form = membership.form(link.side)
        guard holder == pair.id else { return .heldBy(holder) }
        guard try store.outline(link.side, form.holder == .group ? link.group : link.member) != nil else {
            // Out of scope, and nothing is written there. What names who is gone, or a group that is, is taken away when it comes back.
            let (holder, named) = form.holder == .group ? (link.group, link.member) : (link.member, link.group)
            if try isGone(named, link.side, store) && !isGone(holder, link.side, store) { return .waiting }
            try store.removeLink(link)
            return .settled
        }
        if !row.isUnwanted, try isSomebodyElses(row, link, form, store) {
            try store.removeLink(link)
            return .settled
        }
        guard let value = try row.value ?? expectedValue(link, form, store) else {
            try store.removeLink(link)
            return .settled
        }
        return .write(
            LinkWrite(
                link: link,
                isPresent: false,
                value: value,
                replaced: nil,
                attribute: form.attribute,
                placeholder: link.side == .miniorange && form.holder == .group ? membership.placeholder : nil
            )
        )
    }

    /// Whether the name of who is gone is another one's by now, whose membership the value then is.
    private mutating func isSomebodyElses(
        _ row: Link,
        _ link: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let value = row.value else { return false }
        let owners = try owners(of: value, link, form, store)
        let named = form.holder == .group ? link.member : link.group
        guard owners.count == 1, owners[0] != named else { return false }
        let id = link.naming(owners[0], by: form)
        let known = try store.link(id)
        if known?.isPresent != true {
            var own = row
            own.isAgreed = known?.isAgreed ?? false
            try store.put(own, for: id)
        }
        if let group = try store.pairID(link.side, id.group) {
            try setPending(id, of: group, store)
            queue.append(group)
        }
        // Its server may have yet to take it away with who is gone.
        if form.isMaintainedByServer {
            rereads.watch(form.holder == .group ? link.group : link.member, now: stepTime)
        }
        return true
    }

    /// Who has the name in a value now. Whoever got a name that stands there by accident is a member only if AD says so.
    private mutating func owners(
        of value: Octets,
        _ link: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        try named(by: value, link.side, form, store).filter { owner in
            try view(of: link.naming(owner, by: form), store).map { try isMemberAtAD($0, store) } ?? false
        }
    }

    /// Whether a value is another one's by now who is in the group, or another group's: its server has followed the rename of who had the name before, or it is a text
    /// that means whoever has it.
    mutating func isOfAnother(
        _ value: Octets,
        _ id: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let named = try named(by: value, id.side, form, store)
        guard named.count == 1 else { return false }
        let other = id.naming(named[0], by: form)
        return try other != id && store.link(other)?.isPresent == true
    }

    /// The same, but for somebody who is listed by another text.
    mutating func standsForAnother(
        _ value: Octets,
        _ id: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard try isOfAnother(value, id, form, store) else { return false }
        guard !form.isMaintainedByServer, let owner = try named(by: value, id.side, form, store).first,
            let listed = try store.link(id.naming(owner, by: form))?.value
        else { return true }
        return form.isSame(listed, value)
    }

    /// Who has the name in a value now.
    private mutating func named(
        by value: Octets,
        _ side: Side,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        guard form.isMaintainedByServer else {
            return try form.key(of: value).map { try store.anchors(side, key: $0, limit: 2) } ?? []
        }
        let name = try? DistinguishedName(parsing: form.nameOctets(of: value))
        return try name.flatMap { try resolve($0, side, store) }.map { [$0] } ?? []
    }

    /// A membership is to be taken away, whatever the other side has.
    mutating func takeOut(_ id: LinkID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard var link = try store.link(id), link.isPresent, let group = try store.pairID(id.side, id.group) else {
            return
        }
        link.isUnwanted = true
        try store.put(link, for: id)
        try pend(id, of: group, store, now: now)
    }

    // MARK: Names of who is gone

    /// slapd keeps the name of a deleted member in a group that must have one, also where the others went after him: whoever gets that name next would be in the
    /// group. The placeholder takes its place.
    mutating func noteLastLeaver(
        _ values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard values.count == 1, form.membership.placeholder != nil,
            let leaver = try leaver(namedBy: values[0], form, holder, store, now: now),
            let name = try? DistinguishedName(parsing: form.form.nameOctets(of: values[0])),
            try resolve(name, .miniorange, store) == nil, let group = try store.pairID(.miniorange, holder.anchor)
        else { return }
        let link = form.link(.miniorange, holder.anchor, leaver)
        guard try store.link(link)?.isPresent != true else { return }
        try store.put(Link(sources: .group, value: values[0]), for: link)
        try pend(link, of: group, store, now: now)
    }

    /// Whether a value that names an entry was there before that had the name, for who is gone and had it then, or was written for him by us: nobody has put this one into the
    /// group.
    mutating func isLeavers(
        _ value: Octets,
        _ named: Anchor,
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard version != .unordered else { return false }
        if try !wasWrittenOfGone(value, named, form, holder, version, store) {
            guard let leaver = try leaver(namedBy: value, form, holder, store, now: now), leaver != named,
                namings.miniorange.isLater(named, than: version), !isNewlyShown(value, form, holder, version)
            else { return false }
        }
        let link = form.link(.miniorange, holder.anchor, named)
        guard try store.link(link)?.isPresent != true else { return false }
        return try view(of: link, store).map { try !isMemberAtAD($0, store) } ?? true
    }

    /// Whether a value that names an entry was written by us for somebody else, who was gone.
    func wasWrittenOfGone(
        _ value: Octets,
        _ named: Anchor,
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard !writtenOfGone.isEmpty, holder.side == .miniorange, form.form.holder == .group,
            form.membership.direction.permits(writingTo: .miniorange)
        else { return false }
        return try writtenOfGone.rows(in: holder.anchor).contains { member, row in
            guard member != named, let written = row.value, form.form.isSame(written, value) else { return false }
            let isHis = writtenOfGone.contains(form.link(.miniorange, holder.anchor, member), asOf: version)
            return try isHis && isGone(member, .miniorange, store)
        }
    }

    /// All that a group holds is known: of what was written of who is gone, what is not there was taken away.
    mutating func forgetWritten(in holder: Anchor, showing values: [Octets], _ form: LinkForm, _ version: Version) {
        writtenOfGone.forget(in: holder) { row in
            guard let value = row.value, version == row.version || version.supersedes(row.version) else { return false }
            return !values.contains { form.form.isSame($0, value) }
        }
    }

    mutating func forgetWritten(in group: Anchor, without values: [Octets], _ form: MembershipForm) {
        writtenOfGone.forget(in: group) { row in
            row.value.map { value in values.contains { form.isSame($0, value) } } ?? false
        }
    }

    /// Whether a value was not there when its entry was first shown in the same state: its server has come to it by following a rename, to which somebody is called so.
    private func isNewlyShown(_ value: Octets, _ form: LinkForm, _ holder: Replica, _ version: Version) -> Bool {
        guard let shown = membersShown[holder.anchor], shown.version == version else { return false }
        return !shown.values.contains { form.form.isSame($0, value) }
    }

    /// Whether a value that is known to stand for somebody by a name that he had before still does, as another one came to that name only after the state in which it
    /// is shown: nobody has put this one into the group. Had his server followed a rename to it, he would have been there by another name before. What names who is gone
    /// nobody but we takes away: it stands there since it was known to, whatever else was done to its group.
    func isStillOf(
        _ meant: Anchor,
        namedSince named: Anchor,
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard meant != named, version != .unordered else { return false }
        let link = form.link(.miniorange, holder.anchor, meant)
        let since = try standsSince(link, holder, store) ?? version
        // Written by us when he was gone, maybe, it is his, whoever had the name by then.
        let wasHis = writtenOfGone.contains(link, asOf: since)
        guard wasHis || namings.miniorange.isLater(named, than: since) else { return false }
        return try store.link(form.link(.miniorange, holder.anchor, named))?.isPresent != true
    }

    /// As of when the name of who is gone stands in a group; nil where it may be being taken away.
    private func standsSince(_ link: LinkID, _ holder: Replica, _ store: any StoreTransaction) throws -> Version? {
        guard try isGone(link.member, .miniorange, store), let row = try store.link(link), row.version != .unordered,
            try store.pairID(.miniorange, holder.anchor).map({ editsUnderWay[$0] == nil }) ?? false
        else { return nil }
        return row.version
    }

    /// Who was deleted a moment ago and had the name in a value that its server follows.
    private func leaver(
        namedBy value: Octets,
        _ form: LinkForm,
        _ holder: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Anchor? {
        guard formerNames.hasLeft, holder.side == .miniorange, form.form.holder == .group,
            form.form.isMaintainedByServer, form.membership.direction.permits(writingTo: .miniorange),
            let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value)),
            let leaver = formerNames.leaver(name, at: now), try isGone(leaver, .miniorange, store)
        else { return nil }
        return leaver
    }

    /// How the memberships of a group are held that may be gone for good, with all that was known of it: then the member's own attribute tells.
    private func membership(of link: LinkID, _ store: any StoreTransaction) throws -> MembershipSpecification? {
        if let object = try object(ofGroup: link.group, link.side, store) {
            return object.mapping.specification.membership
        }
        guard let member = try store.replica(link.side, link.member),
            let object = member.object.flatMap({ objects[$0] })
        else { return nil }
        return linkForms(of: object, link.side).first { $0.form == $0.membership.form(link.side) }?.membership
    }
}

extension LinkID {
    /// The membership in whose value, at the same holder, another one is named.
    fileprivate func naming(_ other: Anchor, by form: MembershipForm) -> LinkID {
        var id = self
        if form.holder == .group { id.member = other } else { id.group = other }
        return id
    }
}
