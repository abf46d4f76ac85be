import LDAPClient
import SyncModel
import Testing

@Suite("A connection that does not come about")
struct OpeningFailureTests {
    private static let pause = "; tried again in 5 min so that the account isn't locked"

    /// The form is that of Samba and Windows alike; the codes are those of [MS-ERREF].
    @Test(
        "a refused bind is told with its reason and what mends it",
        arguments: [
            (
                "52e",
                "wrong name or password for svc@syncline.test (49, data 52e); correct bind.dn, or put the account's password"
            ),
            ("525", "there is no account svc@syncline.test (49, data 525); correct bind.dn"),
            ("533", "the account svc@syncline.test is disabled (49, data 533); enable it"),
            ("775", "the account svc@syncline.test is locked out (49, data 775); unlock it"),
            ("532", "the password of svc@syncline.test has expired (49, data 532); set a new one"),
            ("701", "the account svc@syncline.test has expired (49, data 701); set it to never expire"),
            ("773", "svc@syncline.test must change its password first (49, data 773); set its password"),
            ("530", "svc@syncline.test may not sign in from here or at this time (49, data 530)"),
            ("531", "svc@syncline.test may not sign in from here or at this time (49, data 531)"),
            ("999", "wrong name or password for svc@syncline.test (49, data 999)"),
        ] as [(String, String)]
    )
    func refusedBind(data: String, words: String) throws {
        let message = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data \(data), v1db1"
        let failure = try refusal(.invalidCredentials, message)
        #expect(failure.description.hasPrefix("ldaps://dc1.syncline.test:636: \(words)"), "\(failure)")
        #expect(failure.description.hasSuffix(Self.pause))
        #expect(failure.isHarmful)
        #expect(!failure.description.contains("secret"))
    }

    @Test(
        "the code tells where the server says no more",
        arguments: [
            (LDAPResultCode.invalidCredentials, "wrong name or password for svc@syncline.test (49); "),
            (.strongerAuthRequired, "it takes no password without TLS; use ldaps://"),
            (.authMethodNotSupported, "signing in as svc@syncline.test is refused: bind refused: "),
        ]
    )
    func byCode(code: LDAPResultCode, words: String) throws {
        #expect(try refusal(code, "words").description.contains(words))
    }

    @Test(
        "a server that is not reached is told with the reason",
        arguments: [
            (
                LDAPError.ConnectStage.connect, LDAPResultCode.serverDown, "Connection refused",
                "no connection: Connection refused; check that"
            ),
            (.connect, .serverDown, "", "no connection: Can't contact LDAP server (-1); check that"),
            (.bind, .timeout, "no answer in time", "no answer in time; check the address"),
            (
                .tls, .connectError, "",
                "TLS failed: its certificate is not accepted, or it does not speak TLS here; name the"
            ),
            (
                .tls, .connectError, "the server's certificate has expired",
                "TLS failed: the server's certificate has expired; renew"
            ),
        ]
    )
    func unreachable(stage: LDAPError.ConnectStage, code: LDAPResultCode, message: String, words: String) throws {
        let endpoint = try LDAPEndpoint("ldaps://dc1.syncline.test")
        let error = LDAPError.connectFailed(endpoint: endpoint.uri, stage: stage, code, message: message)
        let failure = try #require(OpeningFailure(error, endpoint: endpoint, credentials: nil))
        #expect(failure.description.hasPrefix("ldaps://dc1.syncline.test:636: \(words)"), "\(failure)")
        #expect(!failure.isHarmful && !failure.description.hasSuffix(Self.pause))
    }

    @Test("of several servers each one's reason is told, and once what mends it") func several() throws {
        let failures = try ["ldap://a", "ldap://b"].map { uri in
            let endpoint = try LDAPEndpoint(uri)
            let error = LDAPError.connectFailed(
                endpoint: uri,
                stage: .connect,
                .serverDown,
                message: "Connection refused"
            )
            return try #require(OpeningFailure(error, endpoint: endpoint, credentials: nil))
        }
        let summary = OpeningFailure.summary(of: failures)
        #expect(
            summary.hasPrefix(
                "ldap://a:389: no connection: Connection refused; ldap://b:389: no connection: Connection refused; check"
            )
        )
        #expect(summary.ranges(of: "check that the server runs").count == 1)
    }

    @Test("what failed on a connection that stood is none") func other() throws {
        let error = LDAPError.timedOut(.search, wasSent: true)
        #expect(OpeningFailure(error, endpoint: try LDAPEndpoint("ldap://x"), credentials: nil) == nil)
    }

    private func refusal(_ code: LDAPResultCode, _ message: String) throws -> OpeningFailure {
        let error = LDAPError.refused(.bind, LDAPResult(code: code, diagnosticMessage: message))
        return try #require(
            OpeningFailure(
                error,
                endpoint: try LDAPEndpoint("ldaps://dc1.syncline.test"),
                credentials: .simple(name: "svc@syncline.test", password: "secret")
            )
        )
    }
}
