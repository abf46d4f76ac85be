import Foundation
import LDAPClient
import SyncModel
import Testing

@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct FailureTests {
    private let root = SearchRequest(base: "", scope: .base)

    @Test(.timeLimit(.minutes(1)), arguments: ["ldap", "ldaps"]) func aServerThatNeverAnswersEndsInTime(scheme: String)
        async throws
    {
        let listener = try TestListener()
        let timeouts = LDAPTimeouts(connect: .milliseconds(300), bind: .milliseconds(300))
        let error = try await ldapError {
            _ = try await LDAPConnection.open(
                try LDAPEndpoint("\(scheme)://127.0.0.1:\(listener.port)"),
                timeouts: timeouts
            )
        }
        guard case .connectFailed(_, let stage, .timeout, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(stage == (scheme == "ldaps" ? .tls : .bind))
        #expect(error.disposition == .reconnect)
    }

    @Test func aPortWithNoServerIsAFailedConnect() async throws {
        let port = try TestListener().port
        let error = try await ldapError {
            _ = try await LDAPConnection.open(try LDAPEndpoint("ldap://127.0.0.1:\(port)"))
        }
        guard case .connectFailed(_, .connect, .serverDown, let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message == "Connection refused")
    }

    @Test func aNameThatNobodyHasIsToldAsSuch() async throws {
        let error = try await ldapError {
            _ = try await LDAPConnection.open(try LDAPEndpoint("ldap://dc1.invalid"))
        }
        guard case .connectFailed(_, .connect, .serverDown, let message) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(message.hasPrefix("the server's name: "), "\(message)")
    }

    @Test func anOperationWithoutAnAnswerTimesOutAndTheConnectionGoesOn() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        server.pause()
        let change = Modification(.replace, "description", ["x"])
        let error = try await ldapError {
            _ = try await connection.perform(
                .modify(dn: TestSlapd.dn(0), modifications: [change]),
                timeout: .milliseconds(100)
            )
        }
        #expect(error == .timedOut(.modify, wasSent: true))
        #expect(error.mayHaveTakenEffect)
        server.resume()
        #expect(try await connection.search(root).entries.count == 1)
    }

    @Test func requestsThatFoundNoRoomTimeOutAsNotSent() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        server.pause()
        let value = Octets([UInt8](repeating: 1, count: 300_000))
        let change = PipelinedRequest.operation(
            .modify(dn: TestSlapd.dn(0), modifications: [Modification(.replace, "userPassword", [value])])
        )
        let answers = await connection.pipeline(Array(repeating: change, count: 60), timeout: .milliseconds(300))
        var fates: Set<LDAPError> = []
        for answer in answers {
            if case .failure(let error) = answer { fates.insert(error) }
        }
        #expect(fates == [.timedOut(.modify, wasSent: true), .timedOut(.modify, wasSent: false)])
        server.resume()
        #expect(try await connection.search(root).entries.count == 1)
    }

    @Test func aCancelledTaskGivesUpItsOperation() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        server.pause()
        let task = Task { [root] in try await ldapError { _ = try await connection.search(root) } }
        task.cancel()
        #expect(try await task.value == .cancelled(.search, wasSent: true))
        server.resume()
        #expect(try await connection.search(root).entries.count == 1)
    }

    @Test func aKilledServerIsReportedToAllThatIsPendingAndToWhatComesLater() async throws {
        let server = try TestSlapd(TestSlapd.Options(people: 1))
        let connection = try await server.connect()
        let stream = connection.stream(
            SearchRequest(
                base: TestSlapd.suffix,
                scope: .subtree,
                controls: [SyncRequest(mode: .refreshAndPersist).control]
            )
        )
        _ = try await stream.nextBatch()
        server.pause()
        let change = PipelinedRequest.operation(
            .modify(dn: TestSlapd.dn(0), modifications: [Modification(.replace, "description", ["x"])])
        )
        let (sent, signal) = AsyncStream.makeStream(of: [Result<PipelinedAnswer, LDAPError>].self)
        connection.submit(Array(repeating: change, count: 50)) { signal.yield($0) }
        server.kill()
        for await answers in sent.prefix(1) {
            #expect(answers.count == 50)
            for answer in answers {
                let error = #expect(throws: LDAPError.self) { _ = try answer.get() }
                guard case .connectionLost(.modify, _, _, _) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
        let ofStream = try await ldapError { while try await !stream.nextBatch().isEmpty {} }
        guard case .connectionLost(.search, _, _, wasSent: true) = ofStream else {
            Issue.record("\(ofStream)")
            return
        }
        let end = await connection.closed()
        #expect(end.disposition == .reconnect)
        #expect(connection.isClosed)
        let later = try await ldapError { _ = try await connection.search(root) }
        guard case .connectionLost(.search, _, _, wasSent: false) = later else {
            Issue.record("\(later)")
            return
        }
    }

    @Test func closingFailsWhatIsPendingAndCanBeAwaited() async throws {
        let server = try TestSlapd()
        let connection = try await server.connect()
        server.pause()
        async let pending = ldapError { _ = try await connection.search(root) }
        async let end = connection.closed()
        connection.close()
        connection.close()
        #expect(await end.code == .userCancelled)
        #expect(try await pending.code == .userCancelled)
        server.resume()
    }
}

@Suite(.enabled(if: TestSlapd.isAvailable, TestSlapd.comment))
struct TLSTests {
    private let certificates: TestCertificates
    private let server: TestSlapd

    init() throws {
        certificates = try TestCertificates.shared.get()
        server = try TestSlapd(TestSlapd.Options(certificates: certificates, people: 500))
    }

    private var trusting: TLSSettings { TLSSettings(caFile: certificates.authority.path) }

    @Test(arguments: [TLSSettings.Version.tls12, .tls13])
    func aVerifiedServerIsTalkedTo(version: TLSSettings.Version) async throws {
        var tls = trusting
        tls.minimumVersion = version
        let connection = try await LDAPConnection.open(try LDAPEndpoint(server.tlsURI), tls: tls, bind: server.admin)
        #expect(connection.peerCertificate?.bytes.first == 0x30)
        let request = SearchRequest(base: TestSlapd.suffix, scope: .subtree)
        #expect(try await connection.search(request).entries.count == 502)
        let large = Octets([UInt8](repeating: 1, count: 3_000_000))
        let read = ReadEntryControl.postRead.request(["userPassword"])
        let change = Modification(.replace, "userPassword", [large])
        let response = try await connection.perform(
            .modify(dn: TestSlapd.dn(0), modifications: [change], controls: [read])
        )
        #expect(try ReadEntryControl.postRead.entry(in: response.controls)?.first("userPassword") == large)
    }

    @Test func startTLSProtectsAPlainConnection() async throws {
        var tls = trusting
        tls.startTLS = true
        let endpoint = LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: server.port)
        let connection = try await LDAPConnection.open(endpoint, tls: tls, bind: server.admin)
        #expect(connection.peerCertificate != nil)
        #expect(try await connection.search(SearchRequest(base: TestSlapd.suffix, scope: .base)).entries.count == 1)
    }

    @Test(arguments: [false, true]) func anotherHostsCertificateIsRefused(startTLS: Bool) async throws {
        var tls = trusting
        tls.startTLS = startTLS
        let endpoint =
            startTLS
            ? LDAPEndpoint(transport: .ldap, host: "localhost", port: server.port)
            : LDAPEndpoint(transport: .ldaps, host: "localhost", port: server.tlsPort)
        try await expectRefused(endpoint, tls)
    }

    @Test(arguments: [false, true]) func anUnknownAuthorityIsRefused(startTLS: Bool) async throws {
        let tls = TLSSettings(caFile: certificates.otherAuthority.path, startTLS: startTLS)
        let endpoint =
            startTLS
            ? LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: server.port)
            : LDAPEndpoint(transport: .ldaps, host: "127.0.0.1", port: server.tlsPort)
        try await expectRefused(endpoint, tls)
    }

    @Test func withoutACAFileTheSystemsAuthoritiesCount() async throws {
        try await expectRefused(try LDAPEndpoint(server.tlsURI), TLSSettings())
    }

    @Test func aMissingCAFileIsAnErrorThatNamesIt() async throws {
        let error = try await expectRefused(try LDAPEndpoint(server.tlsURI), TLSSettings(caFile: "/nonexistent.pem"))
        #expect(error?.description.contains("/nonexistent.pem") == true)
    }

    @Test func startTLSWhereTheServerHasNoneIsRefused() async throws {
        let plain = try TestSlapd()
        let endpoint = LDAPEndpoint(transport: .ldap, host: "127.0.0.1", port: plain.port)
        let error = try await ldapError {
            _ = try await LDAPConnection.open(
                endpoint,
                tls: TLSSettings(caFile: certificates.authority.path, startTLS: true)
            )
        }
        guard case .refused(.extended, _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @discardableResult
    private func expectRefused(_ endpoint: LDAPEndpoint, _ tls: TLSSettings) async throws -> LDAPError? {
        let error = try await ldapError { _ = try await LDAPConnection.open(endpoint, tls: tls, bind: server.admin) }
        guard case .connectFailed(_, .tls, _, let message) = error else {
            Issue.record("\(error)")
            return error
        }
        #expect(!message.isEmpty)
        return error
    }
}
