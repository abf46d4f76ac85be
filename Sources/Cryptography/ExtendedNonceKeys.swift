internal import COpenSSL

/// Derives the keys of XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with a nonce of 192 bits, of whose first half a key of its own is made. With the second half
/// counted or random, one master key serves for any number of messages.
///
/// The derivation is the one of NIST SP 800-108 with CMAC in counter mode, which for so short an input is three blocks of AES.
package final class ExtendedNonceKeys {
    /// Octets of the nonce's half that makes the key.
    package static let halfOctets = 12
    private static let blockOctets = 16

    private let context: OpaquePointer
    /// The subkey K1 of CMAC (NIST SP 800-38B).
    private let subkey: KeyMaterial

    package init(master: KeyMaterial) throws {
        precondition(master.count == GaloisCounter.keyOctets)
        guard let context = EVP_CIPHER_CTX_new() else { throw CryptographyError("EVP_CIPHER_CTX_new") }
        do {
            try master.withOctets { key in
                let start = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
                try check(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nil, start, nil), "EVP_EncryptInit_ex")
            }
            try check(EVP_CIPHER_CTX_set_padding(context, 0), "EVP_CIPHER_CTX_set_padding")
            var block = [UInt8](repeating: 0, count: Self.blockOctets)
            defer { Self.wipe(&block) }
            try Self.encrypt(&block, context)
            let isReduced = block[0] & 0x80 != 0
            for index in block.indices {
                block[index] = block[index] << 1 | (index + 1 < block.count ? block[index + 1] >> 7 : 0)
            }
            if isReduced { block[Self.blockOctets - 1] ^= 0b1000_0111 }
            subkey = block.withUnsafeBytes { KeyMaterial($0) }
        } catch {
            EVP_CIPHER_CTX_free(context)
            throw error
        }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    /// The key of AES-256-GCM for all messages whose nonce begins with this half.
    package func key(for half: UnsafeRawBufferPointer) throws -> KeyMaterial {
        precondition(half.count == Self.halfOctets)
        var key = [UInt8]()
        key.reserveCapacity(2 * Self.blockOctets)
        defer { Self.wipe(&key) }
        for number in [1, 2] as [UInt8] {
            var block = [0, number, UInt8(ascii: "X"), 0] + half
            defer { Self.wipe(&block) }
            subkey.withOctets { subkey in
                for index in block.indices { block[index] ^= subkey[index] }
            }
            try Self.encrypt(&block, context)
            key += block
        }
        return key.withUnsafeBytes { KeyMaterial($0) }
    }

    private static func encrypt(_ block: inout [UInt8], _ context: OpaquePointer) throws {
        var count: Int32 = 0
        let isDone = block.withUnsafeMutableBufferPointer {
            EVP_EncryptUpdate(context, $0.baseAddress, &count, $0.baseAddress, Int32(blockOctets)) == 1
        }
        guard isDone, Int(count) == blockOctets else { throw CryptographyError("EVP_EncryptUpdate") }
    }

    private static func wipe(_ octets: inout [UInt8]) {
        octets.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
