package import SyncModel

/// Both directories, as the gateway needs them. Each function asks at most one server, once.
package protocol AccountDirectories: Sendable {
    /// Who is called so: by a DN of either side, userPrincipalName, sAMAccountName, uid or mail. Nil where nobody is, or more than one.
    ///
    /// Throws ``DirectoryUnavailable`` where it can't be told.
    func find(_ name: String) async throws(DirectoryUnavailable) -> Account?

    /// A simple bind as the account.
    func check(_ side: Side, _ account: Account, _ password: Password) async -> DirectoryAnswer

    /// Changes the account's password as its owner does, who knows the former one.
    func change(_ side: Side, _ account: Account, from former: Password, to password: Password) async -> DirectoryAnswer

    /// Sets the account's password as an administrator does.
    func reset(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer

    /// What speaks against setting a password at a side, as far as that can be seen before it is tried: `done` for nothing.
    func objection(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer
}

package struct DirectoryUnavailable: Error, Hashable, Sendable {
    package var reason: String
    package init(reason: String) { self.reason = reason }
}

/// What a side said.
package enum DirectoryAnswer: Hashable, Sendable {
    /// Why a side does not do it, and will not however often it is asked.
    package enum Refusal: Hashable, Sendable {
        /// The side's password policy; the words are for the user.
        case policy(String)
        /// The account is disabled there.
        case disabled
        /// Syncline's account may not; the words are the server's, for the log.
        case notAllowed(String)
        case other(String)
    }

    /// What a wrong bind with the right password means; told to the user, who has shown to be the one.
    package enum Demand: Hashable, Sendable {
        case passwordExpired
        case mustChangePassword
    }

    case done
    /// The former password, or the one in a bind, is not the right one; or the account can't log in, for whatever reason.
    case wrongPassword
    /// The password is right, and something else has to be done first.
    case demand(Demand)
    case refused(Refusal)
    /// It was certainly not done; it may be later.
    case unavailable(String)
    /// It may have been done.
    case unknown(String)
}
