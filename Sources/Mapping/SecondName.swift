import SyncModel

/// What AD's RDN says of a group's name.
///
/// AD gives a group two names, CN and sAMAccountName, and the LDAP side one. As long as both of AD's are the same, they are one name with the LDAP
/// side's: whoever changes one of the three renames the group, and the others follow. A CN of its own never crosses, and sAMAccountName is the name.
///
/// In canonical form the CN is therefore there only while it is the group's name; the base remembers whether it was.
struct SecondName {
    /// AD's CN, without the name counter.
    var held: Octets?
    /// AD's sAMAccountName.
    var account: Octets?
    /// The LDAP side's name.
    var named: Octets?
    var isAtAD: Bool
    /// The CN of the base.
    var agreed: Octets?
    /// The name of the base.
    var agreedName: Octets?
    var hasBase: Bool

    /// - Parameter canServe: whether AD takes a value as CN and as sAMAccountName.
    func read(canServe: (Octets) -> Bool) -> PerSide<[Octets]> {
        guard isAtAD else {
            // A new group gets its name at AD as well; one whose CN was its own does not when it is made again.
            let serves = named.map { canServe($0) && (agreed != nil || !hasBase) } ?? false
            return PerSide(ad: [], miniorange: serves ? [named].compactMap { $0 } : [])
        }
        guard let atAD = nameAtAD(canServe), named.map(canServe) ?? true else { return PerSide(both: []) }
        return PerSide(ad: [atAD], miniorange: [named].compactMap { $0 })
    }

    /// Nil where the CN is AD's own, now or from now on.
    private func nameAtAD(_ canServe: (Octets) -> Bool) -> Octets? {
        guard let held else { return nil }
        guard let agreed else {
            // In the middle of a rename nothing is brought together.
            return held == account && (named == nil || named == account) ? held : nil
        }
        // Not moved, or moved together with the other.
        if held == agreed || held == account { return held }
        // Moved alone. Where each went its own way, they are one name no longer.
        return account == agreedName && canServe(held) ? held : nil
    }
}
