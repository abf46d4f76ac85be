/// Opens a connection to the first server that answers, and keeps from asking again at once where that does harm.
package struct ConnectionOpening: Sendable {
    /// In the order in which they are tried now.
    package var endpoints: @Sendable () -> [LDAPEndpoint]
    package var tls: TLSSettings
    package var credentials: BindCredentials?
    package var timeouts: LDAPTimeouts

    package init(
        endpoints: @escaping @Sendable () -> [LDAPEndpoint],
        tls: TLSSettings,
        credentials: BindCredentials?,
        timeouts: LDAPTimeouts
    ) {
        self.endpoints = endpoints
        self.tls = tls
        self.credentials = credentials
        self.timeouts = timeouts
    }

    /// Throws the last server's failure. A refused bind ends it at once: the account is the same everywhere, and would only be locked sooner.
    func open() async throws(LDAPError) -> LDAPConnection {
        var failure = LDAPError.invalidRequest(.open, .parameterError, message: "no server is given")
        for endpoint in endpoints() {
            do throws(LDAPError) {
                return try await LDAPConnection.open(endpoint, tls: tls, bind: credentials, timeouts: timeouts)
            } catch {
                failure = error
                if error.serverResult != nil && error.disposition == .stop { throw error }
            }
        }
        throw failure
    }
}
