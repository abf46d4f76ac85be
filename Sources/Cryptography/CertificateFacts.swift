internal import COpenSSL
internal import Glibc

/// What an X.509 certificate (RFC 5280) says of itself. Nothing is verified here: the connection has done that, or refused.
package struct CertificateFacts: Sendable, Hashable {
    /// The distinguished names as RFC 2253 writes them.
    package var subject: String
    package var issuer: String
    /// The names of the subjectAltName extension: host names, and addresses in their usual text. In the certificate's order.
    package var alternativeNames: [String]
    /// Seconds since 1970-01-01 UTC.
    package var notBefore: Int64
    package var notAfter: Int64

    /// Throws ``CertificateError`` where the octets are no certificate in DER.
    package init(der: [UInt8]) throws(CertificateError) {
        let parsed = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        guard let certificate = parsed else { throw CertificateError(reason: "not an X.509 certificate") }
        defer { X509_free(certificate) }
        guard let begin = X509_get0_notBefore(certificate).flatMap(Self.seconds),
            let end = X509_get0_notAfter(certificate).flatMap(Self.seconds)
        else { throw CertificateError(reason: "a certificate without a readable validity") }
        subject = X509_get_subject_name(certificate).flatMap(Self.text) ?? ""
        issuer = X509_get_issuer_name(certificate).flatMap(Self.text) ?? ""
        alternativeNames = Self.alternativeNames(of: certificate)
        notBefore = begin
        notAfter = end
    }

    /// Whole days from `now`, in seconds since 1970, until it is no longer valid; negative when that has passed.
    package func daysLeft(at now: Int64) -> Int64 {
        let seconds = notAfter - now
        return seconds >= 0 ? seconds / 86_400 : -((-seconds + 86_399) / 86_400)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>) -> Int64? {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }

    private static func text(_ name: OpaquePointer) -> String? {
        guard let memory = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(memory) }
        guard X509_NAME_print_ex(memory, name, 0, copenssl_name_flags) >= 0 else { return nil }
        var start: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_contents(memory, &start)
        guard let start, count > 0 else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    private static func alternativeNames(of certificate: OpaquePointer) -> [String] {
        guard let names = copenssl_alternative_names(certificate) else { return [] }
        defer { GENERAL_NAMES_free(names) }
        return (0..<copenssl_name_count(names)).compactMap { index in
            var start: UnsafePointer<UInt8>?
            var length: Int32 = 0
            let type = copenssl_name_octets(names, index, &start, &length)
            guard let start, length > 0 else { return nil }
            let octets = UnsafeRawBufferPointer(start: start, count: Int(length))
            return type == GEN_IPADD ? address(octets) : String(decoding: octets, as: UTF8.self)
        }
    }

    private static func address(_ octets: UnsafeRawBufferPointer) -> String? {
        let family = octets.count == 4 ? AF_INET : AF_INET6
        guard octets.count == 4 || octets.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, octets.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why octets are not taken for a certificate.
package struct CertificateError: Error, Sendable, Hashable, CustomStringConvertible {
    package var reason: String
    package var description: String { reason }
}
