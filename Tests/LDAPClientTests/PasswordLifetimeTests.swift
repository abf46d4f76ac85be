import LDAPClient
import SyncModel
import Testing

/// How long a connection keeps what it was given to send.
struct PasswordLifetimeTests {
    private final class Secret: SensitiveOctets {
        func withOctets<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
            try [UInt8]("a word".utf8).withUnsafeBytes { try body($0) }
        }
    }

    /// However soon the answer comes: nothing happens on the connection afterwards that would push the request out.
    @Test func aPasswordIsLetGoWithItsAnswer() async throws {
        let server = try AnsweringServer { number in
            [0x30, 12, 2, 1, UInt8(truncatingIfNeeded: number), 0x61, 7, 0x0A, 1, 0, 4, 0, 4, 0]
        }
        for _ in 0..<40 {
            let connection = try await LDAPConnection.open(server.endpoint)
            defer { connection.close() }
            // As many as have a message id of one octet.
            for _ in 0..<100 {
                weak let kept = try await bind(connection)
                let end = ContinuousClock.now + .seconds(10)
                while kept != nil, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(1)) }
                try #require(kept == nil)
            }
        }
    }

    private func bind(_ connection: LDAPConnection) async throws -> Secret? {
        let secret = Secret()
        weak let kept = secret
        try await connection.perform(PasswordRequest(.bind(name: "cn=somebody"), secret))
        return kept
    }
}
