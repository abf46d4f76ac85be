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

    /// Throws the last server's failure, always as one to connect: a refusal of our own account must not be taken for one of somebody else's password. It ends the
    /// attempt at once, since the account is the same everywhere and would only be locked sooner.
    func open() async throws(LDAPError) -> LDAPConnection {
        var failure = LDAPError.invalidRequest(.open, .parameterError, message: "no server is given")
        for endpoint in endpoints() {
            do throws(LDAPError) {
                return try await LDAPConnection.open(endpoint, tls: tls, bind: credentials, timeouts: timeouts)
            } catch {
                failure = error
                guard let result = error.serverResult else { continue }
                let words = "the account is refused: \(result.diagnosticMessage)"
                failure = .connectFailed(endpoint: endpoint.uri, stage: .bind, result.code, message: words)
                if error.disposition == .stop { throw failure }
            }
        }
        throw failure
    }
}
