package import SyncModel

/// What the configuration says of the gateway, without addresses and files.
package struct GatewaySettings: Hashable, Sendable {
    /// The side that says whether a password is right.
    package var authority: Side
    /// Whether administrators may also set the passwords of protected entries (adminCount=1).
    package var resetsProtected: Bool
    /// How long a password is kept for a side that can't be reached.
    package var keepsPending: Duration
    package var limits: Limits

    package struct Limits: Hashable, Sendable {
        /// Of connections, and of those from one address.
        package var connections = 2_000
        package var connectionsPerAddress = 500
        /// From the connection to the end of the TLS handshake.
        package var handshake = Duration.seconds(10)
        /// Without a request, until the connection is closed.
        package var idle = Duration.seconds(300)
        /// From the first octet of a request to its last.
        package var message = Duration.seconds(10)
        /// Octets of one request.
        package var messageOctets = 65_536
        /// Requests of one connection that wait behind the one that is carried out.
        package var waitingRequests = 8
        /// Wrong passwords within `window`, after which an account, or an address, has to wait.
        package var failuresPerAccount = 10
        package var failuresPerAddress = 100
        package var window = Duration.seconds(300)

        package init() {}
    }

    package init(
        authority: Side,
        resetsProtected: Bool = false,
        keepsPending: Duration = .seconds(3_600),
        limits: Limits = Limits()
    ) {
        self.authority = authority
        self.resetsProtected = resetsProtected
        self.keepsPending = keepsPending
        self.limits = limits
    }
}
