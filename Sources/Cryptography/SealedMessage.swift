internal import COpenSSL

/// Whoever holds the private key of a certificate.
package struct MessageRecipient: Sendable {
    private let certificate: [UInt8]

    /// The first certificate of a file in PEM. Throws ``CertificateError`` where there is none, or where nothing can be sealed to its key.
    package init(pem: [UInt8]) throws(CertificateError) {
        let parsed = Self.withMemory(pem) { PEM_read_bio_X509_AUX($0, nil, nil, nil) }
        guard let parsed else { throw CertificateError(reason: "no X.509 certificate in PEM") }
        defer { X509_free(parsed) }
        var start: UnsafeMutablePointer<UInt8>?
        let count = i2d_X509(parsed, &start)
        guard let start, count > 0 else { throw CertificateError(reason: "a certificate that can't be written down") }
        defer { copenssl_free(start) }
        certificate = Array(UnsafeBufferPointer(start: start, count: Int(count)))
        do throws(CryptographyError) {
            _ = try seal([0])
        } catch {
            throw CertificateError(
                reason: "nothing can be sealed to the certificate's key; make one of RSA or an elliptic curve"
            )
        }
    }

    /// A CMS message in PEM (RFC 5083, AES-256-GCM), which the key alone opens; also `openssl cms -decrypt -inform pem` does.
    package func seal(_ content: [UInt8]) throws(CryptographyError) -> String {
        let parsed = certificate.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        guard let parsed else { throw CryptographyError("d2i_X509") }
        defer { X509_free(parsed) }
        guard let message = copenssl_cms_for(parsed) else { throw CryptographyError("CMS_encrypt") }
        defer { CMS_ContentInfo_free(message) }
        let isFinal = Self.withMemory(content) { CMS_final(message, $0, nil, UInt32(CMS_BINARY)) }
        try check(isFinal, "CMS_final")
        guard let output = BIO_new(BIO_s_mem()) else { throw CryptographyError("BIO_new") }
        defer { BIO_free(output) }
        try check(PEM_write_bio_CMS(output, message), "PEM_write_bio_CMS")
        return String(decoding: Self.contents(of: output), as: UTF8.self)
    }

    /// Calls `body` with a reader of the octets, which it must not keep.
    fileprivate static func withMemory<Result>(_ octets: [UInt8], _ body: (OpaquePointer?) -> Result) -> Result {
        octets.withUnsafeBytes { buffer in
            let memory = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count))
            defer { BIO_free(memory) }
            return body(memory)
        }
    }

    fileprivate static func contents(of memory: OpaquePointer) -> [UInt8] {
        var start: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory_contents(memory, &start)
        guard let start, count > 0 else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(count)))
    }
}

/// Opens what ``MessageRecipient/seal(_:)`` has sealed.
package struct MessageKey: Sendable {
    private let pem: [UInt8]

    /// A private key in PEM; where it is protected by a passphrase, libcrypto asks for that at the terminal, once. Nil where there is none, or where the
    /// passphrase is wrong.
    package init?(pem: [UInt8]) {
        let key = MessageRecipient.withMemory(pem) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        guard let key else { return nil }
        defer { EVP_PKEY_free(key) }
        guard let output = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(output) }
        guard PEM_write_bio_PrivateKey(output, key, nil, nil, 0, nil, nil) == 1 else { return nil }
        self.pem = MessageRecipient.contents(of: output)
    }

    /// Throws where the message is damaged, or sealed to another key.
    package func open(_ message: String) throws(CryptographyError) -> [UInt8] {
        let key = MessageRecipient.withMemory(pem) { PEM_read_bio_PrivateKey($0, nil, nil, nil) }
        guard let key else { throw CryptographyError("PEM_read_bio_PrivateKey") }
        defer { EVP_PKEY_free(key) }
        let parsed = MessageRecipient.withMemory(Array(message.utf8)) { PEM_read_bio_CMS($0, nil, nil, nil) }
        guard let parsed else { throw CryptographyError("PEM_read_bio_CMS") }
        defer { CMS_ContentInfo_free(parsed) }
        guard let output = BIO_new(BIO_s_mem()) else { throw CryptographyError("BIO_new") }
        defer { BIO_free(output) }
        try check(CMS_decrypt(parsed, key, nil, nil, output, UInt32(CMS_BINARY)), "CMS_decrypt")
        return MessageRecipient.contents(of: output)
    }
}
