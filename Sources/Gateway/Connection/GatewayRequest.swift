/// What a connection has the gateway do; each is answered by one ``GatewayAnswer``.
package enum GatewayRequest: Equatable, Sendable {
    case bind(name: String, Password)
    case change(PasswordChangeRequest)
}

/// A new password for somebody.
package struct PasswordChangeRequest: Equatable, Sendable {
    /// The one who asks; nil where the connection is nobody's.
    package var requester: Account?
    /// Nil: the requester.
    package var name: String?
    package var former: Password?
    package var password: Password

    package init(requester: Account?, name: String?, former: Password?, password: Password) {
        self.requester = requester
        self.name = name
        self.former = former
        self.password = password
    }
}
