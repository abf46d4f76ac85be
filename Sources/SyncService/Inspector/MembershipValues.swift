import Cache
import Mapping
import SyncModel

/// The values by which entries hold memberships, made of the rows of the cache: member, uniqueMember, memberUid, or an attribute of the user.
struct MembershipValues {
    private let view: InspectedView

    init(_ view: InspectedView) { self.view = view }

    /// What an entry's own attributes hold, by attribute; the values are sorted. Names of entries that are not in scope are among them, as the cache keeps them.
    func held(by replica: Replica) throws -> [(attribute: String, values: [Octets])] {
        var found: [(attribute: String, values: [Octets])] = []
        if let membership = view.mapping(replica.object)?.specification.membership {
            let form = membership.form(replica.side)
            if form.holder == .group {
                found.append((form.attribute, try members(of: replica, membership)))
            }
        }
        guard replica.kind == .user else { return found }
        var attributes: [String: [Octets]] = [:]
        for mapping in view.wiring.mappings {
            guard let form = mapping.specification.membership?.form(replica.side), form.holder == .member else {
                continue
            }
            attributes[form.attribute, default: []] += try groups(of: replica, mapping.specification.name, form)
        }
        for (attribute, values) in attributes.sorted(by: { $0.key < $1.key }) {
            found.append((attribute, Array(Set(values + (try parked(by: replica)))).sorted()))
        }
        return found
    }

    private func members(of group: Replica, _ membership: MembershipSpecification) throws -> [Octets] {
        var values: [Octets] = []
        try view.transaction.forEachLink(group.side, ofGroup: group.anchor, after: nil) { member, link in
            guard link.sources.contains(.group) else { return true }
            if let value = link.value {
                values.append(value)
            } else if member == .placeholder {
                if let name = membership.placeholder { values.append(Octets(name.description)) }
            } else {
                values.append(Octets(try view.names.name(of: member, group.side)))
            }
            return true
        }
        return (values + (try parked(by: group))).sorted()
    }

    /// Values that name nobody in scope, without the case that they have at the server.
    private func parked(by holder: Replica) throws -> [Octets] {
        try view.transaction.parkedLinks(holder.side, holder: holder.anchor).map(ParkedName.init)
            .filter { $0.kind != .relativeID }.map(\.value)
    }

    private func groups(of member: Replica, _ object: String, _ form: MembershipForm) throws -> [Octets] {
        var values: [Octets] = []
        let side = member.side
        try view.transaction.forEachGroup(side, ofMember: member.anchor, after: nil) { group in
            guard let link = try view.transaction.link(LinkID(side: side, group: group, member: member.anchor)),
                link.sources.contains(.member), let replica = try view.transaction.replica(side, group),
                replica.object == object
            else { return true }
            if let value = link.value {
                values.append(value)
            } else if form.value == .groupName {
                values.append(replica.rdn.value)
            } else {
                values.append(Octets(try view.names.name(of: replica)))
            }
            return true
        }
        return values
    }

    /// The DNs of an entry's groups, whichever side's attribute tells them.
    func groupNames(of member: Anchor, _ side: Side) throws -> [Octets] {
        var values: [Octets] = []
        try view.transaction.forEachGroup(side, ofMember: member, after: nil) { group in
            if try view.transaction.link(LinkID(side: side, group: group, member: member))?.isPresent == true {
                values.append(Octets(try view.names.name(of: group, side)))
            }
            return true
        }
        return values
    }

    /// The DNs of a group's members.
    func memberNames(of group: Anchor, _ side: Side) throws -> [Octets] {
        var values: [Octets] = []
        try view.transaction.forEachLink(side, ofGroup: group, after: nil) { member, link in
            if link.isPresent && member != .placeholder {
                values.append(Octets(try view.names.name(of: member, side)))
            }
            return true
        }
        return values
    }
}
