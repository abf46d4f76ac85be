import Configuration
import LDAPClient
import Mapping
import SyncModel

/// The configured bases: that they are there, can be listed, and are listed without a limit.
struct BaseCheck {
    /// How long counting may take.
    private static let patience = Duration.seconds(10)

    let side: Side
    let wiring: Wiring
    let server: ServerFacts

    func run(_ findings: inout Findings) async throws(LDAPError) {
        var seen: Set<Octets> = []
        let own = wiring.configuration[side].base
        let objects = wiring.mappings.map(\.specification).filter { $0.hasEntries(on: side) }
        // A group that nobody can see has no members: nothing would be in scope.
        let bases = [own] + objects.map { $0.scopes[side].base } + objects.compactMap { $0.onlyMembersOf[side] }
        for base in bases where seen.insert(base.normalized).inserted {
            try await checkPresence(base, &findings)
        }
        for object in objects {
            let scope = object.scopes[side]
            try await checkListing(object.name, scope.base, scope.filter, &findings)
        }
    }

    private func checkPresence(_ base: DistinguishedName, _ findings: inout Findings)
        async throws(LDAPError)
    {
        let request = SearchRequest(base: base.description, scope: .base, attributes: ["objectClass"])
        do throws(LDAPError) {
            guard try await server.connection.search(request).entries.isEmpty else { return }
            findings.error(
                "base",
                "\(base): the account may not see it",
                remedy: "grant it read access (conf/\(side == .ad ? "active-directory" : "openldap")/grant)"
            )
        } catch {
            guard let result = error.serverResult else { throw error }
            let matched =
                result.matchedDN.isEmpty ? "" : "; the nearest that exists is \(result.matchedDN)"
            findings.error(
                "base",
                result.code == .noSuchObject
                    ? "\(base): no such entry, or the account may not see it\(matched)" : "\(base): \(error)",
                remedy:
                    "correct `\(side.name).base` or the object's `base`, create it, or grant read access"
            )
        }
    }

    /// A server that cuts lists short would hide entries from every complete read.
    private func checkListing(
        _ object: String,
        _ base: DistinguishedName,
        _ filter: Filter,
        _ findings: inout Findings
    ) async throws(LDAPError) {
        let request = SearchRequest(
            base: base.description,
            scope: .subtree,
            filter: filter.description,
            attributes: ["1.1"],
            pageSize: side == .ad ? 1_000 : nil
        )
        var count = 0
        let begin = ContinuousClock.now
        var isCut = false
        do throws(LDAPError) {
            if side == .ad {
                var pages = server.connection.searchPages(request).makeAsyncIterator()
                while !isCut, let page = try await pages.nextResult() {
                    count += page.entries.count
                    isCut = ContinuousClock.now - begin > Self.patience
                }
            } else {
                let stream = server.connection.stream(request)
                while !isCut, case let events = try await stream.nextBatch(), !events.isEmpty {
                    for case .entry in events { count += 1 }
                    isCut = ContinuousClock.now - begin > Self.patience
                }
            }
        } catch {
            guard let result = error.serverResult else { throw error }
            reportListing(result, error, count, object, base, &findings)
            return
        }
        let amount =
            isCut
            ? "\(count) entries listed in 10 s, then left"
            : "\(count) \(count == 1 ? "entry" : "entries")"
        findings.ok("base", "\(base) (\(object)): \(amount), no limit met")
    }

    private func reportListing(
        _ result: LDAPResult,
        _ error: LDAPError,
        _ count: Int,
        _ object: String,
        _ base: DistinguishedName,
        _ findings: inout Findings
    ) {
        switch result.code {
        // Said already, of the base itself.
        case .noSuchObject: return
        case .sizeLimitExceeded, .timeLimitExceeded, .adminLimitExceeded:
            let account = wiring.configuration[side].bindDN
            findings.error(
                "limits",
                "\(base) (\(object)): the server lists no more than \(count) entries (\(result.code.name))",
                remedy: side == .ad
                    ? "raise the limits of the query policy"
                    : "olcLimits: dn.exact=\"\(account)\" time=unlimited size=unlimited at the database"
            )
        default:
            findings.error(
                "base",
                "\(base) (\(object)): can't be listed: \(error)",
                remedy: "grant the account read access"
            )
        }
    }
}
