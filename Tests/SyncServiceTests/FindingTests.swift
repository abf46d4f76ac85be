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

    @Test func aServerThatIsNotReachedIsAFindingWithItsRemedy() throws {
        let endpoint = try LDAPEndpoint("ldaps://dc1")
        let error = LDAPError.connectFailed(
            endpoint: endpoint.uri,
            stage: .connect,
            .serverDown,
            message: "Connection refused"
        )
        let finding = DirectoryCheck.finding(error, .ad, endpoint, .simple(name: "svc", password: "x"))
        #expect(finding.level == .error && finding.seen == "ldaps://dc1:636: no connection: Connection refused")
        #expect(finding.remedy?.contains("check that the server runs") == true)
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
