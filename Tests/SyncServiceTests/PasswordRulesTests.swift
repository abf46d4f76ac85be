import LDAPClient
import SyncModel
import Testing

@testable import SyncService

/// What both directories demand of passwords, and what check says where they disagree.
struct PasswordRulesTests {
    private static func entry(_ attributes: [String: String]) -> LDAPEntry {
        LDAPEntry(dn: "", attributes: attributes.map { LDAPAttribute($0.key, [Octets($0.value)]) })
    }

    static let domain = [
        "minPwdLength": "7", "pwdProperties": "1", "pwdHistoryLength": "24", "maxPwdAge": "-36288000000000",
        "lockoutThreshold": "5",
    ]
    static let policy = [
        "pwdLockout": "TRUE", "pwdMinLength": "7", "pwdCheckQuality": "1", "pwdInHistory": "24", "pwdMaxAge": "3628800",
        "pwdMaxFailure": "5",
    ]

    @Test(
        arguments: [
            ([:], [:], nil),
            (["minPwdLength": "12"], [:], "at least 12 characters at ad, 7 at miniorange"),
            ([:], ["pwdCheckQuality": "0"], "at least 7 characters at ad, 0 at miniorange"),
            (["pwdProperties": "0"], [:], "miniorange judges the quality of passwords, ad does not"),
            (["pwdHistoryLength": "3"], [:], "ad refuses the last 3 passwords, miniorange the last 24"),
            (["maxPwdAge": "0"], [:], "after no time at ad, after 42 days at miniorange"),
            (["maxPwdAge": "-9223372036854775808"], [:], "after no time at ad, after 42 days at miniorange"),
            ([:], ["pwdMaxAge": "0"], "after 42 days at ad, after no time at miniorange"),
            ([:], ["pwdLockout": "FALSE"], "5 wrong passwords lock an account at ad, no wrong passwords at miniorange"),
            (
                ["lockoutThreshold": "0"], [:],
                "no wrong passwords lock an account at ad, 5 wrong passwords at miniorange"
            ),
        ] as [([String: String], [String: String], String?)]
    )
    func `Where the rules differ, both are named`(
        _ atAD: [String: String],
        _ atMiniOrange: [String: String],
        _ seen: String?
    ) {
        let ad = PasswordRules(domain: Self.entry(Self.domain.merging(atAD) { $1 }))
        let miniorange = PasswordRules(policy: Self.entry(Self.policy.merging(atMiniOrange) { $1 }))
        let differences = PasswordRules.differences(ad: ad, miniorange: miniorange)
        #expect(differences.allSatisfy { !$0.remedy.isEmpty })
        guard let seen else { return #expect(differences.isEmpty) }
        #expect(differences.contains { $0.seen == seen || $0.seen.hasSuffix(seen) }, "\(differences)")
    }

    @Test func `What can't be read is not compared`() {
        let nothing = PasswordRules(domain: Self.entry([:]))
        #expect(
            PasswordRules.differences(ad: nothing, miniorange: PasswordRules(policy: Self.entry(Self.policy))).isEmpty
        )
        var findings = Findings(nil)
        findings.compare(nil, PasswordRules())
        #expect(findings.all.isEmpty)
    }

    @Test(arguments: [(nil, 10, nil), (0, 10, nil), (5, 4, Finding.Level.ok), (5, 5, .warning), (5, 10, .warning)])
    func `More wrong passwords passed on than lock an account are told`(
        _ lockout: Int?,
        _ passed: Int,
        _ level: Finding.Level?
    ) {
        var rules = PasswordRules()
        rules.lockout = lockout
        var findings = Findings(nil)
        findings.compareLockout(passing: passed, to: .ad, rules)
        #expect(findings.all.map(\.level) == (level.map { [$0] } ?? []))
        #expect(findings.all.allSatisfy { $0.level == .ok || $0.remedy == "gateway.limits.failuresPerAccount: 4" })
    }
}
