/// How a connection is protected. The server's certificate and host name are always verified: there is no setting
/// that turns this off.
package struct TLSSettings: Sendable, Hashable {
    package enum Version: Sendable, Hashable {
        case tls12, tls13
    }

    /// PEM file of the accepted certification authorities; nil: those of the system.
    package var caFile: String?
    /// With `ldap://`: ask for TLS before anything else is sent (RFC 4511 section 4.14); refused: no connection.
    package var startTLS: Bool
    package var minimumVersion: Version

    package init(caFile: String? = nil, startTLS: Bool = false, minimumVersion: Version = .tls12) {
        self.caFile = caFile
        self.startTLS = startTLS
        self.minimumVersion = minimumVersion
    }
}
