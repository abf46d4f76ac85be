package import LDAPClient
package import SyncModel

/// Why the feed or the writer can't go on, in words for the admin. Never holds an attribute value.
package enum ActiveDirectoryError: Error, Hashable, Sendable {
    case ldap(LDAPError)
    /// A server did not answer, or took no bind.
    case notConnected(OpeningFailure)
    case invalidSettings(String)
    /// The server doesn't answer the DirSync control, or doesn't permit it; in its words.
    case dirSyncRefused(endpoint: String, reason: String)
    /// The server doesn't tell what every domain controller tells.
    case notADomainController(endpoint: String, missing: String)
    /// A configured base isn't there, or can't be read. Says nothing about the entries below it.
    case baseMissing(DistinguishedName, endpoint: String)
    case baseOutside(DistinguishedName, namingContext: String)
    /// The entry lacks what every entry has: the account may not read it.
    case unreadableEntry(name: String, missing: String)
    /// The server that is followed does not answer, and what another one shows can't be compared with it.
    case anotherServer(String, instead: String)
    /// None of the servers can be used; why, in words.
    case noServer(String)

    /// Whether repeating soon does harm: a refused bind counts towards the account's lockout.
    package var needsAPerson: Bool {
        switch self {
        case .notConnected(let failure): failure.isHarmful
        case .ldap(let error): error.disposition == .stop
        default: false
        }
    }
}

extension ActiveDirectoryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ldap(let error): error.description
        case .invalidSettings(let reason): reason
        case .notConnected(let failure): failure.description
        case .dirSyncRefused(let endpoint, let reason):
            """
            \(endpoint) refuses DirSync with object security: \(reason); set ad.feed to auto, which works without it, or \
            let the account read the domain's naming context and its deleted objects
            """
        case .notADomainController(let endpoint, let missing):
            "\(endpoint) is not a domain controller that this account may read: it does not tell \(missing)"
        case .baseMissing(let base, let endpoint):
            "the base \(base) is not at \(endpoint), or the account may not read it"
        case .baseOutside(let base, let namingContext):
            "the base \(base) is not in the domain's naming context \(namingContext)"
        case .unreadableEntry(let name, let missing): "the account may not read \(missing) of \(name)"
        case .anotherServer(let wanted, let found):
            "\(wanted) does not answer, and what \(found) shows can't be compared with what was heard from it"
        case .noServer(let reasons): reasons
        }
    }
}
