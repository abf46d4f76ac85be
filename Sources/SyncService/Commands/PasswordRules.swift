import LDAPClient
import SyncModel

/// What a directory demands of passwords, and when it locks an account, in terms that both sides share. What is nil could not be read.
struct PasswordRules: Hashable {
    /// In characters.
    var minimumLength: Int?
    /// Whether a password must mix classes of characters, or is looked at by a checker of the server's own.
    var isComplex: Bool?
    /// How many former passwords are refused; 0 for none.
    var history: Int?
    /// Seconds; 0 for ever.
    var maximumAge: Int64?
    /// Wrong passwords in a row that lock an account; 0 for none.
    var lockout: Int?

    /// Of the root of a domain ([MS-ADA1], [MS-ADA3]: minPwdLength, pwdProperties, pwdHistoryLength, maxPwdAge, lockoutThreshold).
    static let domainAttributes = [
        "minPwdLength", "pwdProperties", "pwdHistoryLength", "maxPwdAge", "lockoutThreshold",
    ]
    /// Of a policy of the LDAP side (draft-behera-ldap-password-policy section 5.2).
    static let policyAttributes = [
        "pwdLockout", "pwdMinLength", "pwdCheckQuality", "pwdInHistory", "pwdMaxAge", "pwdMaxFailure",
    ]

    init() {}

    init(domain entry: LDAPEntry) {
        minimumLength = Self.number("minPwdLength", entry)
        // DOMAIN_PASSWORD_COMPLEX ([MS-SAMR] 2.2.3.12).
        isComplex = Self.number("pwdProperties", entry).map { $0 & 1 != 0 }
        history = Self.number("pwdHistoryLength", entry)
        lockout = Self.number("lockoutThreshold", entry)
        // Negative, in 100-ns intervals; the least number, as 0, means never.
        if let age = entry.text("maxPwdAge").flatMap({ Int64($0) }) {
            maximumAge = age == .min ? 0 : -(age / 10_000_000)
        }
    }

    /// What a policy leaves out it doesn't demand.
    init(policy entry: LDAPEntry) {
        let quality = Self.number("pwdCheckQuality", entry) ?? 0
        // Length is looked at where quality is.
        minimumLength = quality > 0 ? Self.number("pwdMinLength", entry) ?? 0 : 0
        isComplex = quality > 0
        history = Self.number("pwdInHistory", entry) ?? 0
        maximumAge = Int64(Self.number("pwdMaxAge", entry) ?? 0)
        let isLocking = entry.text("pwdLockout")?.uppercased() == "TRUE"
        lockout = isLocking ? Self.number("pwdMaxFailure", entry) ?? 0 : 0
    }

    private static func number(_ name: String, _ entry: LDAPEntry) -> Int? { entry.text(name).flatMap { Int($0) } }

    /// Where the two sides disagree, each with what to do. Nothing where either could not be read.
    static func differences(ad: PasswordRules, miniorange: PasswordRules) -> [(seen: String, remedy: String)] {
        var found: [(seen: String, remedy: String)] = []
        func compare<Value: Equatable>(
            _ rule: KeyPath<PasswordRules, Value?>,
            _ say: (Value, Value) -> (String, String)
        ) {
            guard let ad = ad[keyPath: rule], let miniorange = miniorange[keyPath: rule], ad != miniorange else {
                return
            }
            let (seen, remedy) = say(ad, miniorange)
            found.append((seen, remedy))
        }
        compare(\.minimumLength) {
            (
                "at least \($0) characters at ad, \($1) at miniorange",
                "pwdMinLength: \($0) with pwdCheckQuality: 1 in the policy"
            )
        }
        compare(\.isComplex) { ad, _ in
            ad
                ? (
                    "ad wants characters of several classes, miniorange takes any",
                    "pwdCheckQuality: 1 and a checker module, such as ppm"
                )
                : (
                    "miniorange judges the quality of passwords, ad does not",
                    "turn on complexity at ad, or pwdCheckQuality: 0"
                )
        }
        compare(\.history) {
            ("ad refuses the last \($0) passwords, miniorange the last \($1)", "pwdInHistory: \($0) in the policy")
        }
        compare(\.maximumAge) {
            (
                "passwords expire after \(days($0)) at ad, after \(days($1)) at miniorange",
                "pwdMaxAge: \($0) in the policy"
            )
        }
        compare(\.lockout) {
            (
                "\(times($0)) lock an account at ad, \(times($1)) at miniorange",
                $0 == 0 ? "lockoutThreshold: \($1) at ad" : "pwdMaxFailure: \($0) and pwdLockout: TRUE in the policy"
            )
        }
        return found
    }

    private static func days(_ seconds: Int64) -> String { seconds == 0 ? "no time" : "\(seconds / 86_400) days" }
    private static func times(_ count: Int) -> String { count == 0 ? "no wrong passwords" : "\(count) wrong passwords" }
}

extension Findings {
    /// Both sides' rules held against each other. As long as no password goes from one side to the other, people have one for each, and nothing fails for it.
    mutating func compare(_ ad: PasswordRules?, _ miniorange: PasswordRules?) {
        guard let ad, let miniorange else { return }
        let differences = PasswordRules.differences(ad: ad, miniorange: miniorange)
        guard !differences.isEmpty else { return ok("passwords", "both sides demand the same of passwords") }
        ok(
            "passwords",
            "the rules differ, which matters where one password serves on both sides: "
                + differences.map { "\($0.seen) (\($0.remedy))" }.joined(separator: "; ")
        )
    }

    /// Wrong passwords of one account that the gateway passes on count at the authority as well.
    mutating func compareLockout(passing passed: Int, to authority: Side, _ rules: PasswordRules?) {
        guard let lockout = rules?.lockout, lockout > 0 else { return }
        guard passed >= lockout else {
            return ok(
                "gateway",
                "\(passed) wrong passwords are passed on to \(authority.name), where \(lockout) lock an account"
            )
        }
        warning(
            "gateway",
            "\(passed) wrong passwords of one account are passed on to \(authority.name), where \(lockout) lock it: whoever knows a name can have it locked",
            remedy: "gateway.limits.failuresPerAccount: \(max(1, lockout - 1))"
        )
    }
}
