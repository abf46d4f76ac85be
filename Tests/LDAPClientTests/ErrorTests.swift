import LDAPClient
import SyncModel
import Testing

@Suite struct ErrorTests {
    @Test(
        arguments: [
            (0, nil), (1, .reconnect), (2, .refuse), (3, .retry), (4, .refuse), (5, nil), (6, nil), (7, .stop),
            (8, .stop),
            (10, .refuse), (11, .refuse), (12, .refuse), (13, .stop), (14, .reconnect), (16, .refuse), (17, .refuse),
            (18, .refuse), (19, .refuse), (20, .refuse), (21, .refuse), (32, .refuse), (33, .refuse), (34, .refuse),
            (36, .refuse), (48, .stop), (49, .stop), (50, .refuse), (51, .retry), (52, .reconnect), (53, .refuse),
            (54, .refuse), (64, .refuse), (65, .refuse), (66, .refuse), (67, .refuse), (68, .refuse), (69, .refuse),
            (71, .refuse), (80, .retry), (118, .retry), (119, .refuse), (120, .refuse), (121, .refuse), (122, .refuse),
            (123, .refuse), (4096, .refuse), (-1, .reconnect), (-2, .reconnect), (-3, .refuse), (-4, .reconnect),
            (-5, .reconnect), (-6, .stop), (-7, .refuse), (-8, .retry), (-9, .refuse), (-10, .retry), (-11, .reconnect),
            (-12, .stop), (9999, .refuse),
        ] as [(Int32, Disposition?)]
    )
    func eachCodeHasItsDisposition(code: Int32, disposition: Disposition?) {
        #expect(LDAPResultCode(rawValue: code).disposition == disposition)
    }

    @Test(
        arguments: [
            (.refused(.modify, LDAPResult(code: .assertionFailed)), .refuse, false),
            (.refused(.bind, LDAPResult(code: .invalidCredentials)), .stop, false),
            (.refused(.search, LDAPResult(code: .busy)), .retry, false),
            (.connectFailed(endpoint: "ldap://x:1", stage: .connect, .serverDown, message: ""), .reconnect, false),
            (.connectionLost(.add, .serverDown, message: "", wasSent: true), .reconnect, true),
            (.connectionLost(.add, .serverDown, message: "", wasSent: false), .reconnect, false),
            (.timedOut(.delete, wasSent: true), .reconnect, true),
            (.cancelled(.delete, wasSent: false), .retry, false),
            (.invalidRequest(.search, .filterError, message: ""), .refuse, false),
            (.malformedAnswer(.modify, message: ""), .reconnect, true),
        ] as [(LDAPError, Disposition, Bool)]
    )
    func anErrorSaysWhatToDoAndWhetherItMayHaveTakenEffect(error: LDAPError, disposition: Disposition, may: Bool) {
        #expect(error.disposition == disposition)
        #expect(error.mayHaveTakenEffect == may)
    }

    @Test(
        arguments: [
            (
                "80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext error, data 52e, v3839", 0x52E,
                .wrongPassword
            ),
            (
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 533, v1db1", 0x533,
                .accountDisabled
            ),
            (
                "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1", 0x775,
                .accountLockedOut
            ),
            ("0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0", 0x52D, .passwordPolicy),
            (
                "0000052D: Constraint violation - check_password_restrictions: the password is too short.", 0x52D,
                .passwordPolicy
            ),
            ("00000056: AtrErr: DSID-03191083, #1:", 0x56, .wrongOldPassword),
            ("00002071: UpdErr: DSID-0305038D, problem 6005 (ENTRY_EXISTS), data 0", 0x2071, .nameExists),
            ("00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", 0x2098, .accessDenied),
            ("000021C8: AtrErr: DSID-03200BBA, #1:", 0x21C8, .principalNameTaken),
            (
                "0000208D: NameErr: DSID-0310021B, problem 2001 (NO_OBJECT), data 0, best match of:", 0x208D,
                .noSuchObject
            ),
            ("00001234: something else", 0x1234, nil),
        ] as [(String, UInt32, ActiveDirectoryDiagnostic.Hint?)]
    )
    func activeDirectorysWordsAreDecoded(message: String, code: UInt32, hint: ActiveDirectoryDiagnostic.Hint?) {
        let diagnostic = ActiveDirectoryDiagnostic(message)
        #expect(diagnostic?.windowsCode == code)
        #expect(diagnostic?.hint == hint)
    }

    @Test(arguments: [
        "", "no such value", "0000052D", "0000052G: x", "objectClass: value #0 invalid per syntax", "80090308:",
        "80090308: data zz,", "80090308: data ",
    ])
    func otherWordsGiveNoHint(message: String) {
        #expect(ActiveDirectoryDiagnostic(message)?.hint == nil)
    }

    @Test func aDescriptionHasCodeOperationAndTheServersWords() {
        let result = LDAPResult(code: .noSuchObject, matchedDN: "dc=test", diagnosticMessage: "not here")
        #expect(
            LDAPError.refused(.modify, result).description
                == "modify refused: No such object (32), matched dc=test: not here"
        )
    }

    @Test func credentialsDontShowThePassword() {
        let bind = BindCredentials.simple(name: "cn=admin", password: "swordfish")
        #expect("\(bind) \(String(reflecting: bind))".contains("swordfish") == false)
    }

    @Test func attributesAreFoundWithoutRegardToCase() {
        let entry = LDAPEntry(dn: "", attributes: [LDAPAttribute("sAMAccountName", ["a"]), LDAPAttribute("c@", ["b"])])
        #expect(entry["samaccountNAME"] == ["a"])
        #expect(entry["sAMAccountNam"] == nil)
        // Folding by one bit would take @ for `.
        #expect(entry["c`"] == nil)
    }
}
