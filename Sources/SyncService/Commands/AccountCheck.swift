import Configuration
import LDAPClient
import Mapping
import SyncModel

/// Whether passwords can be given: to new accounts, as the configuration promises, and by the password gateway.
struct AccountCheck {
    let wiring: Wiring
    let server: ServerFacts

    private var accounts: AccountSettings { wiring.configuration.accounts }
    private var gateway: GatewayConfiguration? { wiring.configuration.gateway }

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
        let givesPasswords = makesAccounts(on: .ad) && accounts.ad == .random
        if givesPasswords, let length = rules?.minimumLength, length > RandomPassword.greatestLength {
            findings.error(
                "accounts",
                "the domain wants passwords of \(length) characters; \(RandomPassword.greatestLength) is the most that accounts are given",
                remedy: "lower minPwdLength"
            )
        }
        // With a gateway the configuration demands it.
        if givesPasswords, !isProtected(.ad) {
            findings.error(
                "accounts",
                "passwords may be sent over TLS alone: new accounts stay disabled",
                remedy: "use ldaps://, or tls.startTLS: true"
            )
            return rules
        }
        for object in wiring.mappings.map(\.specification) where object.kind == .user {
            let needs = resetNeeds(object, givesPasswords: givesPasswords)
            if !needs.isEmpty { try await checkReset(object, needs, &findings) }
        }
        return rules
    }

    /// What people's passwords are reset for at AD.
    private struct ResetNeed {
        var purpose: String
        /// How to do without.
        var remedy: String
        /// Not only when something else has failed.
        var isUsual: Bool
    }

    private func resetNeeds(_ object: ObjectSpecification, givesPasswords: Bool) -> [ResetNeed] {
        var needs: [ResetNeed] = []
        if givesPasswords, object.direction.permits(writingTo: .ad) {
            let purpose = "an account needs that was made without one"
            let remedy = "accounts: {ad: {initialPassword: none}}"
            needs.append(ResetNeed(purpose: purpose, remedy: remedy, isUsual: true))
        }
        if let gateway {
            let isUsual = gateway.authority == .miniorange || !gateway.administrators.isEmpty
            let purpose =
                isUsual
                ? "the gateway does to carry a password to AD"
                : "the gateway does to take a change back that the LDAP side refuses"
            needs.append(ResetNeed(purpose: purpose, remedy: "remove `gateway`", isUsual: isUsual))
        }
        return needs
    }

    /// Asks for the right by a password that no server takes: it is not in the form that unicodePwd wants. Without the right the server says so first.
    private func checkReset(
        _ object: ObjectSpecification,
        _ needs: [ResetNeed],
        _ findings: inout Findings
    ) async throws(LDAPError) {
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
                let purposes = needs.map(\.purpose).joined(separator: ", and ")
                let words = "\(scope.base) (\(object.name)): the account may not reset passwords, which \(purposes)"
                let remedy = (["conf/active-directory/grant"] + needs.map(\.remedy)).joined(separator: ", or ")
                if needs.contains(where: \.isUsual) {
                    findings.error("rights", words, remedy: remedy)
                } else {
                    findings.warning("rights", words, remedy: remedy)
                }
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
        let initial: AccountSettings.InitialPassword = makesAccounts(on: .miniorange) ? accounts.miniorange : .none
        let hasPasswordModify = server.extensions.contains("1.3.6.1.4.1.4203.1.11.1")
        switch initial {
        case .none: break
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
            if !hasPasswordModify {
                findings.error(
                    "accounts",
                    "the server does not offer the Password Modify operation (RFC 3062): new accounts get no password",
                    remedy: "accounts: {miniorange: {initialPassword: none}}"
                )
            }
        }
        if gateway != nil, !hasPasswordModify {
            findings.warning(
                "gateway",
                "the server does not offer the Password Modify operation (RFC 3062): passwords are written as they are, and it is left to the server "
                    + "to hash them",
                remedy: "olcPPolicyHashCleartext: TRUE, or the like at other servers"
            )
        }
        if initial != .none || gateway != nil { try await checkUserPassword(base, &findings) }
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
                let user = gateway == nil ? "new accounts are given" : "the gateway sets"
                findings.error(
                    "rights",
                    "the account may not write userPassword, which \(user)",
                    remedy: gateway == nil
                        ? "conf/openldap/grant, or accounts: {miniorange: {initialPassword: none}}"
                        : "conf/openldap/grant"
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
