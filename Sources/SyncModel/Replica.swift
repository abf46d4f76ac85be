/// Where an entry stands. Its DN is made by walking up, so a renamed container costs its children nothing.
package enum Parent: Hashable, Sendable {
    /// The entry is a configured base itself; its whole DN is in the configuration.
    case root
    case entry(Anchor)
    /// The parent's DN is not (yet) known to the cache.
    case unresolved(DistinguishedName)
}

/// What the cache holds of one entry on one side.
package struct Replica: Hashable, Sendable {
    package var side: Side
    package var anchor: Anchor
    /// The name of the configured object, or nil for a container that only gives others their place.
    package var object: String?
    package var kind: ObjectKind
    package var parent: Parent
    package var rdn: RelativeDistinguishedName
    /// Mapped attributes and those that the scope's filter reads, by the side's names. Reference attributes hold `Reference.octets`.
    package var attributes: Attributes
    package var version: Version
    /// What match rules and commands find this entry by: the number of the rule, then the normalised value.
    package var keys: [Octets]
    /// Read and matched, but never written: adminCount=1 and other protected entries.
    package var isProtected: Bool
    /// As of which all memberships that this entry holds are in the cache; unordered where they were never read as a whole. News from before it is old.
    package var membersVersion: Version
    /// Attributes, sorted, that the server does not show and that may have values nevertheless: the account may not read them, or that is being asked. `attributes` has the
    /// values from before, where there were any.
    package var withheld: [String]

    package init(
        side: Side,
        anchor: Anchor,
        object: String?,
        kind: ObjectKind,
        parent: Parent,
        rdn: RelativeDistinguishedName,
        attributes: Attributes,
        version: Version,
        keys: [Octets] = [],
        isProtected: Bool = false,
        membersVersion: Version = .unordered,
        withheld: [String] = []
    ) {
        self.withheld = withheld
        self.side = side
        self.anchor = anchor
        self.object = object
        self.kind = kind
        self.parent = parent
        self.rdn = rdn
        self.attributes = attributes
        self.version = version
        self.keys = keys
        self.isProtected = isProtected
        self.membersVersion = membersVersion
    }
}

/// What a server says that an entry holds, before the cache has given it its place.
package struct EntrySnapshot: Hashable, Sendable {
    package var anchor: Anchor
    package var name: DistinguishedName
    /// Lower-cased attribute names as the server has them; references are still DNs.
    package var attributes: Attributes
    package var version: Version
    /// Whether the attributes hold all members as well, those of `DirectoryView.memberAttributes`. Where not, nothing is said of them.
    package var tellsMembers: Bool
    /// Whether the account may read attributes, as far as that was asked: what of them is not shown is not there.
    package var readable: [String: Bool] = [:]

    package init(
        anchor: Anchor,
        name: DistinguishedName,
        attributes: Attributes,
        version: Version,
        tellsMembers: Bool = false
    ) {
        self.anchor = anchor
        self.name = name
        self.attributes = attributes
        self.version = version
        self.tellsMembers = tellsMembers
    }
}
