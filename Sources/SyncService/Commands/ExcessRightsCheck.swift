import Configuration
import LDAPClient
import SyncModel

/// Rights that an account has beyond its need. Whoever takes over Syncline's machine has them, too.
struct ExcessRightsCheck {
    let side: Side
    let wiring: Wiring
    let server: ServerFacts

    private var connection: LDAPConnection { server.connection }
    private var account: String { wiring.configuration[side].bindDN }
    private var recipe: String { side == .ad ? "conf/active-directory/README.md" : "conf/openldap/README.md" }

    func run(_ findings: inout Findings) async throws(LDAPError) {
        let before = findings.all.count
        switch side {
        case .ad:
            try await checkGroups(&findings)
            try await checkPrivilegedGroup(&findings)
            try await checkCreation(&findings)
        case .miniorange:
            try await checkSuffix(&findings)
            try await checkManage(&findings)
            try await checkPasswords(&findings)
        }
        if findings.all.count == before {
            findings.ok("least rights", "no right of \(account) beyond its need was found")
        }
    }

    // MARK: Active Directory

    /// Relative identifiers of groups that may do nearly everything ([MS-DTYP] 2.4.2.4): with the domain's own, and built in.
    private static let domainGroups: [UInt32: String] = [
        512: "Domain Admins", 516: "Domain Controllers", 518: "Schema Admins", 519: "Enterprise Admins",
        520: "Group Policy Creator Owners", 526: "Key Admins", 527: "Enterprise Key Admins",
    ]
    private static let builtInGroups: [UInt32: String] = [
        544: "Administrators", 548: "Account Operators", 549: "Server Operators", 550: "Print Operators",
        551: "Backup Operators",
    ]

    /// The name of a privileged group by its SID ([MS-DTYP] 2.4.2); nil for any other.
    static func privilegedGroup(_ sid: [UInt8]) -> String? {
        guard sid.count >= 12, sid[0] == 1, sid.count == 8 + 4 * Int(sid[1]),
            sid[2..<8].elementsEqual([0, 0, 0, 0, 0, 5])
        else {
            return nil
        }
        func number(_ index: Int) -> UInt32 {
            sid[(8 + 4 * index)..<(12 + 4 * index)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        let last = number(Int(sid[1]) - 1)
        return number(0) == 21 ? domainGroups[last] : number(0) == 32 ? builtInGroups[last] : nil
    }

    private func checkGroups(_ findings: inout Findings) async throws(LDAPError) {
        guard let own = try await ownEntry() else { return }
        let tokens = try await first(own.dn, ["tokenGroups"])?["tokenGroups"] ?? []
        let groups = tokens.compactMap { Self.privilegedGroup($0.bytes) }
        guard groups.isEmpty else {
            findings.warning(
                "least rights",
                "\(account) is in \(Set(groups).sorted().joined(separator: ", "))",
                remedy: "take it out; \(recipe) gives it what it needs"
            )
            return
        }
        if own.text("adminCount") == "1" {
            findings.warning(
                "least rights",
                "\(account) has adminCount=1: it is, or was, in a privileged group, and inherits no rights",
                remedy: "make an account of its own as \(recipe) says"
            )
        }
    }

    private func ownEntry() async throws(LDAPError) -> LDAPEntry? {
        guard let context = server.defaultNamingContext else { return nil }
        if account.contains("="), let own = try await first(account, ["adminCount"]) { return own }
        let name = account.split(separator: "\\").last.map(String.init) ?? account
        let plain = name.split(separator: "@").first.map(String.init) ?? name
        let filter = Filter.or([
            .equality("userPrincipalName", Octets(name)), .equality("sAMAccountName", Octets(plain)),
        ])
        let request = SearchRequest(
            base: context.description,
            scope: .subtree,
            filter: filter.description,
            attributes: ["adminCount"]
        )
        return try await told { () throws(LDAPError) in try await connection.search(request).entries.first } ?? nil
    }

    /// Who may fill this group may do everything.
    private func checkPrivilegedGroup(_ findings: inout Findings) async throws(LDAPError) {
        guard let context = server.defaultNamingContext else { return }
        let attribute = "allowedAttributesEffective"
        let administrators = "CN=Administrators,CN=Builtin,\(context)"
        let allowed = try await first(administrators, [attribute])?[attribute] ?? []
        if allowed.contains(where: { $0.lossyText.lowercased() == "member" }) {
            findings.error(
                "least rights",
                "\(account) may put anybody into \(administrators)",
                remedy: "take away its rights outside of the bases; \(recipe) gives it what it needs"
            )
        }
    }

    /// Outside of the bases nothing is to be made: the account needs no right there.
    private func checkCreation(_ findings: inout Findings) async throws(LDAPError) {
        guard let context = server.defaultNamingContext else { return }
        let attribute = "allowedChildClassesEffective"
        for place in [context.description, "CN=Users,\(context)"] {
            guard let name = try? DistinguishedName(parsing: place), isOutside(name) else { continue }
            let classes = try await first(place, [attribute])?[attribute] ?? []
            guard !classes.isEmpty else { continue }
            findings.warning(
                "least rights",
                "\(account) may make entries in \(place), which no object of the configuration has as its base",
                remedy: "grant rights at the bases alone, as \(recipe) does"
            )
        }
    }

    // MARK: LDAP

    /// The request can't succeed, as that of the check for missing rights: whoever may not write is told so before.
    private func checkSuffix(_ findings: inout Findings) async throws(LDAPError) {
        guard let suffix = server.suffix(of: wiring.configuration.miniorange.base), isOutside(suffix) else { return }
        let value: Octets = "no such value: Syncline asks for the right to write"
        guard try await mayDelete("description", value, of: suffix) else { return }
        findings.warning(
            "least rights",
            "\(account) may write \(suffix), which no object of the configuration has as its base: it is the rootdn, or has a right "
                + "too many",
            remedy: "use an account with rights below the bases alone, as \(recipe) does"
        )
    }

    /// OpenLDAP's highest right: who has it may also write what the server keeps by itself.
    private func checkManage(_ findings: inout Findings) async throws(LDAPError) {
        var managed: [DistinguishedName] = []
        for base in wiring.views[side].scopes.map(\.base) where !managed.contains(base) {
            let nobody: Octets = "cn=no such entry,dc=syncline,dc=invalid"
            guard try await mayDelete("creatorsName", nobody, of: base, controls: [.relaxRules]) else { continue }
            managed.append(base)
        }
        guard !managed.isEmpty else { return }
        findings.warning(
            "least rights",
            "\(account) has the right manage at \(managed.map(\.description).joined(separator: "; ")): it may forge entryUUID, who made "
                + "an entry and when",
            remedy: "grant write instead, as \(recipe) does"
        )
    }

    /// Whether a server would let a value go that no entry holds: it looks at the rights first. Changes nothing.
    private func mayDelete(
        _ attribute: String,
        _ value: Octets,
        of name: DistinguishedName,
        controls: [LDAPControl] = []
    ) async throws(LDAPError) -> Bool {
        let modification = Modification(.delete, attribute, [value])
        do throws(LDAPError) {
            _ = try await connection.perform(
                .modify(dn: name.description, modifications: [modification, modification], controls: controls)
            )
            return false
        } catch {
            guard let result = error.serverResult else { throw error }
            // What the entry's class or the server's kind refuses says nothing about rights.
            return result.code == .noSuchAttribute
        }
    }

    private func checkPasswords(_ findings: inout Findings) async throws(LDAPError) {
        let request = SearchRequest(
            base: wiring.configuration.miniorange.base.description,
            scope: .subtree,
            filter: "(userPassword=*)",
            attributes: ["1.1"],
            sizeLimit: 1
        )
        let found: Bool
        do throws(LDAPError) {
            found = try await !connection.search(request).entries.isEmpty
        } catch {
            guard let result = error.serverResult else { throw error }
            // There was one, and there are more.
            found = result.code == .sizeLimitExceeded
        }
        guard found else { return }
        findings.warning(
            "least rights",
            "\(account) may read userPassword: Syncline never does",
            remedy: "grant write without read on it, as \(recipe) does"
        )
    }

    // MARK: Both

    private func isOutside(_ name: DistinguishedName) -> Bool {
        !wiring.views[side].scopes.contains { name.isEqualOrDescendant(of: $0.base) }
    }

    private func first(_ name: String, _ attributes: [String]) async throws(LDAPError) -> LDAPEntry? {
        let request = SearchRequest(base: name, scope: .base, attributes: attributes)
        return try await told { () throws(LDAPError) in try await connection.search(request).entries.first } ?? nil
    }

    /// Nil where the server refuses: then there is no right, or none that can be seen.
    private func told<Value>(_ body: () async throws(LDAPError) -> Value) async throws(LDAPError) -> Value? {
        do throws(LDAPError) {
            return try await body()
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }
}
