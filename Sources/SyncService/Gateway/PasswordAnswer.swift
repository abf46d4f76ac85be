import Foundation
import Gateway
import LDAPClient
import SyncModel

/// What a server's refusal of a password means.
enum PasswordAnswer {
    static func of(_ error: LDAPError, _ side: Side) -> DirectoryAnswer {
        if let result = error.serverResult { return refusal(error.operation, result, side) }
        if error.code == .noSuchObject { return .refused(.other("\(error)")) }
        return error.mayHaveTakenEffect ? .unknown("\(error)") : .unavailable("\(error)")
    }

    private static func refusal(
        _ operation: LDAPOperationKind,
        _ result: LDAPResult,
        _ side: Side
    ) -> DirectoryAnswer {
        let diagnostic = side == .ad ? ActiveDirectoryDiagnostic(result.diagnosticMessage) : nil
        switch result.code {
        case .invalidCredentials:
            // AD tells these two only of a password that is right.
            switch diagnostic?.hint {
            case .passwordExpired: return .demand(.passwordExpired)
            case .passwordMustChange: return .demand(.mustChangePassword)
            default: return .wrongPassword
            }
        case .busy, .unavailable, .timeLimitExceeded, .adminLimitExceeded, .operationsError:
            return .unavailable(result.code.name)
        case .constraintViolation where side == .ad:
            if diagnostic?.hint == .wrongOldPassword { return .wrongPassword }
            return .refused(.policy(policyWords(result, diagnostic)))
        case .constraintViolation:
            return .refused(.policy(result.diagnosticMessage.isEmpty ? "its policy" : result.diagnosticMessage))
        case .unwillingToPerform where diagnostic?.hint == .passwordPolicy:
            // Windows.
            return .refused(.policy(policyWords(result, diagnostic)))
        case .insufficientAccessRights, .strongerAuthRequired, .confidentialityRequired:
            return .refused(.notAllowed(words(result)))
        case .noSuchObject, .inappropriateAuthentication:
            // An entry that has just gone, or that has no password: to who binds as it the same as a wrong one.
            return operation == .bind ? .wrongPassword : .refused(.other(words(result)))
        default:
            return .refused(.other(words(result)))
        }
    }

    private static func words(_ result: LDAPResult) -> String {
        result.diagnosticMessage.isEmpty ? result.code.name : "\(result.code.name): \(result.diagnosticMessage)"
    }

    /// Samba says which rule it is, Windows one number for all of them.
    private static func policyWords(_ result: LDAPResult, _ diagnostic: ActiveDirectoryDiagnostic?) -> String {
        let marker = "check_password_restrictions: "
        if let range = result.diagnosticMessage.range(of: marker) {
            let words = result.diagnosticMessage[range.upperBound...]
            return String(words.prefix { $0 != "\n" }.drop { $0 == " " }.prefix(200))
        }
        guard diagnostic?.hint == .passwordPolicy else { return "its policy" }
        return "it is too short, too simple, was used before, or the former one is too new (0000052D)"
    }
}
