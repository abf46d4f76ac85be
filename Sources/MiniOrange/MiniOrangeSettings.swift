package import LDAPClient
package import SyncModel

/// How to reach the LDAP directory and how to notice its changes.
package struct MiniOrangeSettings: Sendable {
    package enum FeedChoice: String, Sendable, Hashable {
        /// The best that the server offers: accesslog, then syncrepl, then polling.
        case auto
        case accesslog, syncrepl, polling
    }

    /// In order of preference; the first that answers is used.
    package var endpoints: [LDAPEndpoint]
    package var tls: TLSSettings
    package var credentials: BindCredentials?
    package var timeouts: LDAPTimeouts
    package var feed: FeedChoice
    /// The suffix of the access log.
    package var accesslogBase: DistinguishedName
    /// Between two polls, where changes are polled.
    package var pollInterval: Duration
    /// Writes that are sent before the first of them is answered.
    package var writesInFlight: Int
    /// For entries of these configured objects.
    package var passwords: (objects: Set<String>, passwords: NewAccountPasswords)?

    package init(
        endpoints: [LDAPEndpoint],
        tls: TLSSettings = TLSSettings(),
        credentials: BindCredentials? = nil,
        timeouts: LDAPTimeouts = LDAPTimeouts(),
        feed: FeedChoice = .auto,
        accesslogBase: DistinguishedName = Self.defaultAccesslogBase,
        pollInterval: Duration = .seconds(1),
        writesInFlight: Int = 32
    ) {
        self.endpoints = endpoints
        self.tls = tls
        self.credentials = credentials
        self.timeouts = timeouts
        self.feed = feed
        self.accesslogBase = accesslogBase
        self.pollInterval = pollInterval
        self.writesInFlight = max(1, writesInFlight)
    }

    /// What OpenLDAP's documentation calls it, and so nearly everyone.
    package static let defaultAccesslogBase = DistinguishedName([
        RelativeDistinguishedName(type: "cn", value: "accesslog")
    ])
}
