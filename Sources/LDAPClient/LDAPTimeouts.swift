/// The times after which a connection gives up.
package struct LDAPTimeouts: Sendable, Hashable {
    /// For the TCP connection to each address of the host, and for each wait in the TLS handshake.
    package var connect: Duration
    /// For the answer to StartTLS and for the answer to the bind, each.
    package var bind: Duration
    /// For the answer to each operation that isn't given its own; streams have none.
    package var operation: Duration
    /// Idle seconds before the first TCP keep-alive probe; three more follow at a third of that.
    package var keepAliveIdleSeconds: Int

    package init(
        connect: Duration = .seconds(5),
        bind: Duration = .seconds(10),
        operation: Duration = .seconds(60),
        keepAliveIdleSeconds: Int = 30
    ) {
        self.connect = connect
        self.bind = bind
        self.operation = operation
        self.keepAliveIdleSeconds = keepAliveIdleSeconds
    }
}
