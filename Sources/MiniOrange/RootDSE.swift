package import LDAPClient
package import SyncModel

/// What a server says about itself (RFC 4512 section 5.1).
package struct RootDSE: Hashable, Sendable {
    package var namingContexts: [DistinguishedName]
    package var controls: Set<String>
    package var subschema: String?

    package init(namingContexts: [DistinguishedName], controls: Set<String>, subschema: String? = nil) {
        self.namingContexts = namingContexts
        self.controls = controls
        self.subschema = subschema
    }

    package init(_ entry: LDAPEntry) {
        namingContexts = (entry["namingContexts"] ?? []).compactMap { try? DistinguishedName(parsing: $0) }
        controls = Set((entry["supportedControl"] ?? []).compactMap(\.text))
        subschema = entry.text("subschemaSubentry")
    }

    static func read(over connection: LDAPConnection) async throws(LDAPError) -> RootDSE {
        let request = SearchRequest(
            base: "",
            scope: .base,
            attributes: ["namingContexts", "supportedControl", "subschemaSubentry"]
        )
        let entries = try await connection.search(request).entries
        return entries.first.map(RootDSE.init) ?? RootDSE(namingContexts: [], controls: [])
    }

    package var supportsSync: Bool { controls.contains(SyncRequest.oid) }
    package var supportsAssertion: Bool { controls.contains(AssertionControl.oid) }
    package var supportsPermissiveModify: Bool { controls.contains(LDAPControl.permissiveModify.oid) }
    package var supportsMatchedValues: Bool { controls.contains(MatchedValues.oid) }
    package var supportsPostRead: Bool { controls.contains(ReadEntryControl.postRead.oid) }

    /// The naming context that holds `base`.
    package func suffix(of base: DistinguishedName) -> DistinguishedName? {
        namingContexts.filter { !$0.isRoot && base.isEqualOrDescendant(of: $0) }.max { $0.rdns.count < $1.rdns.count }
    }
}
