/// How the simulated LDAP side holds who is in which group. A world without groups has none.
enum GroupForm: Sendable {
    /// groupOfNames with the members' DNs, which the server keeps right.
    case member
    /// The members' uid, which nobody keeps right.
    case memberUid
    /// No groups at all: a list of group names at each user.
    case names
    /// As `member`, without groups in groups.
    case flattened
    /// As `names`, with each name made a DN: `cn=NAME` below the base.
    case namesAsDNs

    /// Whether the LDAP side has entries for groups.
    var hasEntries: Bool { self != .names && self != .namesAsDNs }
    /// Whether a group can be a member of a group on both sides.
    var nests: Bool { self == .member }

    /// Every fifth seed has people only; the others take the forms by turns.
    static func ofWorld(_ seed: UInt64) -> GroupForm? {
        switch seed % 5 {
        case 1: .member
        case 2: .memberUid
        case 3: seed / 5 % 4 == 3 ? .namesAsDNs : .names
        case 4: .flattened
        default: nil
        }
    }
}
