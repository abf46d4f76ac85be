package import SyncModel

/// How a side holds who is in which group.
package struct MembershipForm: Hashable, Sendable {
    /// Whose attribute it is.
    package enum Holder: UInt8, Hashable, Sendable { case group, member }

    package enum Value: Hashable, Sendable {
        /// The DN of the other entry.
        case name
        /// The DN with an optional bit string behind it (uniqueMember, RFC 4517 §3.3.21).
        case nameAndUID
        /// The value of this attribute of the member, in lower case (memberUid holds uid, RFC 2307 §2.2).
        case memberAttribute(String)
        /// The plain name of the group: its RDN's value. Only at the member.
        case groupName
    }

    package var holder: Holder
    /// In lower case.
    package var attribute: String
    package var value: Value

    package init(holder: Holder, attribute: String, value: Value) {
        self.holder = holder
        self.attribute = attribute
        self.value = value
    }

    /// Whether the server itself follows what becomes of the entries that are named: their renames and their deletion. What does not is followed by us.
    package var isMaintainedByServer: Bool {
        holder == .group && (value == .name || value == .nameAndUID)
    }

    /// The form of every AD.
    package static let activeDirectory = MembershipForm(holder: .group, attribute: "member", value: .name)
    package static let member = MembershipForm(holder: .group, attribute: "member", value: .name)
    package static let uniqueMember = MembershipForm(holder: .group, attribute: "uniquemember", value: .nameAndUID)
    package static let memberUid = MembershipForm(
        holder: .group,
        attribute: "memberuid",
        value: .memberAttribute("uid")
    )
}

/// What becomes of a group's members that are groups.
package enum Nesting: UInt8, Hashable, Sendable {
    /// They are members on both sides.
    case keep
    /// The LDAP side shows everybody who is in an AD group by way of others as a member of it, and no groups.
    case flatten
}

/// What becomes of the memberships of an entry that stays although its counterpart was deleted.
package enum KeptMemberships: UInt8, Hashable, Sendable {
    case keep, remove
}

/// How the members of a configured group object are kept in agreement.
package struct MembershipSpecification: Hashable, Sendable {
    /// At the LDAP side; AD has one form only.
    package var form: MembershipForm
    package var direction: Direction
    /// Stands in an LDAP group without members whose class demands one. Never carried over.
    package var placeholder: DistinguishedName?
    package var nesting: Nesting
    /// Whether users whose primaryGroupID names a group count as its members. It is never written.
    package var includesPrimaryGroup: Bool
    /// Whether a group that a member's attribute names and that nobody has is made.
    package var createsMissing: Bool
    package var keptMemberships: KeptMemberships

    package init(
        form: MembershipForm = .member,
        direction: Direction = .both,
        placeholder: DistinguishedName? = nil,
        nesting: Nesting = .keep,
        includesPrimaryGroup: Bool = false,
        createsMissing: Bool = false,
        keptMemberships: KeptMemberships = .keep
    ) {
        self.form = form
        self.direction = direction
        self.placeholder = placeholder
        self.nesting = nesting
        self.includesPrimaryGroup = includesPrimaryGroup
        self.createsMissing = createsMissing
        self.keptMemberships = keptMemberships
    }

    package func form(_ side: Side) -> MembershipForm { side == .ad ? .activeDirectory : form }
}
