import Testing

@testable import Cryptography

@Suite struct GaloisCounterTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key, nonce, associated, plain, sealed: [UInt8]
        var testDescription: String { name }

        init(_ name: String, _ key: String, _ nonce: String, _ associated: String, _ plain: String, _ sealed: String) {
            self.name = name
            (self.key, self.nonce, self.associated) = (octets(key), octets(nonce), octets(associated))
            (self.plain, self.sealed) = (octets(plain), octets(sealed))
        }
    }

    private static let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
    private static let plain = """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255
        """
    private static let sealed = """
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad
        """
    private static let zeros = String(repeating: "0", count: 64)

    /// Test cases 13 to 16 of the submission to NIST: all of those with a key of 256 bits and a nonce of 96.
    static let vectors = [
        Vector("13", zeros, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            "14",
            zeros,
            "000000000000000000000000",
            "",
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        Vector("15", key, "cafebabefacedbaddecaf888", "", plain, sealed + "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            "16",
            key,
            "cafebabefacedbaddecaf888",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            String(plain.dropLast(8)),
            String(sealed.dropLast(8)) + "76fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test(arguments: vectors)
    func sealsAsPublished(vector: Vector) throws {
        let cipher = try vector.key.withUnsafeBytes { try GaloisCounter(.seal, key: $0) }
        // More than once, since the context is kept.
        for cut in [0, vector.associated.count, vector.associated.count / 2] {
            #expect(try seal(vector.plain, cipher, vector, cut) == vector.sealed)
        }
    }

    @Test(arguments: vectors)
    func opensAsPublished(vector: Vector) throws {
        let cipher = try vector.key.withUnsafeBytes { try GaloisCounter(.open, key: $0) }
        for index in vector.sealed.indices {
            var changed = vector.sealed
            changed[index] ^= 1
            #expect(try open(changed, cipher, vector) == nil)
        }
        #expect(try open(vector.sealed, cipher, vector) == vector.plain)
    }

    private func seal(_ plain: [UInt8], _ cipher: GaloisCounter, _ vector: Vector, _ cut: Int) throws -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: plain.count + GaloisCounter.tagOctets)
        try sealed.withUnsafeMutableBytes { sealed in
            try with(plain, vector.nonce, vector.associated) { plain, nonce, associated in
                let parts = (
                    UnsafeRawBufferPointer(rebasing: associated[..<cut]),
                    UnsafeRawBufferPointer(rebasing: associated[cut...])
                )
                try cipher.seal(plain, nonce: nonce, associated: parts, into: sealed)
            }
        }
        return sealed
    }

    private func open(_ sealed: [UInt8], _ cipher: GaloisCounter, _ vector: Vector) throws -> [UInt8]? {
        var plain = [UInt8](repeating: 0, count: sealed.count - GaloisCounter.tagOctets)
        let isSound = try plain.withUnsafeMutableBytes { plain in
            try with(sealed, vector.nonce, vector.associated) { sealed, nonce, associated in
                let none = UnsafeRawBufferPointer(start: nil, count: 0)
                return try cipher.open(sealed, nonce: nonce, associated: (associated, none), into: plain)
            }
        }
        return isSound ? plain : nil
    }

    private func with<Result>(
        _ first: [UInt8],
        _ second: [UInt8],
        _ third: [UInt8],
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try first.withUnsafeBytes { first in
            try second.withUnsafeBytes { second in try third.withUnsafeBytes { try body(first, second, $0) } }
        }
    }
}

/// Of hexadecimal digits.
func octets(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
