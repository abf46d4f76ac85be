import SyncModel

/// What one rule says of an entry, in canonical form. Elements are values as they are, pair ids of references, or the texts of `AccountState`.
struct CanonicalValue: Hashable, Sendable {
    /// The one value, or all values of a set.
    var primary: [Octets] = []
    /// Further values of an attribute that AD holds only one of; never contains the primary.
    var others: [Octets] = []
    /// What the LDAP side shows in place of a value that it demands and that there is not.
    var standIn: [Octets] = []

    var isAbsent: Bool { primary.isEmpty && others.isEmpty }

    /// The values that the LDAP side shows of it, sorted, each once: a merge may leave the primary among the others.
    var all: [Octets] {
        if others.isEmpty { return primary }
        if primary.isEmpty { return others }
        return (primary + others.subtracting(primary)).sorted()
    }
}

extension [Octets] {
    /// Without `values`; the order stays.
    func subtracting(_ values: [Octets]) -> [Octets] {
        values.isEmpty || isEmpty ? self : filter { !values.contains($0) }
    }
}
