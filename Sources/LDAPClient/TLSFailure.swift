/// Why TLS did not come about, in words for an admin, found in what the client library logs with GnuTLS.
package enum TLSFailure {
    /// `message` itself where the log doesn't say more.
    ///
    /// - Parameters:
    ///   - message: that of the error.
    ///   - log: the library's lines.
    ///   - host: as it stands in the configuration.
    package static func words(_ message: String, log: [String], host: String) -> String {
        for line in log {
            if let flags = verificationFlags(in: line) { return words(for: flags) }
            if line.contains("does not match common name") {
                let name = line.split(separator: "(").last?.prefix { $0 != ")" } ?? ""
                return "the server's certificate is not made out for \(host), but for \(name)"
            }
        }
        if let alert = alerts.first(where: { message.contains($0.message) }) { return "\(alert.words) (\(message))" }
        return message
    }

    /// gnutls_strerror's words.
    private static let alerts: [(message: String, words: String)] = [
        ("fatal alert", "the server refuses what is offered: has it TLS 1.2 or newer?"),
        ("unsupported version", "the server has no version of TLS that is safe, 1.2 or newer"),
        ("unexpected TLS packet", "what the server answers is not TLS"),
    ]

    /// `TLS: peer cert untrusted or revoked (0x42)`.
    private static func verificationFlags(in line: String) -> UInt32? {
        guard line.contains("peer cert untrusted"), let start = line.range(of: "(0x") else { return nil }
        return UInt32(line[start.upperBound...].prefix { $0 != ")" }, radix: 16)
    }

    /// The bits of gnutls_certificate_status_t; several may be set.
    private static let reasons: [(bit: UInt32, words: String)] = [
        (1 << 10, "has expired: renew it at the server"),
        (1 << 9, "is not valid yet: is the server's clock, or this one, wrong?"),
        (1 << 5, "was revoked"),
        (1 << 6, "is signed by an authority that is not in the CA file"),
        (1 << 7, "is signed by a certificate that is none of an authority"),
        (1 << 8, "is signed by an algorithm that is not safe"),
        (1 << 17, "is not meant for servers"),
    ]

    private static func words(for flags: UInt32) -> String {
        let found = reasons.filter { flags & $0.bit != 0 }.map(\.words)
        let why = found.isEmpty ? "is not accepted (0x\(String(flags, radix: 16)))" : found.joined(separator: ", and ")
        return "the server's certificate \(why)"
    }
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
            start = index(after: start)
        }
        return nil
    }
}
