internal import COpenSSL

/// HMAC-SHA-256 (RFC 2104) with one key, whose context is kept from message to message. One user at a time.
package final class KeyedDigest {
    package static let octets = 32

    private let context: OpaquePointer
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: octets, alignment: 8)

    package init(key: KeyMaterial) throws {
        guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { throw CryptographyError("EVP_MAC_fetch") }
        defer { EVP_MAC_free(algorithm) }
        guard let context = EVP_MAC_CTX_new(algorithm) else { throw CryptographyError("EVP_MAC_CTX_new") }
        self.context = context
        // libcrypto keeps the pointers of a parameter, to its name as well as to its value, until it has read it.
        var digest = Array("SHA256".utf8CString)
        let code = OSSL_MAC_PARAM_DIGEST.withCString { name in
            digest.withUnsafeMutableBufferPointer { digest in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(name, digest.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return key.withOctets { key in
                    EVP_MAC_init(context, key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count, parameters)
                }
            }
        }
        try check(code, "EVP_MAC_init")
    }

    deinit {
        EVP_MAC_CTX_free(context)
        OPENSSL_cleanse(output.baseAddress, output.count)
        output.deallocate()
    }

    /// The digest of the two parts as if they were one, valid until the next call. libcrypto refuses none, except where no memory is left.
    package func digest(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var isDone = EVP_MAC_init(context, nil, 0, nil) == 1
        for part in [first, second] where !part.isEmpty {
            let start = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
            isDone = isDone && EVP_MAC_update(context, start, part.count) == 1
        }
        var count = 0
        let start = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        isDone = isDone && EVP_MAC_final(context, start, &count, output.count) == 1
        // Half a digest would lead to the wrong record.
        precondition(isDone && count == output.count, "libcrypto made no digest")
        return UnsafeRawBufferPointer(output)
    }
}
