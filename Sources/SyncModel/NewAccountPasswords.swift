/// The first password of an account, for whoever hands it to its owner. Goes into no log and no error.
package struct InitialPassword: Sendable {
    package var side: Side
    /// The entry's name when it got the password.
    package var name: DistinguishedName
    /// What its owner logs on with: sAMAccountName, uid.
    package var account: String
    /// UTF-8.
    package var password: [UInt8]

    package init(side: Side, name: DistinguishedName, account: String, password: [UInt8]) {
        self.side = side
        self.name = name
        self.account = account
        self.password = password
    }
}

/// What a writer does about the passwords of accounts that have none yet.
package struct NewAccountPasswords: Sendable {
    /// Whether they get a random one.
    package var isGiven: Bool
    /// Whether it must be changed at the first logon.
    package var mustChange: Bool
    /// Keeps a password for whoever hands it on; called before the account gets it, so that none is in use that nobody can hand on. What it throws keeps
    /// the account from getting it.
    package var keep: @Sendable (InitialPassword) throws -> Void
    /// Told what became of it: nil where the server took it.
    package var report: @Sendable (DistinguishedName, Refusal?) -> Void

    package init(
        isGiven: Bool,
        mustChange: Bool = false,
        keep: @escaping @Sendable (InitialPassword) throws -> Void = { _ in },
        report: @escaping @Sendable (DistinguishedName, Refusal?) -> Void = { _, _ in }
    ) {
        self.isGiven = isGiven
        self.mustChange = mustChange
        self.keep = keep
        self.report = report
    }

    /// Makes a password, has it kept, and returns it; or why the account can't get it.
    package func make(
        for name: DistinguishedName,
        on side: Side,
        account: String,
        names: [String],
        minimumLength: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Result<[UInt8], Refusal> {
        let password = RandomPassword.make(
            minimumLength: minimumLength,
            avoiding: [account] + names,
            using: &generator
        )
        do {
            try keep(InitialPassword(side: side, name: name, account: account, password: password))
            return .success(password)
        } catch {
            let message = "the initial password could not be kept for handing it on: \(error)"
            return .failure(Refusal(reason: .other, code: 0, message: message))
        }
    }
}

extension Refusal: Error {}
