import Configuration
import LDAPClient
import Mapping
import SyncModel

/// Which password policy (slapo-ppolicy(5)) people at the LDAP side are held to, and whether it bars whom Syncline locks.
struct PasswordPolicyCheck {
    let wiring: Wiring
    let server: ServerFacts

    /// The most policies that are named one by one.
    private static let mostNamed = 5
    private static let remedy =
        "set olcPPolicyDefault to a pwdPolicy entry with pwdLockout: TRUE, or the account of a person who is disabled at AD still works here"

    /// Whether anything relies on the server's honouring pwdAccountLockedTime.
    private var isLocking: Bool {
        wiring.mappings.contains { mapping in
            mapping.specification.attributes.contains {
                CaseFolding.lowercaseName($0.miniorange) == "pwdaccountlockedtime"
            }
        }
    }

    /// Returns the policy of people who have none of their own; one without attributes where they are held to none, nil where that can't be told.
    func run(
        _ configuration: SlapdConfiguration?,
        _ findings: inout Findings
    ) async throws(LDAPError) -> LDAPEntry? {
        let base = wiring.configuration.miniorange.base
        guard let configuration, configuration.database(of: base) != nil else {
            if server.configContext != nil { try await tellWhereToLook(&findings) }
            return nil
        }
        // That it is not loaded has been said.
        guard let overlay = configuration.overlay("ppolicy", of: base) else { return nil }
        let policy = try await defaultPolicy(overlay, &findings)
        try await checkOthers(than: policy, &findings)
        return policy
    }

    private func object(to words: String, _ findings: inout Findings) {
        if isLocking { findings.warning("ppolicy", words, remedy: Self.remedy) } else { findings.ok("ppolicy", words) }
    }

    private func defaultPolicy(
        _ overlay: LDAPEntry,
        _ findings: inout Findings
    ) async throws(LDAPError) -> LDAPEntry? {
        let none = LDAPEntry(dn: "", attributes: [])
        guard let name = overlay.text("olcPPolicyDefault") else {
            object(to: "there is no default policy: pwdAccountLockedTime bars nothing", &findings)
            return none
        }
        let request = SearchRequest(base: name, scope: .base, attributes: PasswordRules.policyAttributes)
        do throws(LDAPError) {
            guard let policy = try await server.connection.search(request).entries.first else {
                object(to: "the default policy \(name) can't be seen by the account", &findings)
                return nil
            }
            if policy.text("pwdLockout")?.uppercased() != "TRUE" {
                object(to: "\(name) has no pwdLockout: TRUE: pwdAccountLockedTime bars nothing", &findings)
            } else if isLocking {
                findings.ok("ppolicy", "the default policy \(name) bars locked accounts")
            }
            return policy
        } catch {
            guard let result = error.serverResult else { throw error }
            guard result.code == .noSuchObject else {
                object(to: "the default policy \(name) can't be read: \(error)", &findings)
                return nil
            }
            object(to: "the default policy \(name) does not exist: pwdAccountLockedTime bars nothing", &findings)
            return none
        }
    }

    /// Policies that an entry is given by pwdPolicySubentry instead of the default one.
    private func checkOthers(than policy: LDAPEntry?, _ findings: inout Findings) async throws(LDAPError) {
        guard isLocking else { return }
        let usual = policy.flatMap { try? DistinguishedName(parsing: $0.dn) }
        let others = try await policies("(!(pwdLockout=TRUE))").filter { $0.normalized != usual?.normalized }
        guard !others.isEmpty else { return }
        findings.warning(
            "ppolicy",
            "whoever's pwdPolicySubentry names \(Self.list(others)) is not barred by pwdAccountLockedTime",
            remedy: "pwdLockout: TRUE in every policy that a person has"
        )
    }

    /// The configuration is closed to the account: the admin has to look.
    private func tellWhereToLook(_ findings: inout Findings) async throws(LDAPError) {
        guard isLocking else { return }
        let seen = try await policies("(pwdLockout=TRUE)")
        let words =
            seen.isEmpty
            ? "no policy with pwdLockout: TRUE can be seen" : "\(Self.list(seen)) would bar locked accounts"
        findings.warning(
            "ppolicy",
            "which policy people are held to stands in cn=config, which the account may not read; \(words)",
            remedy:
                "conf/openldap/grant --config-read, or look yourself: ldapsearch -Y EXTERNAL -H ldapi:/// -b cn=config "
                + "'(objectClass=olcPPolicyConfig)' olcPPolicyDefault has to name a pwdPolicy entry with pwdLockout: TRUE"
        )
    }

    /// By the index on objectClass.
    private func policies(_ filter: String) async throws(LDAPError) -> [DistinguishedName] {
        let base = wiring.configuration.miniorange.base
        let request = SearchRequest(
            base: (server.suffix(of: base) ?? base).description,
            scope: .subtree,
            filter: "(&(objectClass=pwdPolicy)\(filter))",
            attributes: ["1.1"],
            pageSize: 100
        )
        do throws(LDAPError) {
            var pages = server.connection.searchPages(request).makeAsyncIterator()
            return (try await pages.nextResult()?.entries ?? []).compactMap { try? DistinguishedName(parsing: $0.dn) }
        } catch {
            guard error.serverResult != nil else { throw error }
            return []
        }
    }

    private static func list(_ names: [DistinguishedName]) -> String {
        let named = names.prefix(mostNamed).map(\.description).joined(separator: "; ")
        return names.count > mostNamed ? "\(named) and \(names.count - mostNamed) more" : named
    }
}
