import Testing

@testable import Cryptography

@Suite struct RecordCipherTests {
    private let master = [UInt8](repeating: 7, count: 32).withUnsafeBytes { KeyMaterial($0) }

    private func seal(_ cipher: RecordCipher, _ record: [UInt8], _ table: String, _ key: [UInt8]) throws -> [UInt8] {
        try record.withUnsafeBytes { record in
            try [UInt8](table.utf8).withUnsafeBytes { table in
                try key.withUnsafeBytes { [UInt8](try cipher.seal(record, associated: (table, $0))) }
            }
        }
    }

    private func open(_ cipher: RecordCipher, _ sealed: [UInt8], _ table: String, _ key: [UInt8]) throws -> [UInt8]? {
        try sealed.withUnsafeBytes { sealed in
            try [UInt8](table.utf8).withUnsafeBytes { table in
                try key.withUnsafeBytes { try cipher.open(sealed, associated: (table, $0)).map { [UInt8]($0) } }
            }
        }
    }

    @Test(arguments: [0, 1, 15, 16, 300, 4096, 100_000])
    func whatIsSealedOpensAgainAnywhere(count: Int) throws {
        let record = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let cipher = try RecordCipher(master: master)
        let sealed = try seal(cipher, record, "pairs", [1])
        #expect(sealed.count == count + RecordCipher.overhead)
        #expect(try open(cipher, sealed, "pairs", [1]) == record)
        #expect(try open(RecordCipher(master: master), sealed, "pairs", [1]) == record)
    }

    @Test func noOctetMayChange() throws {
        let cipher = try RecordCipher(master: master)
        let sealed = try seal(cipher, [1, 2, 3, 4, 5], "pairs", [1])
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                #expect(try open(cipher, changed, "pairs", [1]) == nil)
            }
        }
        for count in 0..<sealed.count {
            #expect(try open(cipher, Array(sealed[..<count]), "pairs", [1]) == nil)
        }
        #expect(try open(cipher, sealed + [0], "pairs", [1]) == nil)
        #expect(try open(cipher, sealed, "pairs", [1]) == [1, 2, 3, 4, 5])
    }

    @Test func aRecordStaysInItsPlaceAndUnderItsKey() throws {
        let cipher = try RecordCipher(master: master)
        let sealed = try seal(cipher, [1, 2, 3], "pairs", [1])
        #expect(try open(cipher, sealed, "pairs", [2]) == nil)
        #expect(try open(cipher, sealed, "joins", [1]) == nil)
        let other = try RecordCipher(master: [UInt8](repeating: 8, count: 32).withUnsafeBytes { KeyMaterial($0) })
        #expect(try open(other, sealed, "pairs", [1]) == nil)
    }

    /// Each cipher draws its half of the nonce, and counts within it.
    @Test func noNonceComesTwice() throws {
        var nonces: Set<[UInt8]> = []
        for _ in 0..<50 {
            let cipher = try RecordCipher(master: master)
            for _ in 0..<50 { nonces.insert(Array(try seal(cipher, [1], "pairs", [1])[..<16])) }
        }
        #expect(nonces.count == 2500)
        #expect(Set(nonces.map { Array($0[..<12]) }).count == 50)
    }

    /// More halves than a cipher remembers.
    @Test func recordsOfManyCiphersAreReadByOne() throws {
        let sealed = try (0..<40).map { number in
            try seal(RecordCipher(master: master), [UInt8(number)], "pairs", [UInt8(number)])
        }
        let cipher = try RecordCipher(master: master)
        for _ in 0..<3 {
            for number in 0..<40 {
                #expect(try open(cipher, sealed[number], "pairs", [UInt8(number)]) == [UInt8(number)])
            }
        }
    }
}
