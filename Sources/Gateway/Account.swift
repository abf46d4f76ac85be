package import SyncModel

/// Somebody who can log in, as far as the gateway knows them: by their entries on both sides, or an administrator by the one DN that the configuration names.
package struct Account: Hashable, Sendable {
    package enum Key: Hashable, Sendable {
        case pair(PairID)
        /// By a DN of a side, normalised.
        case name(Side, Octets)
    }

    package var key: Key
    /// Their DNs; nil on a side that has no entry of them.
    package var names: PerSide<DistinguishedName?>
    /// Nil where an entry is known by its DN alone.
    package var anchors: PerSide<Anchor?>
    /// adminCount=1 and the like.
    package var isProtected: Bool
    /// Whether the configuration lets them set other people's passwords.
    package var mayReset: Bool

    package init(
        key: Key,
        names: PerSide<DistinguishedName?>,
        anchors: PerSide<Anchor?> = PerSide(both: nil),
        isProtected: Bool = false,
        mayReset: Bool = false
    ) {
        self.key = key
        self.names = names
        self.anchors = anchors
        self.isProtected = isProtected
        self.mayReset = mayReset
    }

    /// The side at which their password is checked: the authority, or the only one that has them.
    package func checkingSide(authority: Side) -> Side {
        names[authority] != nil ? authority : authority.opposite
    }

    /// How they are called in the audit and by Who am I?: the LDAP side is the one whose clients come here.
    package var label: String {
        (names.miniorange ?? names.ad).map(\.description) ?? "?"
    }
}
