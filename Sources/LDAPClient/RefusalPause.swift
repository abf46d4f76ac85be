/// Keeps a refused account from being tried again at once: each refused bind counts towards its lockout.
package struct RefusalPause {
    package static let length = Duration.seconds(60 * minutes)
    static let minutes = 5

    private var refusal: (error: LDAPError, until: ContinuousClock.Instant)?

    /// Throws the refusal as long as it is too early for another attempt.
    func check() throws(LDAPError) {
        if let refusal, refusal.until > .now { throw refusal.error }
    }

    /// Takes in why an attempt failed.
    mutating func note(_ error: LDAPError) {
        guard case .connectFailed(_, .bind, let code, _) = error, code.disposition == .stop else { return }
        refusal = (error, ContinuousClock.now + Self.length)
    }
}
