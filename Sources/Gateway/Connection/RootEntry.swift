/// What the gateway says of itself (RFC 4512 section 5.1), so that clients find what it can do.
struct RootEntry {
    let offersStartTLS: Bool

    private static let user: [(name: String, values: [String])] = [("objectClass", ["top"])]

    private var operational: [(name: String, values: [String])] {
        let extensions = [ObjectIdentifiers.passwordModify, ObjectIdentifiers.whoAmI]
        return [
            ("supportedLDAPVersion", ["3"]),
            ("supportedExtension", (offersStartTLS ? [ObjectIdentifiers.startTLS] : []) + extensions),
            ("supportedControl", [ObjectIdentifiers.manageDsaIT]),
            ("vendorName", ["Syncline"]),
        ]
    }

    /// Those that a search asks for: operational ones only by name or by `+` (RFC 3673).
    func attributes(for query: SearchQuery) -> [(name: String, values: [String])] {
        let wanted = Set(query.attributes)
        let takesUser = wanted.isEmpty || wanted.contains("*")
        let chosen =
            Self.user.filter { takesUser || wanted.contains($0.name.lowercased()) }
            + operational.filter { wanted.contains("+") || wanted.contains($0.name.lowercased()) }
        return query.typesOnly ? chosen.map { ($0.name, []) } : chosen
    }
}
