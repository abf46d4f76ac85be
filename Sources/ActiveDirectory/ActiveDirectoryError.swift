package import LDAPClient
package import SyncModel

/// Why the feed or the writer can't go on, in words for the admin. Never holds an attribute value.
package enum ActiveDirectoryError: Error, Hashable, Sendable {
    case ldap(LDAPError)
    case invalidSettings(String)
    case dirSyncUnavailable
    /// The server doesn't tell what every domain controller tells.
    case notADomainController(endpoint: String, missing: String)
    /// A configured base isn't there, or can't be read. Says nothing about the entries below it.
    case baseMissing(DistinguishedName, endpoint: String)
    case baseOutside(DistinguishedName, namingContext: String)
    /// The entry lacks what every entry has: the account may not read it.
    case unreadableEntry(name: String, missing: String)
    /// None of the servers answered; the last one's failure.
    case noServer([String])

    /// Whether repeating soon does harm: a refused bind counts towards the account's lockout.
    package var needsAPerson: Bool {
        if case .ldap(let error) = self { error.disposition == .stop } else { false }
    }
}

extension ActiveDirectoryError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ldap(let error): error.description
        case .invalidSettings(let reason): reason
        case .dirSyncUnavailable: "feeding by DirSync is not available in this version; use auto or usn"
        case .notADomainController(let endpoint, let missing):
            "\(endpoint) is not a domain controller that this account may read: it does not tell \(missing)"
        case .baseMissing(let base, let endpoint):
            "the base \(base) is not at \(endpoint), or the account may not read it"
        case .baseOutside(let base, let namingContext):
            "the base \(base) is not in the domain's naming context \(namingContext)"
        case .unreadableEntry(let name, let missing): "the account may not read \(missing) of \(name)"
        case .noServer(let failures): failures.joined(separator: "; ")
        }
    }
}
