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
            // Out of scope, and nothing is written there.
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
        var own = row
        own.isAgreed = false
        let id = link.naming(owners[0], by: form)
        if try store.link(id) == nil { try store.put(own, for: id) }
        if let group = try store.pairID(link.side, id.group) {
            try store.pend(id, of: group)
            queue.append(group)
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
        let named: [Anchor]
        if form.isMaintainedByServer {
            let name = try? DistinguishedName(parsing: form.nameOctets(of: value))
            named = try name.flatMap { try resolve($0, link.side, store) }.map { [$0] } ?? []
        } else {
            named = try form.key(of: value).map { try store.anchors(link.side, key: $0, limit: 2) } ?? []
        }
        return try named.filter { owner in
            try view(of: link.naming(owner, by: form), store).map { try isMemberAtAD($0, store) } ?? false
        }
    }

    /// Whether a value is another one's by now who is in the group, or another group's: its server has followed the rename of who had the name before.
    mutating func isOfAnother(
        _ value: Octets,
        _ id: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard form.isMaintainedByServer, let name = try? DistinguishedName(parsing: form.nameOctets(of: value)),
            let owner = try resolve(name, id.side, store)
        else { return false }
        let other = id.naming(owner, by: form)
        return try other != id && store.link(other)?.isPresent == true
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
