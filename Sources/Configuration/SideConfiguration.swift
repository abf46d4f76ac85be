package import SyncModel

/// What kind of server answers on a side.
package enum DirectoryKind: String, Hashable, Sendable {
    case activeDirectory = "active-directory"
    case openldap
    /// Any other LDAPv3 server.
    case ldap
}

/// How changes of a side are noticed. `automatic` takes the best that the server offers.
package enum FeedChoice: String, Hashable, Sendable {
    case automatic = "auto"
    /// AD: ranges of uSNChanged.
    case usn
    /// AD: the DirSync control.
    case dirsync
    /// LDAP: OpenLDAP's accesslog overlay.
    case accesslog
    /// LDAP: RFC 4533.
    case syncrepl
    /// LDAP: comparing scans.
    case polling
}

/// One directory: where it is, how to reach it, and as whom.
package struct SideConfiguration: Sendable, Hashable {
    package var kind: DirectoryKind
    /// In order of preference; never empty.
    package var servers: [ServerEndpoint]
    /// The naming context, or the part of it, within which Syncline works.
    package var base: DistinguishedName
    /// As configured: a DN; on AD a userPrincipalName or DOMAIN\name as well.
    package var bindDN: String
    /// Read once, when the configuration was loaded.
    package var password: Secret
    /// Absolute path of the CA certificates in PEM; nil for the system's own.
    package var caFile: String?
    /// StartTLS on servers with the scheme `ldap`.
    package var startTLS: Bool
    /// Whether a connection without TLS may leave this machine.
    package var allowPlaintext: Bool
    package var connectTimeout: Duration
    package var operationTimeout: Duration
    package var feed: FeedChoice
    /// The accesslog's suffix; read only where the feed is, or may turn out to be, the accesslog.
    package var accesslogBase: DistinguishedName
    /// How often the server is asked whether anything has changed, where it does not tell by itself.
    package var pulse: Duration
    /// How many writes may be under way at once.
    package var writesInFlight: Int
}
