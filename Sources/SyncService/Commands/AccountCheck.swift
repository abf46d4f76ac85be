import Configuration
import LDAPClient
import Mapping
import SyncModel

/// Whether new accounts get what the configuration promises them: passwords at AD and at the LDAP side.
struct AccountCheck {
    let wiring: Wiring
    let server: ServerFacts

    private var accounts: AccountSettings { wiring.configuration.accounts }

    private func makesAccounts(on side: Side) -> Bool {
        wiring.mappings.contains {
            $0.specification.kind == .user && $0.specification.direction.permits(writingTo: side)
        }
    }

    // MARK: Active Directory

    func runAtAD(_ context: DistinguishedName, _ findings: inout Findings) async throws(LDAPError) -> PasswordRules? {
        let request = SearchRequest(
            base: context.description,
            scope: .base,
            attributes: PasswordRules.domainAttributes
        )
        let rules = try await first(request).map(PasswordRules.init(domain:))
        guard makesAccounts(on: .ad), accounts.ad == .random else { return rules }
        if let length = rules?.minimumLength, length > RandomPassword.greatestLength {
            findings.error(
                "accounts",
                "the domain wants passwords of \(length) characters; \(RandomPassword.greatestLength) is the most that accounts are given",
                remedy: "lower minPwdLength"
            )
        }
        guard isProtected(.ad) else {
            findings.error(
                "accounts",
                "passwords may be sent over TLS alone: new accounts stay disabled",
                remedy: "use ldaps://, or tls.startTLS: true"
            )
            return rules
        }
        for mapping in wiring.mappings
        where mapping.specification.kind == .user && mapping.specification.direction.permits(writingTo: .ad) {
            try await checkReset(mapping.specification, &findings)
        }
        return rules
    }

    /// Asks for the right by a password that no server takes: it is not in the form that unicodePwd wants. Without the right the server says so first.
    private func checkReset(_ object: ObjectSpecification, _ findings: inout Findings) async throws(LDAPError) {
        let scope = object.scopes.ad
        let request = SearchRequest(
            base: scope.base.description,
            scope: .subtree,
            filter: "(&\(scope.filter)(!(adminCount=1))(!(isCriticalSystemObject=TRUE)))",
            attributes: ["1.1"],
            pageSize: 2
        )
        guard let sample = try await first(request) else { return }
        do throws(LDAPError) {
            let impossible = Modification(.replace, "unicodePwd", ["x"])
            _ = try await server.connection.perform(.modify(dn: sample.dn, modifications: [impossible]))
        } catch {
            guard let result = error.serverResult else { throw error }
            if result.code == .insufficientAccessRights {
                findings.error(
                    "rights",
                    "\(scope.base) (\(object.name)): the account may not reset passwords, which an account needs that was made without one",
                    remedy: "conf/active-directory/grant, or accounts: {ad: {initialPassword: none}}"
                )
            } else {
                findings.ok("rights", "\(scope.base) (\(object.name)): passwords may be reset")
            }
        }
    }

    // MARK: LDAP

    func runAtMiniOrange(
        _ base: DistinguishedName?,
        _ policy: LDAPEntry?,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        guard makesAccounts(on: .miniorange) else { return }
        switch accounts.miniorange {
        case .none: return
        case .passThrough(let realm):
            if policy?.text("pwdCheckQuality") == "2" {
                findings.error(
                    "accounts",
                    "the password policy refuses what it can't judge (pwdCheckQuality: 2), and so `{SASL}…@\(realm)`",
                    remedy: "pwdCheckQuality: 1 in the policy"
                )
            }
        case .random:
            if !isProtected(.miniorange) {
                findings.error(
                    "accounts",
                    "initial passwords would travel in clear text",
                    remedy: "use ldaps://, or tls.startTLS: true"
                )
            }
            if !server.extensions.contains("1.3.6.1.4.1.4203.1.11.1") {
                findings.error(
                    "accounts",
                    "the server does not offer the Password Modify operation (RFC 3062): new accounts get no password",
                    remedy: "accounts: {miniorange: {initialPassword: none}}"
                )
            }
        }
        try await checkUserPassword(base, &findings)
    }

    /// As with other attributes: the same value that no entry has is deleted twice in one request.
    private func checkUserPassword(_ sample: DistinguishedName?, _ findings: inout Findings) async throws(LDAPError) {
        guard let sample else { return }
        let nothing = Modification(.delete, "userPassword", ["no such value: Syncline asks for the right to write"])
        do throws(LDAPError) {
            _ = try await server.connection.perform(
                .modify(dn: sample.description, modifications: [nothing, nothing])
            )
        } catch {
            guard let result = error.serverResult else { throw error }
            if result.code == .insufficientAccessRights {
                findings.error(
                    "rights",
                    "the account may not write userPassword, which new accounts are given",
                    remedy: "conf/openldap/grant, or accounts: {miniorange: {initialPassword: none}}"
                )
            } else {
                findings.ok("rights", "userPassword may be written")
            }
        }
    }

    private func isProtected(_ side: Side) -> Bool {
        guard let endpoint = try? LDAPEndpoint(server.name) else { return false }
        return endpoint.transport != .ldap || wiring.tls(side).startTLS
    }

    private func first(_ request: SearchRequest) async throws(LDAPError) -> LDAPEntry? {
        do throws(LDAPError) {
            guard request.pageSize != nil else { return try await server.connection.search(request).entries.first }
            var pages = server.connection.searchPages(request).makeAsyncIterator()
            return try await pages.nextResult()?.entries.first { $0.dn.lowercased() != request.base.lowercased() }
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }
}
