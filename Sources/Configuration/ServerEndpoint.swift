/// Where a directory server listens, as configured.
package struct ServerEndpoint: Hashable, Sendable {
    package enum Scheme: String, Hashable, Sendable {
        /// TCP; in clear text unless StartTLS is asked for.
        case ldap
        /// TLS from the first octet.
        case ldaps
        /// A socket in the file system.
        case ldapi
    }

    package let scheme: Scheme
    /// A name or an address (IPv6 without brackets); the socket's path for `ldapi`.
    package let host: String
    /// 0 for `ldapi`.
    package let port: UInt16
    /// The URI as configured.
    package let text: String

    /// Whether what is sent stays on this machine.
    package var isLocal: Bool { scheme == .ldapi || HostAndPort.isLoopback(host) }

    /// Reads `ldap://host[:port]`, `ldaps://host[:port]` or `ldapi://percent-encoded-path` (RFC 4516 §2, of which
    /// nothing else is taken).
    init(configured text: String) throws(ServerEndpointError) {
        let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.count == 2, pieces[1].hasPrefix("//") else {
            throw ServerEndpointError(reason: "has no scheme")
        }
        guard let scheme = Scheme(rawValue: pieces[0].lowercased()) else {
            throw ServerEndpointError(reason: "has the scheme `\(pieces[0])`")
        }
        var rest = pieces[1].dropFirst(2)
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.contains(where: { "/?#@ ".contains($0) }) else {
            throw ServerEndpointError(reason: "has more than a host and a port")
        }
        self.scheme = scheme
        self.text = text
        if scheme == .ldapi {
            guard let path = Self.percentDecoded(rest), path.hasPrefix("/") else {
                throw ServerEndpointError(reason: "names no socket (`ldapi://%2Frun%2Fslapd%2Fldapi`)")
            }
            host = path
            port = 0
            return
        }
        guard let parsed = HostAndPort(configured: String(rest), defaultPort: scheme == .ldap ? 389 : 636) else {
            throw ServerEndpointError(reason: "has no valid host and port")
        }
        host = parsed.host
        port = parsed.port
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let first = rest.popFirst() {
            guard first == 0x25 else {
                octets.append(first)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, let octet = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), octet != 0
            else { return nil }
            octets.append(octet)
            rest = rest.dropFirst(2)
        }
        return String(validating: octets, as: UTF8.self)
    }
}

extension ServerEndpoint: CustomStringConvertible {
    package var description: String { text }
}

struct ServerEndpointError: Error {
    var reason: String
}
