/// Where a server listens.
package struct LDAPEndpoint: Sendable, Hashable {
    package enum Transport: String, Sendable, Hashable {
        /// TCP; StartTLS may be asked for.
        case ldap
        /// TLS from the first octet.
        case ldaps
        /// A socket in the file system.
        case ldapi
    }

    package let transport: Transport
    /// A host name or an address (IPv6 without brackets), or the path of the socket.
    package let host: String
    /// 0 for `ldapi`.
    package let port: UInt16

    package init(transport: Transport, host: String, port: UInt16? = nil) {
        self.transport = transport
        self.host = host
        switch transport {
        case .ldap: self.port = port ?? 389
        case .ldaps: self.port = port ?? 636
        case .ldapi: self.port = 0
        }
    }

    /// Reads `ldap://host[:port]`, `ldaps://host[:port]` or `ldapi://percent-encoded-path`. Base, filter and the rest
    /// of RFC 4516 aren't taken; a host is required.
    package init(_ uri: String) throws(LDAPError) {
        func invalid(_ reason: String) -> LDAPError {
            .invalidRequest(.open, .parameterError, message: "\(reason): \(uri)")
        }
        let parts = uri.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let transport = Transport(rawValue: parts[0].lowercased()), parts[1].hasPrefix("//")
        else { throw invalid("not an ldap, ldaps or ldapi URI") }
        var authority = parts[1].dropFirst(2)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        guard !authority.isEmpty, !authority.contains(where: { $0 == "/" || $0 == "?" || $0 == "@" || $0 == " " })
        else { throw invalid("only a host and a port may follow the scheme") }
        if transport == .ldapi {
            guard let path = percentDecoded(authority) else { throw invalid("bad percent encoding") }
            self.init(transport: .ldapi, host: path)
            return
        }
        var host = authority
        var port: UInt16?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw invalid("no ] after the address") }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw invalid("only a port may follow the address") }
            if !rest.isEmpty {
                guard let number = portNumber(rest.dropFirst()) else { throw invalid("bad port") }
                port = number
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            guard let number = portNumber(authority[authority.index(after: colon)...]) else {
                throw invalid("bad port")
            }
            port = number
        }
        guard !host.isEmpty else { throw invalid("no host") }
        self.init(transport: transport, host: String(host), port: port)
    }

    /// The URI, as it is given to the client library and stands in errors.
    package var uri: String {
        switch transport {
        case .ldapi: "ldapi://\(percentEncoded(host))"
        case .ldap, .ldaps: "\(transport.rawValue)://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
}

extension LDAPEndpoint: CustomStringConvertible {
    package var description: String { uri }
}

private func portNumber(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 else {
        return nil
    }
    return port
}

private func percentDecoded(_ text: Substring) -> String? {
    var octets: [UInt8] = []
    var rest = text.utf8[...]
    while let first = rest.popFirst() {
        guard first == UInt8(ascii: "%") else {
            octets.append(first)
            continue
        }
        guard let octet = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2, octet != 0
        else { return nil }
        octets.append(octet)
        rest = rest.dropFirst(2)
    }
    return String(validating: octets, as: UTF8.self)
}

private func percentEncoded(_ path: String) -> String {
    let hexadecimal = Array("0123456789ABCDEF")
    return path.utf8.reduce(into: "") { text, octet in
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
            text.unicodeScalars.append(Unicode.Scalar(octet))
        default:
            text.append("%")
            text.append(hexadecimal[Int(octet >> 4)])
            text.append(hexadecimal[Int(octet & 15)])
        }
    }
}
