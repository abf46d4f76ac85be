internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Gives an account that was just made a password, by RFC 3062, so that the server hashes it and judges it by its policy. Until then nobody can sign in
    /// with it, and where it is refused nobody can.
    func givePassword(
        to account: EntrySnapshot,
        _ passwords: NewAccountPasswords,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        var generator = SystemRandomNumberGenerator()
        let made = passwords.make(
            for: account.name,
            on: .miniorange,
            account: account.attributes["uid"].first?.text ?? account.name.leaf?.value.lossyText ?? "",
            names: [],
            minimumLength: 0,
            using: &generator
        )
        let password: [UInt8]
        switch made {
        case .success(let octets): password = octets
        case .failure(let refusal):
            passwords.report(account.name, refusal)
            return completion(.done(account))
        }
        connection.submit(Self.passwordModify(account.name, password)) { result in
            switch result {
            case .success:
                passwords.report(account.name, nil)
                // Its version is another one now.
                find(account.anchor) { outcome in
                    if case .done = outcome { completion(outcome) } else { completion(.done(account)) }
                }
            case .failure(let error):
                let reason = error.serverResult
                passwords.report(
                    account.name,
                    Refusal(
                        reason: .other,
                        code: reason?.code.rawValue ?? error.code.rawValue,
                        message: reason?.diagnosticMessage ?? "no answer"
                    )
                )
                completion(.done(account))
            }
        }
    }

    /// PasswdModifyRequestValue (RFC 3062 section 2): userIdentity [0], newPasswd [2].
    static func passwordModify(_ name: DistinguishedName, _ password: [UInt8]) -> LDAPOperation {
        var value = BERWriter()
        value.sequence { value in
            value.string(name.description, tag: 0x80)
            value.octetString(Octets(password), tag: 0x82)
        }
        return .extended(oid: "1.3.6.1.4.1.4203.1.11.1", value: value.octets)
    }
}
