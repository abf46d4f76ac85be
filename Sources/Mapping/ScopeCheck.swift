package import SyncModel

extension ObjectMapping {
    /// How an entry stands to the configured object.
    package enum Standing: Hashable, Sendable {
        /// A protected entry is read and matched, but never written.
        case inScope(isProtected: Bool)
        case outOfScope
    }

    /// Whether an entry is strictly below the base, matches the filter, and is not one of those that are never synchronised.
    package func standing(_ side: Side, name: DistinguishedName, attributes: Attributes) -> Standing {
        guard name.isDescendant(of: specification.scopes[side].base),
            specification.scopes[side].filter.matches({ attributes[$0] }) == true
        else { return .outOfScope }
        guard side == .ad else { return .inScope(isProtected: false) }
        guard !scope.isExcluded(name: name, attributes: attributes) else { return .outOfScope }
        return .inScope(isProtected: attributes["admincount"].contains { AccountState.integer($0) == 1 })
    }
}

/// AD's own entries: the directory's machinery, built-in accounts, machines and wreckage of conflicts.
struct ScopeCheck: Sendable {
    /// The base lies in one of the system's containers: then the configuration has asked for it in as many words.
    private let isBaseInSystemContainer: Bool

    init(_ specification: ObjectSpecification) {
        isBaseInSystemContainer = Self.isInSystemContainer(specification.scopes.ad.base)
    }

    func isExcluded(name: DistinguishedName, attributes: Attributes) -> Bool {
        name.rdns.contains(where: Self.isMangled)
            || !isBaseInSystemContainer && Self.isInSystemContainer(name)
            || attributes["iscriticalsystemobject"].contains { $0.caseFolded == "true" }
            || attributes["samaccountname"].contains(where: Self.isBuiltInAccount)
            || attributes["objectclass"].contains { Self.machineClasses.contains($0.caseFolded) }
            || (AccountState.controlFlags(attributes["useraccountcontrol"]) ?? 0) & AccountState.machineBits != 0
    }

    /// AD gives the loser of a naming conflict, and a deleted entry, a line feed and one of these with its GUID ([MS-ADTS] 3.1.1.1.4).
    private static func isMangled(_ rdn: RelativeDistinguishedName) -> Bool {
        rdn.assertions.contains { assertion in
            let bytes = assertion.value.bytes
            guard let feed = bytes.firstIndex(of: 0x0A) else { return false }
            let rest = bytes[(feed + 1)...]
            return rest.starts(with: "CNF:".utf8) || rest.starts(with: "DEL:".utf8)
        }
    }

    private static func isBuiltInAccount(_ value: Octets) -> Bool {
        let folded = value.caseFolded
        // Each read-only domain controller has a krbtgt account of its own, with a number.
        return builtInAccounts.contains(folded) || folded.bytes.starts(with: "krbtgt_".utf8)
    }

    private static let builtInAccounts: Set<Octets> = ["administrator", "guest", "krbtgt"]

    private static let machineClasses: Set<Octets> = [
        "computer", "foreignsecurityprincipal", "msds-delegatedmanagedserviceaccount",
        "msds-groupmanagedserviceaccount", "msds-managedserviceaccount", "trusteddomain",
    ]

    /// Whether the entry is, or is below, one of the system's containers directly below the domain.
    private static func isInSystemContainer(_ name: DistinguishedName) -> Bool {
        guard let top = name.rdns.last(where: { CaseFolding.lowercaseName($0.type) != "dc" }) else { return false }
        return systemContainers.contains(top.normalized)
    }

    private static let systemContainers: Set<Octets> = [
        "cn=builtin", "cn=configuration", "cn=deleted objects", "cn=foreignsecurityprincipals", "cn=infrastructure",
        "cn=keys", "cn=lostandfound", "cn=managed service accounts", "cn=ntds quotas", "cn=program data",
        "cn=schema", "cn=system", "cn=tpm devices", "ou=domain controllers",
    ]
}
