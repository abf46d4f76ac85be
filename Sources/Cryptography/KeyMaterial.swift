internal import COpenSSL

/// The octets of a key. They are wiped when the last reference goes.
///
/// `@unchecked Sendable`: the memory is written in `init` alone.
package final class KeyMaterial: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    package init(_ octets: UnsafeRawBufferPointer) {
        memory = .allocate(byteCount: octets.count, alignment: 8)
        memory.copyMemory(from: octets)
    }

    /// Wipes what it was made of.
    package init(wiping octets: inout [UInt8]) {
        memory = .allocate(byteCount: octets.count, alignment: 8)
        memory.copyBytes(from: octets)
        Self.wipe(&octets)
    }

    /// Octets that nobody can guess, from the generator of the system.
    package init(random count: Int) throws {
        memory = .allocate(byteCount: count, alignment: 8)
        try check(RAND_bytes(memory.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(count)), "RAND_bytes")
    }

    deinit {
        OPENSSL_cleanse(memory.baseAddress, memory.count)
        memory.deallocate()
    }

    package var count: Int { memory.count }

    /// For what the key is used for; `body` keeps no copy.
    package func withOctets<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }

    /// Takes as long whatever the octets are; their number is no secret.
    package func equals(_ other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && CRYPTO_memcmp(memory.baseAddress, other.baseAddress, count) == 0
    }
}

extension KeyMaterial: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension KeyMaterial {
    private static let blockOctets = 32

    /// HKDF with SHA-256 (RFC 5869): a key for one purpose, of which nothing leads to this one or to those for other purposes.
    ///
    /// - Parameters:
    ///   - information: the purpose.
    ///   - count: at most 255 · 32 octets.
    package func derived(salt: [UInt8], information: [UInt8], count: Int) throws -> KeyMaterial {
        precondition(count <= 255 * Self.blockOctets)
        let extracted = try salt.withUnsafeBytes { salt in
            try withOctets { octets in try Self.authentication(salt, octets) }
        }
        var output = [UInt8]()
        var block = [UInt8]()
        defer {
            Self.wipe(&output)
            Self.wipe(&block)
        }
        output.reserveCapacity(count + Self.blockOctets)
        var number: UInt8 = 1
        while output.count < count {
            var input = block + information + [number]
            defer { Self.wipe(&input) }
            let next = try extracted.withOctets { key in
                try input.withUnsafeBytes { input in try Self.authentication(key, input) }
            }
            Self.wipe(&block)
            block = next.withOctets { [UInt8]($0) }
            output += block
            number &+= 1
        }
        return output.withUnsafeBytes { KeyMaterial(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    /// HMAC-SHA-256 (RFC 2104).
    private static func authentication(
        _ key: UnsafeRawBufferPointer,
        _ message: UnsafeRawBufferPointer
    ) throws -> KeyMaterial {
        var code = [UInt8](repeating: 0, count: blockOctets)
        defer { wipe(&code) }
        // Without a key, or without a message, libcrypto takes a null pointer for "as before".
        var none: UInt8 = 0
        let isDone = withUnsafePointer(to: &none) { none in
            HMAC(
                EVP_sha256(),
                key.baseAddress ?? UnsafeRawPointer(none),
                Int32(key.count),
                message.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? none,
                message.count,
                &code,
                nil
            ) != nil
        }
        guard isDone else { throw CryptographyError("HMAC") }
        return code.withUnsafeBytes { KeyMaterial($0) }
    }

    private static func wipe(_ octets: inout [UInt8]) {
        octets.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
