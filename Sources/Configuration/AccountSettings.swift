/// What new accounts get besides their attributes.
package struct AccountSettings: Sendable, Hashable {
    package enum InitialPassword: Sendable, Hashable {
        /// Nobody can sign in before somebody sets one.
        case none
        case random
        /// The LDAP side's server asks AD, where the account has this realm.
        case passThrough(realm: String)
    }

    /// To whom initial passwords are handed, and where they lie until then.
    package struct HandOver: Sendable, Hashable {
        /// The path of the certificate to whose key they are sealed, absolute.
        package var certificateFile: String
        /// The path of the file to which they are appended, absolute.
        package var file: String

        package init(certificateFile: String, file: String) {
            self.certificateFile = certificateFile
            self.file = file
        }
    }

    package var ad = InitialPassword.random
    package var miniorange = InitialPassword.none
    /// Whether AD wants another password at the first logon.
    package var mustChange = false
    /// Nil: nobody learns them.
    package var handOver: HandOver?

    package init() {}
}
