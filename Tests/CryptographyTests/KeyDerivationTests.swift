import Testing

@testable import Cryptography

@Suite struct KeyDerivationTests {
    /// RFC 5869, appendices A.1 to A.3.
    @Test(
        "HKDF gives what RFC 5869 publishes",
        arguments: [
            (
                "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
            ),
            (
                run(0x00...0x4f), run(0x60...0xaf), run(0xb0...0xff),
                """
                b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
                da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87
                """
            ),
            (
                "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
            ),
        ]
    )
    func derivation(_ key: String, _ salt: String, _ information: String, _ expected: String) throws {
        let material = octets(key).withUnsafeBytes { KeyMaterial($0) }
        let expected = octets(expected)
        let found = try material.derived(salt: octets(salt), information: octets(information), count: expected.count)
        #expect(found.withOctets { [UInt8]($0) } == expected)
        #expect(expected.withUnsafeBytes { found.equals($0) })
    }

    private static func run(_ range: ClosedRange<Int>) -> String {
        range.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// RFC 4231, cases 1, 2, 6 and 7.
    @Test(
        "HMAC gives what RFC 4231 publishes, message after message",
        arguments: [
            (
                String(repeating: "0b", count: 20), "4869205468657265",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                String(repeating: "aa", count: 131),
                """
                54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b657920\
                4669727374
                """,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
    )
    func digest(_ key: String, _ message: String, _ expected: String) throws {
        let digest = try KeyedDigest(key: octets(key).withUnsafeBytes { KeyMaterial($0) })
        for cut in [0, 3, octets(message).count] {
            let found = octets(message).withUnsafeBytes { message in
                [UInt8](
                    digest.digest(
                        UnsafeRawBufferPointer(rebasing: message[..<cut]),
                        UnsafeRawBufferPointer(rebasing: message[cut...])
                    )
                )
            }
            #expect(found == octets(expected))
        }
    }

    @Test func keysAreComparedWhole() {
        let key = [1, 2, 3].withUnsafeBytes { KeyMaterial($0) }
        for other in [[1, 2], [1, 2, 4], []] as [[Int]] { #expect(!other.withUnsafeBytes { key.equals($0) }) }
        #expect(!"\(key)".contains("1"))
        #expect(Mirror(reflecting: key).children.isEmpty)
    }

    /// The two vectors of c2sp.org/XAES-256-GCM; the two master keys lead to both forms of the subkey.
    @Test(
        "XAES-256-GCM gives what its specification publishes",
        arguments: [
            (0x01, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (0x03, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
        ] as [(UInt8, String, String)]
    )
    func extendedNonce(_ key: UInt8, _ associated: String, _ expected: String) throws {
        let master = [UInt8](repeating: key, count: 32).withUnsafeBytes { KeyMaterial($0) }
        let nonce = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWX".utf8)
        let derived = try Array(nonce[..<12]).withUnsafeBytes {
            try ExtendedNonceKeys(master: master).key(for: $0)
        }
        let cipher = try derived.withOctets { try GaloisCounter(.seal, key: $0) }
        let plain = [UInt8]("XAES-256-GCM".utf8)
        var sealed = [UInt8](repeating: 0, count: plain.count + GaloisCounter.tagOctets)
        try sealed.withUnsafeMutableBytes { sealed in
            try plain.withUnsafeBytes { plain in
                try Array(nonce[12...]).withUnsafeBytes { nonce in
                    try [UInt8](associated.utf8).withUnsafeBytes {
                        let none = UnsafeRawBufferPointer(start: nil, count: 0)
                        try cipher.seal(plain, nonce: nonce, associated: ($0, none), into: sealed)
                    }
                }
            }
        }
        #expect(sealed == octets(expected))
    }
}
