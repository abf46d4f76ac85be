import Configuration
import LDAPClient
import Mapping
import SyncModel

/// What only Active Directory has: tombstones, effective rights, ranges of uSNChanged.
struct ActiveDirectoryCheck {
    /// A range of uSNChanged that takes this much longer than a read of the root DSE is not answered from an index.
    private static let unindexed = Duration.milliseconds(20)

    let wiring: Wiring
    let server: ServerFacts
    let schema: DirectorySchema?

    private var connection: LDAPConnection { server.connection }

    /// What the domain demands of passwords, where that can be read.
    func run(_ findings: inout Findings) async throws(LDAPError) -> PasswordRules? {
        guard let context = server.defaultNamingContext else {
            findings.error(
                "server",
                "\(server.name) is no domain controller: it names no defaultNamingContext",
                remedy: "correct ad.servers, or ad.kind"
            )
            return nil
        }
        let base = wiring.configuration.ad.base
        if !base.isEqualOrDescendant(of: context) {
            findings.error(
                "base",
                "\(base) is not in the domain \(context) of \(server.name)",
                remedy: "correct ad.base or ad.servers"
            )
        }
        try await checkTombstones(context, &findings)
        for mapping in wiring.mappings { try await checkPermissions(mapping.specification, &findings) }
        for mapping in wiring.mappings where mapping.specification.direction.permits(writingTo: .ad) {
            try await checkCreation(mapping.specification, &findings)
            try await checkWriting(mapping.specification, &findings)
        }
        try await checkRange(context, &findings)
        return try await AccountCheck(wiring: wiring, server: server).runAtAD(context, &findings)
    }

    /// Without tombstones a delete at AD would never be noticed ([MS-ADTS] 3.1.1.5.5.1.1).
    private func checkTombstones(
        _ context: DistinguishedName,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        let container = "<WKGUID=18e2ea80684f11d2b9aa00c04f79f805,\(context)>"
        let remedy =
            "let the account list the container of deleted objects (conf/active-directory/grant)"
        let request = SearchRequest(
            base: container,
            scope: .oneLevel,
            filter: "(isDeleted=TRUE)",
            attributes: ["objectGUID", "lastKnownParent"],
            pageSize: 5,
            controls: [.showDeleted]
        )
        do throws(LDAPError) {
            var pages = connection.searchPages(request).makeAsyncIterator()
            let found = try await pages.nextResult()?.entries ?? []
            guard let tombstone = found.first else {
                let shown = try await isShown(container)
                guard shown else {
                    findings.error("deleted objects", "the account may not see the container", remedy: remedy)
                    return
                }
                findings.warning(
                    "deleted objects",
                    "none is shown: nothing was deleted for a long time, or the account may not list them, and deletes at AD will not be noticed",
                    remedy: "delete a user made for this, and check again. Where that does not help, \(remedy)"
                )
                return
            }
            guard tombstone["objectGUID"] != nil else {
                findings.error(
                    "deleted objects",
                    "tombstones are listed without their objectGUID",
                    remedy: remedy
                )
                return
            }
            findings.ok("deleted objects", "tombstones can be listed")
        } catch {
            guard error.serverResult != nil else { throw error }
            findings.error(
                "deleted objects",
                "can't be listed: \(error). Deletes at AD would not be noticed",
                remedy: remedy
            )
        }
    }

    private func isShown(_ container: String) async throws(LDAPError) -> Bool {
        let request = SearchRequest(
            base: container,
            scope: .base,
            attributes: ["1.1"],
            controls: [.showDeleted]
        )
        do throws(LDAPError) {
            return try await !connection.search(request).entries.isEmpty
        } catch {
            guard error.serverResult != nil else { throw error }
            return false
        }
    }

    /// Whether the account is told who may read an entry: what is not shown is told from what is empty by that.
    private func checkPermissions(
        _ object: ObjectSpecification,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        let scope = object.scopes.ad
        let attribute = "nTSecurityDescriptor"
        let sample = try await sample(below: scope.base, scope.filter.description, attribute, [.accessControlAlone])
        guard let sample, sample[attribute] == nil else { return }
        findings.warning(
            "rights",
            "\(scope.base) (\(object.name)): the account may not read permissions, so that a value that it may not read any more will look emptied",
            remedy: "grant it Read Permissions (conf/active-directory/grant)"
        )
    }

    /// Which classes the account may make below a base: the server computes it ([MS-ADTS] 3.1.1.4.5.5).
    private func checkCreation(
        _ object: ObjectSpecification,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        let base = object.scopes.ad.base
        let attribute = "allowedChildClassesEffective"
        let request = SearchRequest(base: base.description, scope: .base, attributes: [attribute])
        guard let entry = try await first(request), let wanted = object.scopes.ad.objectClasses.last
        else { return }
        let allowed = Set((entry[attribute] ?? []).map { $0.lossyText.lowercased() })
        if allowed.contains(wanted.lowercased()) {
            findings.ok("rights", "\(base) (\(object.name)): entries of class \(wanted) may be created")
        } else {
            findings.error(
                "rights",
                "\(base) (\(object.name)): the account may not create entries of class \(wanted)",
                remedy: "conf/active-directory/grant, or narrow the object with direction: to-miniorange"
            )
        }
    }

    /// Which attributes of a sample entry the account may write ([MS-ADTS] 3.1.1.4.5.7).
    private func checkWriting(
        _ object: ObjectSpecification,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        let scope = object.scopes.ad
        let attribute = "allowedAttributesEffective"
        let filter = "(&\(scope.filter)(!(adminCount=1))(!(isCriticalSystemObject=TRUE)))"
        guard let sample = try await sample(below: scope.base, filter, attribute) else {
            findings.ok(
                "rights",
                "\(scope.base) (\(object.name)): no entry yet whose rights could be looked at"
            )
            return
        }
        let allowed = Set((sample[attribute] ?? []).map { $0.lossyText.lowercased() })
        let rules = object.attributes.filter { $0.direction.permits(writingTo: .ad) }
        var wanted: [String] = []
        let memberships = object.writtenMembershipAttributes(on: .ad, among: wiring.mappings)
        for name in rules.map(\.ad) + [scope.rdn] + memberships
        where !wanted.contains(where: { $0.lowercased() == name.lowercased() }) {
            wanted.append(name)
        }
        let missing = wanted.filter { name in
            // What the server doesn't know has been said already.
            !allowed.contains(name.lowercased()) && (schema == nil || schema?.attribute(name) != nil)
        }
        guard missing.isEmpty else {
            findings.error(
                "rights",
                "\(scope.base) (\(object.name)): the account may not write \(missing.joined(separator: ", "))",
                remedy: "conf/active-directory/grant, or give these rules direction: to-miniorange"
            )
            return
        }
        findings.ok(
            "rights",
            "\(scope.base) (\(object.name)): all \(wanted.count) mapped attributes may be written"
        )
    }

    private func checkRange(_ context: DistinguishedName, _ findings: inout Findings)
        async throws(LDAPError)
    {
        let bare = SearchRequest(base: "", scope: .base, attributes: ["highestCommittedUSN"])
        let range = SearchRequest(
            base: context.description,
            scope: .subtree,
            filter: "(uSNChanged>=\(Int64.max))",
            attributes: ["1.1"],
            controls: [.showDeleted]
        )
        let trip = try await best(of: bare)
        let cost = try await best(of: range)
        guard cost - trip > Self.unindexed else {
            findings.ok("changes", "asking what changed since a USN is answered from an index")
            return
        }
        findings.warning(
            "changes",
            "asking what changed since a USN takes \(cost.wholeMilliseconds) ms: the server looks at every entry",
            remedy:
                "Samba: --backend-store=mdb indexes it; until then small changes are asked for one by one"
        )
    }

    /// The fastest of several: a busy server or machine makes any one of them slow, an index none of them fast.
    private func best(of request: SearchRequest) async throws(LDAPError) -> Duration {
        var best = Duration.seconds(3_600)
        for _ in 0..<20 where best > Self.unindexed / 4 {
            let begin = ContinuousClock.now
            _ = try await connection.search(request)
            best = min(best, ContinuousClock.now - begin)
        }
        return best
    }

    private func first(_ request: SearchRequest) async throws(LDAPError) -> LDAPEntry? {
        do throws(LDAPError) {
            return try await connection.search(request).entries.first
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }

    /// One of the entries below a base, which is not meant itself: what stands below it may be written, and it itself need not be.
    private func sample(
        below base: DistinguishedName,
        _ filter: String,
        _ attribute: String,
        _ controls: [LDAPControl] = []
    ) async throws(LDAPError) -> LDAPEntry? {
        let request = SearchRequest(
            base: base.description,
            scope: .subtree,
            filter: filter,
            attributes: [attribute],
            pageSize: 2,
            controls: controls
        )
        do throws(LDAPError) {
            var pages = connection.searchPages(request).makeAsyncIterator()
            return try await pages.nextResult()?.entries.first { entry in
                (try? DistinguishedName(parsing: entry.dn))?.normalized != base.normalized
            }
        } catch {
            guard error.serverResult != nil else { throw error }
            return nil
        }
    }
}
