/// Why a server was not connected to, or took no bind, and what mends it, in words for the admin.
package struct OpeningFailure: Error, Hashable, Sendable {
    package let endpoint: String
    package let error: LDAPError
    /// What is wrong, without the server.
    package let reason: String
    package let remedy: String

    /// Nil where `error` is not about opening a connection.
    package init?(_ error: LDAPError, endpoint: LDAPEndpoint, credentials: BindCredentials?) {
        guard let (reason, remedy) = Self.advice(error, credentials?.account ?? "nobody") else { return nil }
        self.endpoint = endpoint.uri
        self.error = error
        self.reason = reason
        self.remedy = remedy
    }

    /// Whether each further attempt counts towards a lockout of the account.
    package var isHarmful: Bool {
        if case .refused(.bind, _) = error { error.disposition == .stop } else { false }
    }

    private typealias Advice = (reason: String, remedy: String)

    private static func advice(_ error: LDAPError, _ account: String) -> Advice? {
        switch error {
        case .refused(.bind, let result): refusedBind(error, result, account)
        case .refused(.extended, _):
            ("StartTLS is refused: \(error)", "use ldaps://, or give the server a certificate")
        case .connectFailed(_, .tls, _, let message):
            // Not every TLS library says why.
            message.isEmpty || message.contains("unknown error code")
                ? ("TLS failed: its certificate is not accepted, or it does not speak TLS here", tlsRemedy(message))
                : ("TLS failed: \(message)", tlsRemedy(message))
        case .connectFailed(_, _, .timeout, _):
            ("no answer in time", "check the address, the port and the firewalls between")
        case .connectFailed(_, _, let code, let message): noConnection(message.isEmpty ? code.name : message)
        default: nil
        }
    }

    private static func noConnection(_ words: String) -> Advice {
        let text = words.lowercased()
        let isAboutTrust = ["certificate", "trusted", "handshake", "tls"].contains { text.contains($0) }
        if isAboutTrust { return ("TLS failed: \(words)", tlsRemedy(words)) }
        return (
            "no connection: \(words)",
            "check that the server runs, the address and the port, and the firewalls between; a server that only ends the "
                + "connection may not speak TLS on this port"
        )
    }

    private static func refusedBind(_ error: LDAPError, _ result: LDAPResult, _ account: String) -> Advice {
        let file = "where bind.passwordFile names it"
        switch result.code {
        case .strongerAuthRequired, .confidentialityRequired:
            return ("it takes no password without TLS", "use ldaps://, or tls.startTLS: true")
        case .invalidCredentials: break
        default: return ("signing in as \(account) is refused: \(error)", "see the message")
        }
        let windowsCode = error.activeDirectoryDiagnostic.map { ", data \(String($0.windowsCode, radix: 16))" }
        let data = " (\(result.code.rawValue)\(windowsCode ?? ""))"
        switch error.activeDirectoryDiagnostic?.hint {
        case .noSuchUser: return ("there is no account \(account)\(data)", "correct bind.dn")
        case .accountDisabled: return ("the account \(account) is disabled\(data)", "enable it")
        case .accountExpired: return ("the account \(account) has expired\(data)", "set it to never expire")
        case .passwordExpired:
            return (
                "the password of \(account) has expired\(data)", "set a new one that never expires, and put it \(file)"
            )
        case .passwordMustChange:
            return ("\(account) must change its password first\(data)", "set its password without that demand")
        case .accountLockedOut:
            return (
                "the account \(account) is locked out\(data)",
                "unlock it, and see who tries wrong passwords for it"
            )
        case .logonHours, .logonWorkstation, .accountRestricted:
            return (
                "\(account) may not sign in from here or at this time\(data)", "lift the account's restrictions"
            )
        default:
            // Samba says the same of a name that it doesn't know.
            return (
                "wrong name or password for \(account)\(data)",
                "correct bind.dn, or put the account's password \(file); the server does not say which is wrong"
            )
        }
    }

    private static func tlsRemedy(_ message: String) -> String {
        let text = message.lowercased()
        if text.contains("expired") { return "renew the server's certificate" }
        if text.contains("hostname") || text.contains("host name") || text.contains("does not match")
            || text.contains("made out for")
        {
            return
                "name the server in `servers` as its certificate does, or give it a certificate with this name"
        }
        return
            "name the authority of the server's certificate in tls.caFile, and the server in `servers` as its certificate names "
            + "it; check that the port speaks TLS"
    }
}

extension OpeningFailure: CustomStringConvertible {
    package var description: String { Self.summary(of: [self]) }

    /// Why none of several servers can be used. What is to be done is told once, since they tend to fail alike.
    ///
    /// - Parameter failures: each server's; of another kind where its connection stood.
    package static func summary(of failures: [any Error]) -> String {
        let told = failures.map { ($0 as? OpeningFailure).map { "\($0.endpoint): \($0.reason)" } ?? "\($0)" }
        let last = failures.lazy.compactMap { $0 as? OpeningFailure }.last
        let pause =
            last?.isHarmful == true
            ? ["tried again in \(RefusalPause.minutes) min so that the account isn't locked"] : []
        return (told + (last.map { [$0.remedy] } ?? []) + pause).joined(separator: "; ")
    }
}
