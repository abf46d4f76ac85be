import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("A refused bind")
struct BindRefusalTests {
    /// The form is that of Samba and Windows alike; the codes are those of [MS-ERREF].
    @Test(
        arguments: [
            ("52e", "wrong name or password (49, data 52e); correct ad.bind in the configuration"),
            ("525", "wrong name or password (49, data 525)"),
            ("533", "the account is disabled (49, data 533)"),
            ("775", "the account is locked (49, data 775)"),
            ("532", "the password has expired (49, data 532)"),
            ("701", "the account has expired (49, data 701)"),
            ("773", "the password must be changed at the next logon (49, data 773)"),
            ("530", "the account may not log on at this hour (49, data 530)"),
            ("531", "the account may not log on from this machine (49, data 531)"),
        ] as [(String, String)]
    )
    func tellsWhatIsWrongAndWhatMendsIt(data: String, words: String) throws {
        let message = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data \(data), v1db1"
        let refusal = try refusal(.invalidCredentials, message)
        #expect(refusal.description.hasPrefix("bind refused for svc@syncline.test at ldaps://dc1.syncline.test"))
        #expect(refusal.description.contains(words))
        #expect(refusal.description.hasSuffix("; tried again in 5 min so that the account isn't locked"))
        #expect(ActiveDirectoryError.bindRefused(refusal).needsAPerson)
    }

    @Test(arguments: [
        (LDAPResultCode.invalidCredentials, "wrong name or password (49);"),
        (.strongerAuthRequired, "the server wants a protected connection (8); use ldaps:// or StartTLS"),
        (.authMethodNotSupported, "the server takes no such bind (7); see its message: words"),
    ])
    func goesByTheCodeWhereTheServerTellsNoMore(code: LDAPResultCode, words: String) throws {
        #expect(try refusal(code, "words").description.contains(words))
    }

    @Test func neverTellsThePassword() throws {
        #expect(try !refusal(.invalidCredentials, "").description.contains("secret"))
    }

    private func refusal(_ code: LDAPResultCode, _ message: String) throws -> BindRefusal {
        BindRefusal(
            credentials: .simple(name: "svc@syncline.test", password: "secret"),
            endpoint: try LDAPEndpoint("ldaps://dc1.syncline.test"),
            error: .refused(.bind, LDAPResult(code: code, diagnosticMessage: message))
        )
    }
}
