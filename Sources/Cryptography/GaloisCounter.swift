internal import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with one key, in one direction. Its context is kept from message to message, so that a message costs
/// no memory and no key schedule. One user at a time.
package final class GaloisCounter {
    package enum Direction { case seal, open }

    package static let keyOctets = 32
    package static let nonceOctets = 12
    package static let tagOctets = 16

    private let context: OpaquePointer

    package init(_ direction: Direction, key: UnsafeRawBufferPointer) throws {
        precondition(key.count == Self.keyOctets)
        guard let context = EVP_CIPHER_CTX_new() else { throw CryptographyError("EVP_CIPHER_CTX_new") }
        self.context = context
        let start = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let code = EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, start, nil, direction == .seal ? 1 : 0)
        try check(code, "EVP_CipherInit_ex")
    }

    // Wipes the key schedule.
    deinit { EVP_CIPHER_CTX_free(context) }

    /// Writes as many octets as `plain` has to `sealed`, and the tag behind them.
    ///
    /// - Parameter associated: is bound to the message without being in it; all parts as if they were one.
    /// - Parameter nonce: 12 octets, never used twice with one key.
    @inline(__always)
    package func seal(
        _ plain: UnsafeRawBufferPointer,
        nonce: UnsafeRawBufferPointer,
        associated: (UnsafeRawBufferPointer, UnsafeRawBufferPointer),
        into sealed: UnsafeMutableRawBufferPointer
    ) throws {
        precondition(sealed.count == plain.count + Self.tagOctets && nonce.count == Self.nonceOctets)
        try begin(nonce, associated)
        try update(plain, sealed.baseAddress)
        var count: Int32 = 0
        let end = sealed.baseAddress.map { $0 + plain.count }
        try check(EVP_CipherFinal_ex(context, end?.assumingMemoryBound(to: UInt8.self), &count), "EVP_CipherFinal_ex")
        try check(copenssl_get_tag(context, Int32(Self.tagOctets), end), "EVP_CTRL_AEAD_GET_TAG")
    }

    /// Writes as many octets as `sealed` has before its tag to `plain`. False where anything was changed: then what it wrote means nothing.
    @inline(__always)
    package func open(
        _ sealed: UnsafeRawBufferPointer,
        nonce: UnsafeRawBufferPointer,
        associated: (UnsafeRawBufferPointer, UnsafeRawBufferPointer),
        into plain: UnsafeMutableRawBufferPointer
    ) throws -> Bool {
        precondition(sealed.count == plain.count + Self.tagOctets && nonce.count == Self.nonceOctets)
        try begin(nonce, associated)
        try update(UnsafeRawBufferPointer(rebasing: sealed[..<plain.count]), plain.baseAddress)
        let tag = sealed.baseAddress.map { $0 + plain.count }
        try check(copenssl_set_tag(context, Int32(Self.tagOctets), tag), "EVP_CTRL_AEAD_SET_TAG")
        var count: Int32 = 0
        // Writes nothing, and may get no null pointer.
        var rest: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &rest) {
            EVP_CipherFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), &count) == 1
        }
    }

    @inline(__always)
    private func begin(
        _ nonce: UnsafeRawBufferPointer,
        _ associated: (UnsafeRawBufferPointer, UnsafeRawBufferPointer)
    ) throws {
        let start = nonce.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(EVP_CipherInit_ex(context, nil, nil, nil, start, -1), "EVP_CipherInit_ex")
        try update(associated.0, nil)
        try update(associated.1, nil)
    }

    /// Without an output the input is associated data.
    @inline(__always)
    private func update(
        _ input: UnsafeRawBufferPointer,
        _ output: UnsafeMutableRawPointer?
    ) throws {
        if input.isEmpty { return }
        var count: Int32 = 0
        let code = EVP_CipherUpdate(
            context,
            output?.assumingMemoryBound(to: UInt8.self),
            &count,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self),
            Int32(input.count)
        )
        try check(code, "EVP_CipherUpdate")
    }
}
