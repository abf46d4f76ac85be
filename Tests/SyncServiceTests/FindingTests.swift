import Cryptography
import LDAPClient
import SyncModel
import Testing

@testable import SyncService

struct FindingTests {
    private static let findings = [
        Finding(.ok, .miniorange, "base", "ou=people: 3 entries"),
        Finding(
            .error,
            .ad,
            "connection",
            String(repeating: "word ", count: 40),
            remedy: String(repeating: "do ", count: 60)
        ),
        Finding(.warning, nil, "cache", "old"),
    ]

    @Test func textIsGroupedAndEightyColumnsWide() {
        let text = FindingText(findings: Self.findings, titles: PerSide(ad: "DC=a", miniorange: "dc=b")).text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= FindingText.width })
        #expect(
            lines.filter { !$0.hasPrefix(" ") && !$0.isEmpty }.dropLast() == [
                "configuration", "ad  DC=a", "miniorange  dc=b",
            ]
        )
        #expect(lines.last == "1 error, 1 warning in 3 findings")
    }

    @Test(arguments: [
        ("", 10, [""]), ("a b", 3, ["a b"]), ("aa bb cc", 5, ["aa bb", "cc"]), ("abcdefgh i", 3, ["abcdefgh", "i"]),
        ("a\nb", 9, ["a", "b"]),
    ])
    func wordsAreNeverCut(_ row: (text: String, width: Int, lines: [String])) {
        #expect(TextWrap.lines(row.text, width: row.width) == row.lines)
    }

    @Test(arguments: [
        ("52e", "wrong password"), ("525", "no account"), ("533", "disabled"), ("701", "expired"), ("532", "expired"),
        ("773", "must change"), ("775", "locked out"), ("530", "may not sign in"), ("999", "wrong name or password"),
    ])
    func refusedBindsAreDecoded(_ row: (data: String, words: String)) {
        let message = "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data \(row.data), v1db1"
        let error = LDAPError.refused(.bind, LDAPResult(code: .invalidCredentials, diagnosticMessage: message))
        let finding = BindRefusal.finding(error, .ad, server: "ldaps://dc1", account: "svc@syncline.test")
        #expect(finding.level == .error && finding.remedy != nil)
        #expect(finding.seen.contains(row.words), "\(finding.seen)")
        #expect(finding.seen.hasPrefix("ldaps://dc1: "))
    }

    @Test(
        arguments: [
            (-1, Finding.Level.warning, "has expired"), (0, .warning, "expires today"),
            (1, .warning, "expires in 1 day,"),
            (29, .warning, "expires in 29 days"), (30, .ok, "valid until"), (4_000, .ok, "valid until"),
        ] as [(Int64, Finding.Level, String)]
    )
    func certificatesAreWarnedAboutAMonthAhead(_ row: (days: Int64, level: Finding.Level, words: String)) throws {
        let facts = try CertificateFacts(der: SampleCertificate.octets)
        let now = Timestamp(milliseconds: (facts.notAfter - row.days * 86_400) * 1_000)
        let finding = DirectoryCheck.certificateFinding(facts, .ad, server: "ldaps://dc1", now: now)
        #expect(finding.level == row.level)
        #expect(finding.seen.contains(row.words), "\(finding.seen)")
    }

    @Test(
        arguments: [
            (["uid,cn eq"], ["uid": ["eq"], "cn": ["eq"]]),
            (["{0}Mail eq,sub", "mail pres"], ["mail": ["eq", "sub", "pres"]]),
            (["default pres", "uid"], ["uid": ["pres"]]), (["uid"], ["uid": ["eq"]]), ([], [:]),
        ] as [([String], [String: Set<String>])]
    )
    func indexesAreRead(_ row: (values: [String], indexes: [String: Set<String>])) {
        #expect(SlapdConfiguration.indexes(row.values) == row.indexes)
    }
}
