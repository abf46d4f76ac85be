import LDAPClient
import SyncModel
import Testing

/// What a server can't make grow.
@Suite(.serialized) struct LimitTests {
    private static let done: UInt8 = 0x65

    private static func message(_ tag: UInt8, _ body: (inout BERWriter) -> Void) -> [UInt8] {
        var writer = BERWriter()
        writer.sequence {
            $0.integer(2)
            $0.sequence(tag: tag, body)
        }
        return writer.bytes
    }

    private func error(for octets: [UInt8]) async throws -> LDAPError {
        let server = try AnsweringServer()
        server.send(octets)
        let connection = try await LDAPConnection.open(server.endpoint)
        defer { connection.close() }
        return try await ldapError { _ = try await connection.search(SearchRequest(base: "", scope: .base)) }
    }

    @Test func aServersWordsAreCutAndStayOnOneLine() async throws {
        let words = "no\nERROR forged line\u{1B}[2J\u{202E}" + String(repeating: "x", count: 1_000_000)
        let error = try await error(
            for: Self.message(Self.done) {
                $0.enumerated(50)
                $0.string("dc=a\r\nb")
                $0.string(words)
            }
        )
        let result = try #require(error.serverResult)
        #expect(result.code == .insufficientAccessRights)
        #expect(result.diagnosticMessage.hasPrefix("no ERROR forged line [2J xxx"))
        #expect(result.diagnosticMessage.hasSuffix("x … (\(words.utf8.count) octets)"))
        #expect(result.matchedDN == "dc=a  b")
        #expect(error.description.utf8.count < 1_300)
        #expect(!error.description.contains { $0.isNewline })
    }

    @Test func referralsAreNeverFollowedAndFewAreKept() async throws {
        let error = try await error(
            for: Self.message(Self.done) {
                $0.enumerated(10)
                $0.string("")
                $0.string("")
                $0.sequence(tag: 0xA3) { uris in
                    for number in 0..<5_000 { uris.string("ldap://127.0.0.1:1/dc=\(number)") }
                }
            }
        )
        #expect(error.serverResult?.referrals.count == 16)
    }

    @Test(
        arguments: [
            [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 2, 1, 2, 0x64], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 2, 1, 2, 0x64],
            [0x30, 0x84, 0x20, 0, 0, 0, 2, 1, 2, 0x64], [0x30, 0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]]
    )
    func aLengthThatIsBeyondAllBoundsEndsTheConnection(octets: [UInt8]) async throws {
        let error = try await error(for: octets)
        guard case .connectionLost(.search, _, _, wasSent: true) = error else {
            Issue.record("\(error)")
            return
        }
    }

    /// Each page says that there is another.
    @Test func pagesWithoutAnEndAreGivenUp() async throws {
        let server = try AnsweringServer { number in
            var writer = BERWriter()
            writer.sequence {
                $0.integer(number)
                $0.sequence(tag: Self.done) {
                    $0.enumerated(0)
                    $0.string("")
                    $0.string("")
                }
                $0.sequence(tag: 0xA0) { controls in
                    controls.sequence {
                        $0.string(PagedResults.oid)
                        $0.octetString(PagedResults.request(size: 0, cookie: "more").value ?? Octets())
                    }
                }
            }
            return writer.bytes
        }
        let connection = try await LDAPConnection.open(server.endpoint)
        defer { connection.close() }
        let error = try await ldapError {
            _ = try await connection.search(SearchRequest(base: "", scope: .subtree, pageSize: 10))
        }
        guard case .malformedAnswer(.search, let words) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(words.contains("empty pages"))
    }
}
