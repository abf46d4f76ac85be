package import LDAPClient

/// Who may set whose password, and how it is done.
package enum PasswordAuthorization: Hashable, Sendable {
    /// As the owner, who knows the former password.
    case change
    /// As an administrator whom the configuration names.
    case reset
    case refused(LDAPResultCode, String)

    /// - Parameters:
    ///   - requester: nil for a connection that is nobody's; then the former password is all there is to show.
    ///   - resetsProtected: whether administrators may also set the passwords of protected entries.
    package init(requester: Account?, target: Account, hasFormer: Bool, resetsProtected: Bool) {
        let isOwn = requester.map { $0.key == target.key } ?? hasFormer
        if isOwn {
            self =
                hasFormer
                ? .change : .refused(.insufficientAccessRights, "the former password must be given with the new one")
            return
        }
        guard let requester, requester.mayReset else {
            self = .refused(.insufficientAccessRights, "only their own password may be changed by this account")
            return
        }
        guard !target.isProtected || resetsProtected else {
            self = .refused(.insufficientAccessRights, "the account is protected, and its password is not set here")
            return
        }
        // An administrator who knows the former one, too, is held to what its owner is held to.
        self = hasFormer ? .change : .reset
    }
}
