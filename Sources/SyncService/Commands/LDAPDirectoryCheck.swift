import Configuration
import LDAPClient
import Mapping
import SyncModel

/// What only the LDAP side has: controls, rights that can't be asked for, and what its cn=config tells.
struct LDAPDirectoryCheck {
    let wiring: Wiring
    let server: ServerFacts
    let schema: DirectorySchema?

    /// What the policy of people without one of their own demands of passwords, where that can be read.
    func run(_ findings: inout Findings) async throws(LDAPError) -> PasswordRules? {
        checkControls(&findings)
        for mapping in wiring.mappings
        where mapping.specification.direction.permits(writingTo: .miniorange)
            && mapping.specification.hasEntries(on: .miniorange)
        {
            try await checkWriting(mapping, &findings)
        }
        let configuration = try await SlapdConfiguration.read(over: server)
        findings.append(SlapdJudgement(wiring: wiring, server: server, schema: schema).judge(configuration))
        let policy = try await PasswordPolicyCheck(wiring: wiring, server: server).run(configuration, &findings)
        let people = wiring.mappings.map(\.specification).first { $0.kind == .user }?.scopes.miniorange
        var account: DistinguishedName?
        if let people, let name = try await sample(people) { account = try? DistinguishedName(parsing: name) }
        try await AccountCheck(wiring: wiring, server: server).runAtMiniOrange(account, policy, &findings)
        return policy.map(PasswordRules.init(policy:))
    }

    private func checkControls(_ findings: inout Findings) {
        let controls: [(oid: String, name: String, loss: String)] = [
            (
                AssertionControl.oid, "assertion (RFC 4528)", "a write could overwrite what it has not seen"
            ),
            (ReadEntryControl.postRead.oid, "post-read (RFC 4527)", "each write is followed by a read"),
            (PagedResults.oid, "paged results (RFC 2696)", "large directories are read in one answer"),
            (
                SyncRequest.oid, "content synchronisation (RFC 4533)", "changes are found by comparing only"
            ),
        ]
        let missing = controls.filter { !server.controls.contains($0.oid) }
        for control in missing {
            findings.warning(
                "controls",
                "the server does not offer \(control.name): \(control.loss)",
                remedy: "OpenLDAP has it; grant the account read access to the root DSE's supportedControl"
            )
        }
        if missing.isEmpty {
            findings.ok("controls", "assertion, post-read, paged results and synchronisation are offered")
        }
    }

    /// The server tells no rights. They are asked for by modifications that can't succeed: the same value is deleted twice in one
    /// request, and no server carries out a part of one (RFC 4511 section 4.6). Without the right it says so before it looks at values.
    private func checkWriting(_ mapping: ObjectMapping, _ findings: inout Findings)
        async throws(LDAPError)
    {
        let object = mapping.specification
        let scope = object.scopes.miniorange
        guard let sample = try await sample(scope) else {
            findings.ok(
                "rights",
                "\(scope.base) (\(object.name)): no entry yet whose rights could be looked at"
            )
            return
        }
        var names: [String] = []
        let rules = object.attributes.filter { $0.direction.permits(writingTo: .miniorange) }
        let memberships = object.writtenMembershipAttributes(on: .miniorange, among: wiring.mappings)
        for name in rules.map(\.miniorange) + [scope.rdn] + memberships {
            let known = names.contains {
                CaseFolding.lowercaseName($0) == CaseFolding.lowercaseName(name)
            }
            if !known, schema?.attribute(name) != nil || schema == nil { names.append(name) }
        }
        let requests = names.map { name in
            let value = impossibleValue(name)
            return PipelinedRequest.operation(
                .modify(
                    dn: sample,
                    modifications: [
                        Modification(.delete, name, [value]), Modification(.delete, name, [value]),
                    ]
                )
            )
        }
        var refused: [String] = []
        for (name, answer) in zip(names, await server.connection.pipeline(requests)) {
            guard case .failure(let error) = answer else { continue }
            guard let result = error.serverResult else { throw error }
            if result.code == .insufficientAccessRights { refused.append(name) }
        }
        guard refused.isEmpty else {
            findings.error(
                "rights",
                "\(scope.base) (\(object.name)): the account may not write \(refused.joined(separator: ", "))",
                remedy: "conf/openldap/grant, or give these rules direction: to-ad"
            )
            return
        }
        findings.ok(
            "rights",
            "\(scope.base) (\(object.name)): all \(names.count) mapped attributes may be written; creating and deleting "
                + "could not be shown without doing it"
        )
    }

    /// Fits the syntax, so that the server gets as far as the rights; and no entry holds it.
    private func impossibleValue(_ name: String) -> Octets {
        switch schema?.attribute(name)?.syntax {
        case "1.3.6.1.4.1.1466.115.121.1.24": "00010101000001Z"
        case "1.3.6.1.4.1.1466.115.121.1.27": "-2147483647"
        case "1.3.6.1.4.1.1466.115.121.1.7": "FALSE"
        case "1.3.6.1.4.1.1466.115.121.1.12", "1.3.6.1.4.1.1466.115.121.1.34": "cn=no such entry,dc=syncline,dc=invalid"
        default: "no such value: Syncline asks for the right to write"
        }
    }

    private func sample(_ scope: ScopeSpecification) async throws(LDAPError) -> String? {
        let request = SearchRequest(
            base: scope.base.description,
            scope: .subtree,
            filter: scope.filter.description,
            attributes: ["1.1"],
            pageSize: 2
        )
        do throws(LDAPError) {
            var pages = server.connection.searchPages(request).makeAsyncIterator()
            return try await pages.nextResult()?.entries.first {
                (try? DistinguishedName(parsing: $0.dn))?.normalized != scope.base.normalized
            }?.dn
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }
}
