package import LDAPClient

/// The end of an operation, for the client.
package struct GatewayAnswer: Equatable, Sendable {
    package var code: LDAPResultCode
    /// For the user; empty where there is nothing to say.
    package var words: String
    /// After a bind: who the connection is from now on.
    package var account: Account?

    package init(_ code: LDAPResultCode, _ words: String = "", account: Account? = nil) {
        self.code = code
        self.words = words
        self.account = account
    }

    /// The same for a wrong password and for a name that nobody has.
    package static let wrong = GatewayAnswer(.invalidCredentials)
}
