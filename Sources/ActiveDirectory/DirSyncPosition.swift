internal import LDAPClient
internal import SyncModel

/// From where DirSync is asked next.
///
/// News are labelled with the USN that the server had before it was asked. Where one of the groups changed while it
/// answered, the answer may hold something newer than its label, which must not pass for older news than what is known
/// by then. So the next question begins before that answer once more, and its label is later than all that is repeated.
struct DirSyncPosition: Hashable, Sendable {
    private(set) var cookie: Octets
    /// The answer's cookie, where the question was not asked from there.
    private var ahead: Octets?

    init(cookie: Octets) {
        self.cookie = cookie
    }

    /// Throws where the server promises more and gives nothing to ask for it with.
    mutating func move(to answer: DirSyncQuery.Answer, isExact: Bool) throws(ActiveDirectoryError) {
        if answer.hasMore && answer.cookie == cookie {
            throw .ldap(.malformedAnswer(.search, message: "DirSync's cookie stands still"))
        }
        move(to: answer.cookie, isExact: isExact)
    }

    /// `isExact`: none of the groups that the answer tells of changed after its label.
    mutating func move(to answered: Octets, isExact: Bool) {
        cookie = isExact ? answered : ahead ?? cookie
        ahead = isExact ? nil : answered
    }
}
