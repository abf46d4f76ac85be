package import SyncModel

/// The password gateway: where it listens, and what it may do.
package struct GatewayConfiguration: Sendable, Hashable {
    package struct Limits: Sendable, Hashable {
        /// Of connections, and of those from one address.
        package var connections = 2_000
        package var connectionsPerAddress = 500
        /// From the connection to the end of the TLS handshake.
        package var handshake = Duration.seconds(10)
        /// Without a request.
        package var idle = Duration.seconds(300)
        /// Wrong passwords within `failureWindow`.
        package var failuresPerAccount = 10
        package var failuresPerAddress = 100
        package var failureWindow = Duration.seconds(300)
    }

    /// For LDAPS.
    package var listen: HostAndPort
    /// For StartTLS; nil: nowhere.
    package var startTLS: HostAndPort?
    /// Absolute paths of files in PEM.
    package var certificateFile: String
    package var keyFile: String
    /// The side that says whether a password is right.
    package var authority: Side
    /// Accounts that may set other people's passwords, by their DNs on either side.
    package var administrators: [DistinguishedName]
    /// Whether also those of protected entries.
    package var resetsProtected: Bool
    /// How long a password is kept for a side that can't be reached.
    package var keepsPending: Duration
    package var limits: Limits
}
