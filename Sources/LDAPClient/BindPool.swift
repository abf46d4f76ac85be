/// Connections on which other people's passwords are checked: each bind takes one for itself, and leaves it to the next. Opening one costs a TLS handshake,
/// binding again on one costs a message.
///
/// Each ``check(_:_:)`` is at most one bind at one server: where the connection is lost under it, it is not tried again.
package actor BindPool {
    private let opening: ConnectionOpening
    private let limit: Int
    private let waitingLimit: Int
    private var idle: [LDAPConnection] = []
    private var inUse = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isClosed = false
    private var pause = RefusalPause()

    /// - Parameters:
    ///   - opening: how its connections are opened, and as whom; the first bind changes that.
    ///   - limit: of connections.
    ///   - waitingLimit: of binds that wait for one; more are refused with `busy`.
    package init(_ opening: ConnectionOpening, limit: Int, waitingLimit: Int) {
        self.opening = opening
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// Returns where the server takes the password; throws its refusal, or why it could not be asked.
    package func check(_ name: String, _ password: any SensitiveOctets) async throws(LDAPError) {
        let connection = try await take()
        do throws(LDAPError) {
            try await connection.perform(PasswordRequest(.bind(name: name), password))
            giveBack(connection)
        } catch {
            if error.serverResult != nil {
                giveBack(connection)
            } else {
                // The answer may come yet: it must not be taken for the next bind's.
                connection.close()
                release()
            }
            throw error
        }
    }

    package func close() {
        isClosed = true
        for connection in idle { connection.close() }
        idle = []
    }

    private func take() async throws(LDAPError) -> LDAPConnection {
        while true {
            while let connection = idle.popLast() {
                guard !connection.isClosed else { continue }
                inUse += 1
                return connection
            }
            if inUse < limit { break }
            guard waiting.count < waitingLimit else {
                throw .refused(.bind, LDAPResult(code: .busy, diagnosticMessage: "too many binds are waiting"))
            }
            await withCheckedContinuation { waiting.append($0) }
        }
        try pause.check()
        inUse += 1
        do throws(LDAPError) {
            return try await opening.open()
        } catch {
            release()
            pause.note(error)
            throw error
        }
    }

    private func giveBack(_ connection: LDAPConnection) {
        if isClosed { connection.close() } else { idle.append(connection) }
        release()
    }

    private func release() {
        inUse -= 1
        if !waiting.isEmpty { waiting.removeFirst().resume() }
    }
}
