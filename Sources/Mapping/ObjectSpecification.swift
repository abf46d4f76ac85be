package import SyncModel

/// How a rule turns a side's values into canonical ones and back.
package enum RuleType: Hashable, Sendable {
    /// Text or octets, carried as they are; AD's or the LDAP side's cardinality follows `ADCardinality`.
    case value
    /// The DN of another entry, translated by its pair.
    case reference
    /// userAccountControl bit 2 ↔ pwdAccountLockedTime = 000001010000Z.
    case accountEnabled
    /// userAccountControl bit 2 ↔ a flag attribute with these values. Of an empty one absence stands for it; else an absent flag means enabled.
    case accountEnabledFlag(enabled: Octets, disabled: Octets)
    /// accountExpires ↔ a generalizedTime attribute; absent means never.
    case accountExpiresTime
    /// accountExpires ↔ shadowExpire, days since 1970; absent or -1 means never.
    case accountExpiresDays
    /// lockoutTime ↔ pwdAccountLockedTime (a real time).
    case lockout
    /// pwdLastSet = 0 ↔ pwdReset = TRUE.
    case mustChangePassword

    /// Whether the rule carries an account's being enabled.
    package var tellsEnabled: Bool {
        switch self {
        case .accountEnabled, .accountEnabledFlag: true
        case .value, .reference, .accountExpiresTime, .accountExpiresDays, .lockout, .mustChangePassword: false
        }
    }

    /// Whether the rule carries the time at which an account ends.
    package var tellsExpiry: Bool { self == .accountExpiresTime || self == .accountExpiresDays }
}

/// One attribute rule as the configuration gives it.
package struct AttributeSpecification: Hashable, Sendable {
    /// The side's attribute names as configured; compared without case.
    package var ad: String
    package var miniorange: String
    package var type: RuleType
    package var direction: Direction
    /// AD takes one value only while the LDAP side may hold several.
    package var isSingleValuedAtAD: Bool
    /// The longest value that AD takes, in characters; longer ones are refused before they are sent.
    package var maximumLengthAtAD: Int?
    /// LDAP attributes that stand in, in this order, where the LDAP side demands a value and there is none; never carried back.
    package var fallback: [String]
    /// How a conflict about the attribute is settled; nil: as the object's are. Without a meaning where values come and go one by one, or one way only.
    package var conflict: ConflictRule?
    /// The side that stands where the rule finds no difference; nil: the side that the rule names, else the object's.
    package var prefer: Side?
    /// For commands: where in the configuration the rule stands.
    package var origin: String

    package init(
        ad: String,
        miniorange: String,
        type: RuleType = .value,
        direction: Direction = .both,
        isSingleValuedAtAD: Bool = false,
        maximumLengthAtAD: Int? = nil,
        fallback: [String] = [],
        conflict: ConflictRule? = nil,
        prefer: Side? = nil,
        origin: String = ""
    ) {
        self.ad = ad
        self.miniorange = miniorange
        self.type = type
        self.direction = direction
        self.isSingleValuedAtAD = isSingleValuedAtAD
        self.maximumLengthAtAD = maximumLengthAtAD
        self.fallback = fallback
        self.conflict = conflict
        self.prefer = prefer
        self.origin = origin
    }
}

/// One match rule: the entries whose values are the same, without case, are the same person.
package struct MatchSpecification: Hashable, Sendable {
    package var ad: String
    package var miniorange: String

    package init(ad: String, miniorange: String) {
        self.ad = ad
        self.miniorange = miniorange
    }
}

/// What one side contributes to a configured object.
package struct ScopeSpecification: Hashable, Sendable {
    package var base: DistinguishedName
    package var filter: Filter
    /// Classes of a new entry.
    package var objectClasses: [String]
    /// The attribute that names a new entry.
    package var rdn: String

    package init(base: DistinguishedName, filter: Filter, objectClasses: [String], rdn: String) {
        self.base = base
        self.filter = filter
        self.objectClasses = objectClasses
        self.rdn = rdn
    }
}

/// Which side's value stands when both have moved.
package enum DeleteAgainstChange: UInt8, Hashable, Sendable {
    case changeWins, deleteWins
}

/// One configured object: what is kept in agreement, where, and how.
package struct ObjectSpecification: Hashable, Sendable {
    package var name: String
    package var kind: ObjectKind
    package var scopes: PerSide<ScopeSpecification>
    package var match: [MatchSpecification]
    package var attributes: [AttributeSpecification]
    package var direction: Direction
    /// How conflicts are settled about attributes that say nothing themselves, about the place, and about memberships.
    package var conflict: ConflictRule
    /// The side that stands where the rule finds no difference.
    package var prefer: Side
    package var deletions: DeletionRule
    package var deleteAgainstChange: DeleteAgainstChange
    /// Below one container on the LDAP side and on AD, whatever the tree of the other.
    package var isFlat: Bool
    /// Groups only.
    package var membership: MembershipSpecification?
    /// groupType of a new AD group ([MS-ADTS] 2.2.12); nil for a global security group.
    package var groupType: Int32?
    /// Users only: where the LDAP side's server sends those who sign in with a new account, `{SASL}sAMAccountName@realm`; nil: nowhere.
    package var passThroughRealm: String?
    /// The LDAP side has no entries of this kind: its groups are known by their names in the members' attribute alone.
    package var isVirtualAtMiniOrange: Bool
    /// Containers that stand for each other whatever their names; the longest that an entry stands in or below counts, and all below it is one place.
    package var containerPairs: [PerSide<DistinguishedName>]
    /// Only direct members of this group are in scope on the side.
    package var onlyMembersOf: PerSide<DistinguishedName?>
    /// `file:line` in the configuration, for reports.
    package var origin = ""
    /// What the memberships of all objects need of this one's entries; see ``linked(_:)``.
    package var links = PerSide(both: LinkReading())

    package init(
        name: String,
        kind: ObjectKind,
        scopes: PerSide<ScopeSpecification>,
        match: [MatchSpecification],
        attributes: [AttributeSpecification],
        direction: Direction = .both,
        conflict: ConflictRule = .newest,
        prefer: Side = .ad,
        deletions: DeletionRule = DeletionRule(),
        deleteAgainstChange: DeleteAgainstChange = .changeWins,
        isFlat: Bool = false,
        membership: MembershipSpecification? = nil,
        groupType: Int32? = nil,
        passThroughRealm: String? = nil,
        isVirtualAtMiniOrange: Bool = false,
        containerPairs: [PerSide<DistinguishedName>] = [],
        onlyMembersOf: PerSide<DistinguishedName?> = PerSide(both: nil)
    ) {
        self.membership = membership
        self.groupType = groupType
        self.passThroughRealm = passThroughRealm
        self.isVirtualAtMiniOrange = isVirtualAtMiniOrange
        self.containerPairs = containerPairs
        self.onlyMembersOf = onlyMembersOf

        self.name = name
        self.kind = kind
        self.scopes = scopes
        self.match = match
        self.attributes = attributes
        self.direction = direction
        self.conflict = conflict
        self.prefer = prefer
        self.deletions = deletions
        self.deleteAgainstChange = deleteAgainstChange
        self.isFlat = isFlat
    }
}
