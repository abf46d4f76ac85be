import Foundation
import LDAPClient
import SyncModel
import Testing

/// What is wrong with a server's TLS is told in words that an admin can act on.
@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct TLSFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var certificate = TestCertificates.Kind.sound
        var options: [String] = []
        var host = "127.0.0.1"
        var trustsAnother = false
        var words: String
    }

    private static let faults = [
        Fault(testDescription: "expired", certificate: .expired, words: "has expired: renew it"),
        Fault(testDescription: "not valid yet", certificate: .notYetValid, words: "is not valid yet"),
        Fault(testDescription: "another host's", host: "localhost", words: "is not made out for localhost"),
        Fault(
            testDescription: "unknown authority",
            trustsAnother: true,
            words: "is signed by an authority that is not in the CA file"
        ),
        Fault(
            testDescription: "TLS 1.1",
            options: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"],
            words: "TLS 1.2 or newer"
        ),
    ]

    @Test(arguments: faults)
    func aServerThatCantBeTrustedIsRefusedWithTheReason(_ fault: Fault) async throws {
        let error = try #require(try await attempt(fault))
        guard case .connectFailed(_, .tls, _, let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message.contains(fault.words))
        #expect(error.disposition == .reconnect)
    }

    /// Nil where no server came up: another may have taken its port.
    private func attempt(_ fault: Fault) async throws -> LDAPError? {
        let certificates = try TestCertificates.shared.get()
        let pair = certificates.pair(fault.certificate)
        let authority = fault.trustsAnother ? certificates.otherAuthority : certificates.authority
        for _ in 0..<5 {
            let port = try TestListener().port
            let server = try spawn(
                "/usr/bin/openssl",
                ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", pair.certificate.path, "-key", pair.key.path]
                    + ["-quiet"] + fault.options
            )
            defer {
                kill(server, SIGKILL)
                waitpid(server, nil, 0)
            }
            let end = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < end, waitpid(server, nil, WNOHANG) == 0 {
                let error = try await ldapError {
                    _ = try await LDAPConnection.open(
                        LDAPEndpoint(transport: .ldaps, host: fault.host, port: port),
                        tls: TLSSettings(caFile: authority.path)
                    )
                }
                guard case .connectFailed(_, .connect, _, _) = error else { return error }
                // It takes a moment to listen.
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        return nil
    }

    /// Whoever stands between can't talk a client out of TLS, nor slip something in before it.
    @Test(arguments: [
        // An answer to a bind that nobody sent, in plain text.
        [0x30, 12, 2, 1, 2, 0x61, 7, 0x0A, 1, 0, 4, 0, 4, 0],
        Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [],
    ])
    func aPlainAnswerAfterStartTLSIsRefused(plain: [UInt8]) async throws {
        let certificates = try TestCertificates.shared.get()
        let accepted: [UInt8] = [0x30, 12, 2, 1, 1, 0x78, 7, 0x0A, 1, 0, 4, 0, 4, 0]
        for isEarly in [true, false] {
            let server = try AnsweringServer(first: isEarly ? accepted + plain : accepted)
            server.send(isEarly ? [] : plain)
            let error = try await ldapError {
                _ = try await LDAPConnection.open(
                    server.endpoint,
                    tls: TLSSettings(caFile: certificates.authority.path, startTLS: true),
                    bind: .simple(name: "cn=x", password: "secret"),
                    timeouts: LDAPTimeouts(connect: .seconds(2), bind: .seconds(2))
                )
            }
            guard case .connectFailed(_, .tls, _, _) = error else {
                Issue.record("\(error)")
                return
            }
            // Nothing but the request for TLS and its first record has left: no name, no password.
            #expect(!server.received.contains("secret") && !server.received.contains("cn=x"))
        }
    }

    @Test(
        arguments: [
            (
                ["TLS: peer cert untrusted or revoked (0x402)\n"],
                "the server's certificate has expired: renew it at the server"
            ),
            (
                ["TLS: peer cert untrusted or revoked (0x242)\n"],
                "the server's certificate is not valid yet: is the server's clock, or this one, wrong?, and is signed by an authority that is not in the CA file"
            ),
            (["TLS: peer cert untrusted or revoked (0x2)"], "the server's certificate is not accepted (0x2)"),
            (
                ["x", "TLS: hostname (b) does not match common name in certificate (a).\n"],
                "the server's certificate is not made out for host, but for a"
            ),
            (["TLS: peer cert untrusted or revoked (0x"], "unknown"), ([], "unknown"),
        ] as [([String], String)]
    )
    func theLibrarysLogIsUnderstood(log: [String], words: String) {
        #expect(TLSFailure.words("unknown", log: log, host: "host") == words)
    }
}
