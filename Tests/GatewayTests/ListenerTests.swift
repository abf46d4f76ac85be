import Foundation
import LDAPClient
import NIOSSL
import SyncModel
import Testing

@testable import Gateway

/// The real listener, with clients that behave.
@Suite(.serialized) struct ListenerTests {
    @Test(arguments: [false, true])
    func aBindAndAPasswordChange(startTLS: Bool) async throws {
        try await withGateway { gateway in
            let client = try await gateway.client(startTLS: startTLS)
            let identity = try await client.perform(.extended(oid: ObjectIdentifiers.whoAmI)).value
            #expect(identity?.text == "dn:uid=anna")
            var value = BERWriter()
            value.sequence { parts in
                parts.string("secret", tag: 0x81)
                parts.string("newer", tag: 0x82)
            }
            _ = try await client.perform(.extended(oid: ObjectIdentifiers.passwordModify, value: value.octets))
            #expect(gateway.directories.passwords == PerSide(both: "newer"))
            client.close()
        }
    }

    @Test func aWrongPasswordIsRefusedAsEverywhere() async throws {
        try await withGateway { gateway in
            let error = await #expect(throws: LDAPError.self) { try await gateway.client("wrong") }
            #expect(error?.serverResult == LDAPResult(code: .invalidCredentials))
        }
    }

    @Test func whatIsOfferedCanBeDiscovered() async throws {
        try await withGateway { gateway in
            let client = try await gateway.client()
            let query = SearchRequest(
                base: "",
                scope: .base,
                attributes: ["supportedExtension", "supportedLDAPVersion"]
            )
            let root = try #require(try await client.search(query).entries.first)
            #expect(root["supportedExtension"]?.contains(Octets(ObjectIdentifiers.passwordModify)) == true)
            #expect(root.text("supportedLDAPVersion") == "3")
            client.close()
        }
    }

    @Test(
        "Old versions of TLS and weak ciphers come to nothing",
        arguments: [
            {
                $0.minimumTLSVersion = .tlsv1
                $0.maximumTLSVersion = .tlsv1
            },
            {
                $0.minimumTLSVersion = .tlsv1
                $0.maximumTLSVersion = .tlsv11
            },
            {
                $0.maximumTLSVersion = .tlsv12
                $0.cipherSuiteValues = [.TLS_RSA_WITH_AES_128_GCM_SHA256]
            },
            {
                $0.maximumTLSVersion = .tlsv12
                $0.cipherSuiteValues = [.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]
            },
        ] as [@Sendable (inout TLSConfiguration) -> Void]
    )
    func weakTLS(_ change: @Sendable (inout TLSConfiguration) -> Void) async throws {
        try await withGateway { gateway in
            var configuration = RawClient.trusting
            change(&configuration)
            let client = try await RawClient.connect(gateway.secure, tls: configuration)
            client.send(MessageBytes.bind(1, "anna", "secret"))
            try await client.eventually("the refusal") { $0.isClosed }
            #expect(client.received.isEmpty)
            #expect(client.failure != nil)
        }
    }

    @Test func tls12IsTaken() async throws {
        try await withGateway { gateway in
            var configuration = RawClient.trusting
            configuration.maximumTLSVersion = .tlsv12
            let client = try await RawClient.connect(gateway.secure, tls: configuration)
            client.send(MessageBytes.bind(1, "anna", "secret"))
            try await client.eventually("the answer") { $0.code == 0 }
            await client.close()
        }
    }

    @Test func aNewCertificateIsTakenInAndNobodyIsDropped() async throws {
        try await withGateway { gateway in
            let before = try await gateway.client()
            let old = try String(contentsOfFile: gateway.certificate, encoding: .utf8)
            try RunningGateway.makeCertificate(in: gateway.folder)
            gateway.server.refreshCertificate()
            // This one trusts the new certificate alone.
            let after = try await gateway.client()
            #expect(after.peerCertificate != before.peerCertificate)
            _ = try await before.perform(.extended(oid: ObjectIdentifiers.whoAmI))
            // Files that don't go together leave it as it is.
            try old.write(toFile: gateway.certificate, atomically: true, encoding: .utf8)
            gateway.server.refreshCertificate()
            #expect(gateway.server.report.problem?.contains("is not used") == true)
            _ = try await after.perform(.extended(oid: ObjectIdentifiers.whoAmI))
            before.close()
            after.close()
        }
    }

    @Test func aStopAnswersWhatIsCarriedOutAndSaysGoodbyeToTheRest() async throws {
        let gateway = try await RunningGateway.start()
        let idle = try await RawClient.connect(gateway.secure, tls: RawClient.trusting)
        idle.send(MessageBytes.bind(1, "anna", "secret"))
        try await idle.eventually("the bind") { $0.code == 0 }
        let busy = try await RawClient.connect(gateway.secure, tls: RawClient.trusting)
        // Answered only after the pace of refusals.
        busy.send(MessageBytes.bind(1, "anna", "wrong"))
        try await busy.eventually("the question") { _ in gateway.directories.asked(.check(.ad)) == 2 }
        await gateway.end()
        try await idle.eventually("the end") { $0.isClosed }
        try await busy.eventually("the end") { $0.isClosed }
        #expect(busy.code == 49)
        let notice = Array(ObjectIdentifiers.noticeOfDisconnection.utf8)
        #expect(idle.received.suffix(notice.count) == notice[...])
        // Its port may be somebody else's by now, or a program that another test has started may have inherited the socket.
        #expect(gateway.server.report.listening.isEmpty)
    }

    @Test func aReloadKeepsConnectionsAndRequestsWaitForIt() async throws {
        try await withGateway { gateway in
            let client = try await gateway.client()
            let next = PasswordGateway(
                settings: GatewaySettings(authority: .miniorange),
                directories: gateway.directories,
                memory: gateway.memory,
                logger: gateway.server.logger,
                audit: gateway.server.logger
            )
            gateway.server.release()
            async let bind: LDAPConnection = gateway.client()
            try await Task.sleep(for: .milliseconds(100))
            gateway.server.use(next)
            let other = try await bind
            #expect(gateway.directories.asked(.check(.miniorange)) == 1)
            _ = try await client.perform(.extended(oid: ObjectIdentifiers.whoAmI))
            client.close()
            other.close()
        }
    }
}
