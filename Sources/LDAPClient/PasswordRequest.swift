/// A request that holds passwords. They are copied only into memory that is wiped when the request has been handed to TLS.
package struct PasswordRequest: Sendable {
    package enum Form: Sendable, Hashable {
        /// A simple bind (RFC 4513 section 5.1.3) on a connection that serves already.
        case bind(name: String)
        /// unicodePwd ([MS-ADTS] 3.1.1.3.1.5): a change where the former password is given, else a reset.
        case unicodePassword(dn: String)
        /// A replace of userPassword, for servers without RFC 3062.
        case userPassword(dn: String)
        /// The Password Modify operation (RFC 3062) for `dn`.
        case passwordModify(dn: String)
    }

    package let form: Form
    /// In UTF-8.
    package let password: any SensitiveOctets
    package let former: (any SensitiveOctets)?

    package init(_ form: Form, _ password: any SensitiveOctets, former: (any SensitiveOctets)? = nil) {
        self.form = form
        self.password = password
        self.former = former
    }

    package var kind: LDAPOperationKind {
        switch form {
        case .bind: .bind
        case .unicodePassword, .userPassword: .modify
        case .passwordModify: .extended
        }
    }
}

extension PasswordRequest: Hashable {
    /// Two passwords are the same where they are one object: their octets are nobody's to compare.
    package static func == (first: PasswordRequest, second: PasswordRequest) -> Bool {
        first.form == second.form && first.password === second.password && first.former === second.former
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(form)
        hasher.combine(ObjectIdentifier(password))
    }
}
