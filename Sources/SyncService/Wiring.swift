import ActiveDirectory
package import Configuration
package import LDAPClient
import Logging
package import Mapping
import MiniOrange
import Reconcile
package import SyncEngine
package import SyncModel

/// Turns a configuration into the parts that the service, and the commands that look at the live directories, are made of.
package struct Wiring: Sendable {
    package let configuration: Configuration
    package let mappings: [ObjectMapping]
    package let views: PerSide<DirectoryView>
    /// The writer goes where the feed is: versions of different domain controllers can't be compared.
    let domainController = ServerChoice()
    let ownWrites = OwnWrites()
    /// Nil: nobody learns initial passwords.
    private let handOver: PasswordHandOver?

    /// Throws `MappingError` for what the configuration's own checks have let through, and `PasswordHandOverError`.
    package init(_ configuration: Configuration) throws {
        self.configuration = configuration
        let mappings = try ObjectSpecification.linked(configuration.objects).map { try ObjectMapping($0) }
        self.mappings = mappings
        handOver = try configuration.accounts.handOver.map(PasswordHandOver.init)
        func view(_ side: Side) -> DirectoryView {
            var scopes: [DirectoryView.Scope] = []
            var attributes: Set<String> = []
            var references: Set<String> = []
            var memberAttributes: Set<String> = []
            for mapping in mappings {
                if let form = mapping.specification.membership?.form(side), form.holder == .group {
                    memberAttributes.insert(form.attribute)
                }
                // Groups that are no entries there are told by their members.
                if side == .miniorange, mapping.specification.isVirtualAtMiniOrange { continue }
                let scope = mapping.specification.scopes[side]
                let entry = DirectoryView.Scope(base: scope.base, filter: scope.filter)
                if !scopes.contains(entry) { scopes.append(entry) }
                attributes.formUnion(mapping.readAttributes[side])
                references.formUnion(mapping.readAttributes[side].filter { mapping.isReference(side, $0) })
            }
            return DirectoryView(
                base: configuration[side].base,
                scopes: scopes,
                attributes: attributes.subtracting(memberAttributes).sorted(),
                references: references,
                memberAttributes: memberAttributes
            )
        }
        views = PerSide(ad: view(.ad), miniorange: view(.miniorange))
    }

    package func engineConfiguration() -> EngineConfiguration {
        func excluded(_ side: Side) -> Set<Octets> {
            guard let name = try? DistinguishedName(parsing: configuration[side].bindDN) else { return [] }
            return [name.normalized]
        }
        return EngineConfiguration(
            objects: mappings,
            writesInFlight: PerSide(
                ad: configuration.ad.writesInFlight,
                miniorange: configuration.miniorange.writesInFlight
            ),
            excluded: PerSide(ad: excluded(.ad), miniorange: excluded(.miniorange)),
            excludedAccounts: accountNames(),
            judge: StampJudge(
                tolerance: configuration.conflicts.clockTolerance,
                ranks: configuration.conflicts.ranks
            ),
            oscillationLimit: configuration.conflicts.oscillationLimit,
            oscillationWindow: configuration.conflicts.oscillationWindow
        )
    }

    /// On AD the bind name may be `name@realm` or `DOMAIN\name` instead of a DN.
    private func accountNames() -> Set<String> {
        let bind = configuration.ad.bindDN.lowercased()
        if bind.contains("=") { return [] }
        if let at = bind.firstIndex(of: "@") { return [String(bind[..<at])] }
        if let slash = bind.firstIndex(of: "\\") { return [String(bind[bind.index(after: slash)...])] }
        return [bind]
    }

    /// What new accounts on a side get from its writer.
    func passwords(_ side: Side) -> NewAccountPasswords {
        let settings = configuration.accounts
        let audit = AuditLog()
        return NewAccountPasswords(
            isGiven: (side == .ad ? settings.ad : settings.miniorange) == .random,
            mustChange: side == .ad && settings.mustChange,
            keep: { [handOver] in try handOver?.keep($0) },
            report: { audit.notePassword($0, side, $1) }
        )
    }

    package func endpoints(_ side: Side) throws -> [LDAPEndpoint] {
        try configuration[side].servers.map { try LDAPEndpoint($0.text) }
    }

    package func tls(_ side: Side) -> TLSSettings {
        TLSSettings(caFile: configuration[side].caFile, startTLS: configuration[side].startTLS)
    }

    package func credentials(_ side: Side) -> BindCredentials {
        .simple(name: configuration[side].bindDN, password: configuration[side].password.octets)
    }

    package func timeouts(_ side: Side) -> LDAPTimeouts {
        LDAPTimeouts(connect: configuration[side].connectTimeout, operation: configuration[side].operationTimeout)
    }
}
