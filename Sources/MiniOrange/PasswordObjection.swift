package import LDAPClient

/// What speaks against a new password, seen before the server is asked.
package enum PasswordObjection: Hashable, Sendable {
    case noEntry
    /// slapo-ppolicy takes pwdAccountLockedTime away with every new password, so that one would enable the account.
    case disabled
    /// So many characters are wanted.
    case tooShort(minimum: Int)

    /// pwdAccountLockedTime of an account that an administrator has disabled (slapo-ppolicy(5)).
    package static let lockedForGood = "000001010000Z"

    /// By the entry of a password policy: its minimum length, which counts where the quality is checked at all.
    package init?(policy: LDAPEntry, password: any SensitiveOctets) {
        let isChecked = policy.text("pwdCheckQuality").flatMap { Int($0) }.map { $0 > 0 } ?? false
        guard isChecked, let minimum = policy.text("pwdMinLength").flatMap({ Int($0) }) else { return nil }
        // The server counts octets.
        let count = password.withOctets { $0.count }
        guard count < minimum else { return nil }
        self = .tooShort(minimum: minimum)
    }
}
