import Cryptography
import Fuzzing
import SyncModel
import Testing

@testable import Cache

@Suite struct FuzzTests {
    @Test func `Whatever a record holds, it is read or refused`() async {
        let campaign = Campaign()
        await #expect(processExitsWith: .success) { [path = campaign.path as String] in
            try await Campaign.run(
                try Codec.allCases.map(Self.codec) + [try Self.glance(), try Self.sealed(), Self.key],
                path: path
            )
        }
        let verdict = campaign.verdict()
        #expect(verdict == nil, "\(verdict ?? "")")
    }

    /// Records of all shapes that a codec writes.
    private static func samples(_ codec: Codec) throws -> [[UInt8]] {
        var generator = NounGenerator(seed: 5)
        let writer = RecordWriter()
        return try (0..<40).map { _ in
            _ = try codec.roundTrip(&generator, writer)
            return [UInt8](writer.octets)
        }
    }

    private static func codec(_ codec: Codec) throws -> FuzzSubject {
        FuzzSubject("record of \(codec)", try samples(codec)) { octets in
            try codec.decode(octets, NameTable())
            return nil
        }
    }

    /// What a search looks at instead of the whole record says the same.
    private static func glance() throws -> FuzzSubject {
        let anchor = Anchor(high: 0, low: 0)
        return FuzzSubject("glance at a replica", try samples(.replica)) { octets in
            try octets.withUnsafeBytes { octets in
                let glance = ReplicaGlance(attributes: ["mail", "title", "member", ""])
                try glance.read(.ad, anchor, octets)
                return (try glance.rdn(), (0..<4).map { (glance.values($0), glance.has($0), glance.isNaming($0)) })
            }
        }
    }

    /// A sealed record opens to what was sealed, or not at all.
    private static func sealed() throws -> FuzzSubject {
        let record = [UInt8](0..<200)
        let master = [UInt8](repeating: 7, count: 32)
        /// What comes out of a cipher lies in the cipher's own memory.
        @Sendable func copied(_ use: (RecordCipher, UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer?) throws
            -> [UInt8]?
        {
            try master.withUnsafeBytes { master in
                let cipher = try RecordCipher(master: KeyMaterial(master))
                return try withExtendedLifetime(cipher) { try use(cipher, master).map { [UInt8]($0) } }
            }
        }
        let sample = try record.withUnsafeBytes { record in
            try #require(try copied { try $0.seal(record, associated: ($1, $1)) })
        }
        return FuzzSubject("sealed record", [sample], cost: 4) { octets in
            let opened = try octets.withUnsafeBytes { octets in
                try copied { try $0.open(octets, associated: ($1, $1)) }
            }
            try Violation.unless(opened == nil || octets == sample && opened == record, "it opens to something else")
            return opened
        }
    }

    private static let key = FuzzSubject(
        "key file",
        [Array("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n".utf8), [UInt8](repeating: 9, count: 40)]
    ) { CacheEncryptionKey(file: "key", contents: Octets($0)).octets }
}
