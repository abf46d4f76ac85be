internal import LDAPClient
internal import SyncModel

/// Accounts: none is ever enabled that has no password.
///
/// An account is made in one add, with its password and as enabled as it is to be: nothing can come between. Where a server refuses that for the password's
/// sake the account is made disabled and without one. It is then like any other that was never given a password, also one that somebody else made: when it is
/// to be enabled, it is given one first. So whatever is interrupted leaves a disabled account, and the next look at it goes on.
extension WriteExecution {
    private static let accountDisabled: Int64 = 2
    /// supplementalCredentials, 1.2.840.113556.1.4.125: the keys that a server makes of a password. Of unicodePwd there is a record without any.
    private static let keysNumber = AttributeNumber(rawValue: 0x0009_007D)

    /// - Parameter minimumLength: of the password, in characters.
    func addAccount(
        _ name: DistinguishedName,
        _ objectClasses: [String],
        _ attributes: Attributes,
        minimumLength: Int
    ) {
        @Sendable func request(_ password: Octets?) -> LDAPOperation {
            AddRequest.operation(
                name: name,
                objectClasses: objectClasses,
                attributes: attributes,
                password: password,
                mustChange: passwords.mustChange
            )
        }
        guard isProtected, passwords.isGiven else { return submitAdd(name, request(nil)) }
        let password: Octets
        switch makePassword(
            name,
            account: attributes["samaccountname"].first?.text ?? "",
            names: [attributes["displayname"].first?.text].compactMap { $0 },
            minimumLength: minimumLength
        ) {
        case .success(let octets): password = octets
        case .failure(let refusal): return finish(.refused(refusal))
        }
        submitAdd(name, request(password)) { error in
            guard let error else {
                passwords.report(name, nil)
                return false
            }
            guard UnicodePassword.mayBeRefused(error.serverResult), case .refused(let refusal) = error.writeOutcome
            else { return false }
            passwords.report(name, refusal)
            if Self.mayBeTooShort(error.serverResult, minimumLength) {
                addAccount(name, objectClasses, attributes, minimumLength: RandomPassword.greatestLength)
            } else {
                submitAdd(name, request(nil))
            }
            return true
        }
    }

    /// The policy may have become another one since it was asked for, or may not be ours to read.
    private static func mayBeTooShort(_ result: LDAPResult?, _ minimumLength: Int) -> Bool {
        UnicodePassword.isAgainstPolicy(result) && minimumLength < RandomPassword.greatestLength
    }

    /// Whether a modify enables an account that is disabled.
    static func enables(_ plan: ModifyPlan) -> Bool {
        plan.unchecked.contains { change in
            guard change.name.lowercased() == "useraccountcontrol" else { return false }
            return isDisabled(change.old) && !isDisabled(change.new)
        }
    }

    private static func isDisabled(_ flags: [Octets]) -> Bool {
        flags.first?.text.flatMap { Int64($0) }.map { $0 & accountDisabled != 0 } ?? false
    }

    /// Enables an account, which gets a password first where it never had one.
    func enable(_ anchor: Anchor, _ name: DistinguishedName, _ plan: ModifyPlan) {
        let request = SearchRequest(
            base: EntryReading.target(anchor),
            scope: .base,
            attributes: ["sAMAccountName", "displayName", "pwdLastSet", "replPropertyMetaData"]
        )
        connection.submit([.search(request)]) { answers in
            guard case .success(.search(let result)) = answers[0], let entry = result.entries.first else {
                return carryOut(anchor, plan)
            }
            let metadata = entry.first("replPropertyMetaData").flatMap { try? ReplicationMetadata(decoding: $0) }
            if Self.hasNoPassword(lastSet: entry.text("pwdLastSet"), metadata) {
                return givePassword(anchor, name, entry, plan)
            }
            carryOut(anchor, plan) { result in
                // Windows looks at the password when an account is enabled.
                guard UnicodePassword.isAgainstPolicy(result) else { return false }
                givePassword(anchor, name, entry, plan)
                return true
            }
        }
    }

    /// Samba enables an account that never had a password, so that has to be seen. pwdLastSet alone doesn't tell: it is 0 as well where the password must be
    /// changed at the next logon. Where the metadata can't be read nothing is concluded: a password that somebody has is never replaced.
    static func hasNoPassword(lastSet: String?, _ metadata: ReplicationMetadata?) -> Bool {
        guard let metadata, lastSet ?? "0" == "0" else { return false }
        return metadata[keysNumber] == nil
    }

    /// Holds: the account has no password, or none that the policy takes.
    private func givePassword(
        _ anchor: Anchor,
        _ name: DistinguishedName,
        _ entry: LDAPEntry,
        _ plan: ModifyPlan,
        minimumLength: Int? = nil
    ) {
        let minimumLength = minimumLength ?? server.minimumPasswordLength
        guard isProtected, passwords.isGiven else {
            let reason =
                isProtected
                ? "accounts.ad.initialPassword: none gives it none; set one at AD"
                : "one may be sent over TLS alone; use ldaps:// or tls.startTLS"
            let message = "the account has no password, and is not enabled without: \(reason)"
            return finish(.refused(Refusal(reason: .notAllowed, code: 0, message: message)))
        }
        let password: Octets
        switch makePassword(
            name,
            account: entry.text("sAMAccountName") ?? "",
            names: [entry.text("displayName")].compactMap { $0 },
            minimumLength: minimumLength
        ) {
        case .success(let octets): password = octets
        case .failure(let refusal): return finish(.refused(refusal))
        }
        let modification = Modification(.replace, "unicodePwd", [password])
        connection.submit(.modify(dn: EntryReading.target(anchor), modifications: [modification])) { result in
            switch result {
            case .success:
                passwords.report(name, nil)
                carryOut(anchor, passwords.mustChange ? plan.demandingNewPassword : plan)
            case .failure(let error):
                let outcome = error.writeOutcome
                if case .refused(let refusal) = outcome { passwords.report(name, refusal) }
                if Self.mayBeTooShort(error.serverResult, minimumLength) {
                    let longest = RandomPassword.greatestLength
                    return givePassword(anchor, name, entry, plan, minimumLength: longest)
                }
                // A password alone changes nothing that is synchronised.
                finish(outcome == .unknown ? .unavailable : outcome)
            }
        }
    }

    private func makePassword(
        _ name: DistinguishedName,
        account: String,
        names: [String],
        minimumLength: Int
    ) -> Result<Octets, Refusal> {
        var generator = SystemRandomNumberGenerator()
        return passwords.make(
            for: name,
            on: .ad,
            account: account,
            names: names,
            minimumLength: minimumLength,
            using: &generator
        ).map(UnicodePassword.octets)
    }
}
