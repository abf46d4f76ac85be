internal import LDAPClient
internal import SyncModel

/// Passwords as Active Directory takes them.
enum UnicodePassword {
    /// What unicodePwd takes of an ASCII password: quoted, in UTF-16, little-endian ([MS-ADTS] 3.1.1.3.1.5).
    static func octets(_ password: [UInt8]) -> Octets {
        let quote = UInt8(ascii: "\"")
        return Octets(([quote] + password + [quote]).flatMap { [$0, 0] })
    }

    /// Whether a refusal may be about the password of the request: then the same request without one tells.
    static func mayBeRefused(_ result: LDAPResult?) -> Bool {
        guard let result else { return false }
        switch result.code {
        // Windows where it takes no password in this request at all.
        case .unwillingToPerform: return true
        case .constraintViolation: return isAgainstPolicy(result)
        default: return false
        }
    }

    /// Also Windows' answer to the enabling of an account without a password.
    static func isAgainstPolicy(_ result: LDAPResult?) -> Bool {
        result.flatMap { ActiveDirectoryDiagnostic($0.diagnosticMessage)?.hint } == .passwordPolicy
    }
}
