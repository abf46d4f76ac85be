import Mapping
import SyncModel

extension Engine {
    /// What a value of a membership names.
    enum Named: Hashable {
        case entry(Anchor)
        /// By a name from before a rename, which its server has yet to follow.
        case former(Anchor)
        case placeholder
        /// Nothing that is known (yet); the octets are what it is to be found by when it comes.
        case unknown(Octets)

        var isPlaceholder: Bool { self == .placeholder }
    }

    /// One way in which an entry tells memberships.
    struct LinkForm {
        let group: Object
        let membership: MembershipSpecification
        let form: MembershipForm
        var source: Link.Sources { form.holder == .group ? .group : .member }
    }

    /// The forms in which entries of an object hold memberships on a side.
    func linkForms(of object: Object, _ side: Side) -> [LinkForm] {
        linkFormsByObject[object.name]?[side] ?? []
    }

    static func linkForms(of object: Object, _ side: Side, among objects: [Object]) -> [LinkForm] {
        var forms: [LinkForm] = []
        if let membership = object.mapping.specification.membership, membership.form(side).holder == .group {
            forms.append(LinkForm(group: object, membership: membership, form: membership.form(side)))
        }
        guard object.mapping.specification.kind == .user else { return forms }
        for group in objects {
            guard let membership = group.mapping.specification.membership else { continue }
            if membership.form(side).holder == .member {
                forms.append(LinkForm(group: group, membership: membership, form: membership.form(side)))
            }
            if side == .ad, membership.includesPrimaryGroup {
                forms.append(LinkForm(group: group, membership: membership, form: .primaryGroup))
            }
        }
        return forms
    }
}

extension Engine.LinkForm {
    func link(_ side: Side, _ holder: Anchor, _ other: Anchor) -> LinkID {
        form.holder == .group
            ? LinkID(side: side, group: holder, member: other)
            : LinkID(side: side, group: other, member: holder)
    }
}
