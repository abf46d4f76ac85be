package import LDAPClient

/// How the domain controllers are reached, and how they are asked.
package struct ActiveDirectorySettings: Hashable, Sendable {
    package enum Feeding: String, Hashable, Sendable {
        /// The best that this version has for the server.
        case auto
        /// uSNChanged, woken by change notifications ([MS-ADTS] 3.1.1.3.4.1.9) and by a pulse. Of a group that changed
        /// all members are read; `auto` asks by DirSync who came and who went.
        case usn
        /// The DirSync control ([MS-ADTS] 3.1.1.3.4.1.3), with object security; woken in the same way.
        case dirsync
    }

    /// In the order in which they are tried; the first that answers is used.
    package var endpoints: [LDAPEndpoint]
    package var tls: TLSSettings
    package var credentials: BindCredentials
    package var timeouts: LDAPTimeouts
    /// Between two looks at highestCommittedUSN.
    package var pulse: Duration
    /// How many writes the engine may have under way at once.
    package var writesInFlight: Int
    package var feeding: Feeding

    package init(
        endpoints: [LDAPEndpoint],
        tls: TLSSettings = TLSSettings(),
        credentials: BindCredentials,
        timeouts: LDAPTimeouts = LDAPTimeouts(),
        pulse: Duration = .milliseconds(100),
        writesInFlight: Int = 32,
        feeding: Feeding = .auto
    ) {
        self.endpoints = endpoints
        self.tls = tls
        self.credentials = credentials
        self.timeouts = timeouts
        self.pulse = pulse
        self.writesInFlight = writesInFlight
        self.feeding = feeding
    }

    /// Throws what would keep a feed or a writer from ever working.
    package func validate() throws(ActiveDirectoryError) {
        if endpoints.isEmpty { throw .invalidSettings("no server is given") }
        if pulse < .milliseconds(1) { throw .invalidSettings("the pulse must be at least one millisecond") }
        if writesInFlight < 1 { throw .invalidSettings("at least one write must be allowed in flight") }
    }
}
