import LDAPClient
import SyncModel

/// What a refused bind, or a connection that did not come about, means and what mends it.
enum BindRefusal {
    /// - Parameters:
    ///   - account: the configured bind name.
    static func finding(_ error: LDAPError, _ side: Side, server: String, account: String) -> Finding {
        func finding(_ seen: String, _ remedy: String) -> Finding {
            Finding(.error, side, "connection", "\(server): \(seen)", remedy: remedy)
        }
        switch error {
        case .refused(.bind, let result): return refusedBind(error, result, finding, account)
        case .connectFailed(_, .tls, _, let message):
            // Not every TLS library says why.
            let isDumb = message.isEmpty || message.contains("unknown error code")
            let reason = isDumb ? "its certificate is not accepted, or it does not speak TLS here" : message
            return finding("TLS failed: \(reason)", tlsRemedy(message))
        case .connectFailed(_, _, .timeout, _):
            return finding("no answer in time", "check the address, the port and the firewalls between")
        case .connectFailed(_, _, let code, let message):
            let words = message.isEmpty ? code.name : message
            if isAboutTrust(words) { return finding("TLS failed: \(words)", tlsRemedy(words)) }
            return finding(
                "no connection: \(words)",
                "check that the server runs, the address and the port, and the firewalls between; a server that only ends the "
                    + "connection may not speak TLS on this port"
            )
        case .refused(.extended, _):
            return finding(
                "StartTLS is refused: \(error)",
                "use ldaps://, or give the server a certificate"
            )
        default:
            return finding("\(error)", "see the message")
        }
    }

    private static func refusedBind(
        _ error: LDAPError,
        _ result: LDAPResult,
        _ finding: (String, String) -> Finding,
        _ account: String
    ) -> Finding {
        let file = "in the side's bind.passwordFile"
        switch result.code {
        case .strongerAuthRequired, .confidentialityRequired:
            return finding("it takes no password without TLS", "use ldaps://, or tls.startTLS: true")
        case .invalidCredentials: break
        default: return finding("signing in as \(account) is refused: \(error)", "see the message")
        }
        switch error.activeDirectoryDiagnostic?.hint {
        case .wrongPassword:
            return finding(
                "wrong password for \(account) (data 52e)",
                "put the account's password \(file)"
            )
        case .noSuchUser:
            return finding("there is no account \(account) (data 525)", "correct bind.dn")
        case .accountDisabled:
            return finding("the account \(account) is disabled (data 533)", "enable it")
        case .accountExpired:
            return finding("the account \(account) has expired (data 701)", "set it to never expire")
        case .passwordExpired:
            return finding(
                "the password of \(account) has expired (data 532)",
                "set a new one that never expires, \(file) as well"
            )
        case .passwordMustChange:
            return finding(
                "\(account) must change its password first (data 773)",
                "set its password without that demand"
            )
        case .accountLockedOut:
            return finding(
                "the account \(account) is locked out (data 775)",
                "unlock it, and see who tries wrong passwords for it; Syncline itself waits five minutes between attempts"
            )
        case .logonHours, .logonWorkstation, .accountRestricted:
            return finding(
                "\(account) may not sign in from here or at this time",
                "lift the account's restrictions"
            )
        default:
            return finding(
                "wrong name or password for \(account)",
                "correct bind.dn, or put the account's password \(file); the server does not say which is wrong"
            )
        }
    }

    private static func isAboutTrust(_ message: String) -> Bool {
        let text = message.lowercased()
        return ["certificate", "trusted", "handshake", "tls"].contains { text.contains($0) }
    }

    private static func tlsRemedy(_ message: String) -> String {
        let text = message.lowercased()
        if text.contains("expired") { return "renew the server's certificate" }
        if text.contains("hostname") || text.contains("host name") || text.contains("does not match") {
            return
                "name the server in `servers` as its certificate does, or give it a certificate with this name"
        }
        if text.contains("trusted") || text.contains("issuer") || text.contains("unknown")
            || text.contains("verif")
        {
            return
                "name the authority of the server's certificate in tls.caFile, and the server in `servers` as its certificate "
                + "names it"
        }
        return
            "name the authority of the server's certificate in tls.caFile, and the server in `servers` as its certificate names "
            + "it; check that the port speaks TLS"
    }
}
