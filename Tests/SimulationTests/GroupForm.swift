/// How the simulated LDAP side holds who is in which group. A world without groups has none.
enum GroupForm: CaseIterable, Sendable {
    /// groupOfNames with the members' DNs, which the server keeps right.
    case member
    /// The members' uid, which nobody keeps right.
    case memberUid
    /// No groups at all: a list of group names at each user.
    case names
    /// As `member`, without groups in groups.
    case flattened

    /// Whether the LDAP side has entries for groups.
    var hasEntries: Bool { self != .names }
    /// Whether a group can be a member of a group on both sides.
    var nests: Bool { self == .member }
}
