package import LDAPClient

/// A refused bind, in words for the admin.
package struct BindRefusal: Hashable, Sendable {
    /// The name in the bind.
    package let account: String
    package let endpoint: String
    package let error: LDAPError

    init(credentials: BindCredentials, endpoint: LDAPEndpoint, error: LDAPError) {
        account =
            switch credentials {
            case .simple(let name, _): name
            case .external: "this process"
            }
        self.endpoint = endpoint.uri
        self.error = error
    }

    private typealias Advice = (reason: String, remedy: String)

    private var advice: Advice {
        let password = "put the new one where ad.bind.passwordFile names it"
        return switch error.activeDirectoryDiagnostic?.hint {
        case .wrongPassword, .noSuchUser, .wrongOldPassword:
            ("wrong name or password", "correct ad.bind in the configuration")
        case .accountDisabled: ("the account is disabled", "enable it in Active Directory")
        case .accountLockedOut: ("the account is locked", "unlock it in Active Directory, and find out what locks it")
        case .passwordExpired:
            ("the password has expired", "set another that doesn't expire, and \(password)")
        case .passwordMustChange:
            ("the password must be changed at the next logon", "set another without that demand, and \(password)")
        case .accountExpired: ("the account has expired", "set it not to expire in Active Directory")
        case .logonHours: ("the account may not log on at this hour", "remove the limit to its logon hours")
        case .logonWorkstation:
            ("the account may not log on from this machine", "remove the limit to its workstations")
        case .accountRestricted: ("the account's logon is restricted", "remove the restriction in Active Directory")
        default: adviceByCode
        }
    }

    private var adviceByCode: Advice {
        switch error.code {
        case .invalidCredentials: ("wrong name or password", "correct ad.bind in the configuration")
        case .strongerAuthRequired, .confidentialityRequired:
            ("the server wants a protected connection", "use ldaps:// or StartTLS")
        default: ("the server takes no such bind", "see its message: \(error.serverResult?.diagnosticMessage ?? "")")
        }
    }

    private var codes: String {
        let windowsCode = error.activeDirectoryDiagnostic.map { ", data \(String($0.windowsCode, radix: 16))" }
        return "\(error.code.rawValue)\(windowsCode ?? "")"
    }
}

extension BindRefusal: CustomStringConvertible {
    package var description: String {
        let (reason, remedy) = advice
        let pause = Backoff.cautious.components.seconds / 60
        return "bind refused for \(account) at \(endpoint): \(reason) (\(codes)); \(remedy); "
            + "tried again in \(pause) min so that the account isn't locked"
    }
}
