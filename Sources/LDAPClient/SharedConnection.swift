/// One connection for whoever needs it now and then: opened when it is first wanted, and again after it was lost.
package actor SharedConnection {
    private let opening: ConnectionOpening
    private var connection: LDAPConnection?
    private var attempt: Task<Result<LDAPConnection, LDAPError>, Never>?
    private var pause = RefusalPause()
    private var isClosed = false

    package init(_ opening: ConnectionOpening) { self.opening = opening }

    /// Throws why there is none.
    package func connection() async throws(LDAPError) -> LDAPConnection {
        if let connection, !connection.isClosed { return connection }
        if isClosed { throw .connectionLost(.open, .userCancelled, message: "closed by this side", wasSent: false) }
        try pause.check()
        let attempt = attempt ?? Task { [opening] in await Self.open(opening) }
        self.attempt = attempt
        let result = await attempt.value
        if self.attempt == attempt { took(result) }
        return try result.get()
    }

    package func close() {
        isClosed = true
        connection?.close()
    }

    private func took(_ result: Result<LDAPConnection, LDAPError>) {
        attempt = nil
        switch result {
        case .success(let opened):
            connection = opened
            if isClosed { opened.close() }
        case .failure(let error):
            pause.note(error)
        }
    }

    private static func open(_ opening: ConnectionOpening) async -> Result<LDAPConnection, LDAPError> {
        do throws(LDAPError) { return .success(try await opening.open()) } catch { return .failure(error) }
    }
}
