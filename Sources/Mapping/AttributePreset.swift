package import SyncModel

/// The rules of the preset `default`, for each kind of object, and those that a configuration may add by name.
package enum AttributePreset {
    /// AD user ↔ inetOrgPerson: what is on by default, in the order of a person's reading.
    package static let user: [AttributeSpecification] = [
        value("sAMAccountName", "uid"),
        value("cn", "cn"),
        AttributeSpecification(
            ad: "sn",
            miniorange: "sn",
            isSingleValuedAtAD: true,
            fallback: ["cn", "uid"],
            origin: "preset"
        ),
        value("givenName", "givenName"),
        value("initials", "initials"),
        value("displayName", "displayName"),
        value("title", "title"),
        value("mail", "mail"),
        value("telephoneNumber", "telephoneNumber"),
        value("mobile", "mobile"),
        value("homePhone", "homePhone"),
        value("pager", "pager"),
        value("facsimileTelephoneNumber", "facsimileTelephoneNumber"),
        value("streetAddress", "street"),
        value("l", "l"),
        value("st", "st"),
        value("postalCode", "postalCode"),
        value("postOfficeBox", "postOfficeBox"),
        value("physicalDeliveryOfficeName", "physicalDeliveryOfficeName"),
        value("company", "o"),
        value("department", "departmentNumber"),
        value("employeeNumber", "employeeNumber"),
        value("employeeType", "employeeType"),
        value("description", "description"),
        value("preferredLanguage", "preferredLanguage"),
        reference("manager", "manager"),
        reference("seeAlso", "seeAlso"),
        typed("userAccountControl", "pwdAccountLockedTime", .accountEnabled),
    ]

    /// A group's own attributes; memberships are not attribute rules. AD's CN and sAMAccountName are one name where they are the same; else the CN is
    /// AD's own, and sAMAccountName is the name.
    package static let group: [AttributeSpecification] = [
        value("sAMAccountName", "cn"),
        value("cn", "cn"),
        value("description", "description"),
        value("mail", "mail"),
        reference("managedBy", "owner"),
    ]

    /// A group of which the LDAP side knows the name alone.
    package static let virtualGroup: [AttributeSpecification] = [value("sAMAccountName", "cn"), value("cn", "cn")]

    /// organizationalUnit on both sides.
    package static let container = container(adName: "ou", miniorangeName: "ou")

    /// A container that each side names by one of its attributes.
    package static func container(adName: String, miniorangeName: String) -> [AttributeSpecification] {
        [value(adName, miniorangeName), value("description", "description")]
    }

    /// The rows that entries of these classes at the LDAP side may hold, and gidNumber where one demands it.
    package static func group(objectClasses: [String]) -> [AttributeSpecification] {
        let classes = objectClasses.map(CaseFolding.lowercaseName)
        let rows = classes.contains("posixgroup") ? group + [value("gidNumber", "gidNumber")] : group
        let permitted = KnownAttributes.permittedInGroups(objectClasses: classes)
        return rows.filter { permitted?.contains(CaseFolding.lowercaseName($0.miniorange)) ?? true }
    }

    /// Rules for users that are off unless the configuration names them.
    package static let optionalUser: [(name: String, attributes: [AttributeSpecification])] = [
        ("certificates", [value("userCertificate", "userCertificate;binary")]),
        ("photo", [typed("thumbnailPhoto", "jpegPhoto", .value, .toMiniOrange)]),
        ("account-expires", [typed("accountExpires", "shadowExpire", .accountExpiresDays)]),
        ("lockout", [typed("lockoutTime", "pwdAccountLockedTime", .lockout, .toMiniOrange)]),
        ("must-change-password", [typed("pwdLastSet", "pwdReset", .mustChangePassword)]),
        (
            "posix",
            [
                value("uidNumber", "uidNumber"),
                value("gidNumber", "gidNumber"),
                value("unixHomeDirectory", "homeDirectory"),
                value("loginShell", "loginShell"),
                value("gecos", "gecos"),
            ]
        ),
    ]

    /// The default rules of a kind.
    package static func attributes(of kind: ObjectKind) -> [AttributeSpecification] {
        switch kind {
        case .user: user
        case .group: group
        case .container: container
        }
    }

    /// Whether AD holds one value only of an attribute. Names compare without case.
    package static func isSingleValuedAtAD(_ adAttribute: String) -> Bool {
        KnownAttributes.singleValuedAtAD.contains(CaseFolding.lowercaseName(adAttribute))
    }

    /// Whether an attribute of the LDAP side belongs to its server, or to memberships of another form, and no rule may map it. memberOf is among them.
    package static func isReservedAtMiniOrange(_ attribute: String) -> Bool {
        KnownAttributes.neverAtMiniOrange.contains(CaseFolding.lowercaseName(attribute))
    }

    private static func value(_ ad: String, _ miniorange: String) -> AttributeSpecification {
        typed(ad, miniorange, .value)
    }

    private static func reference(_ ad: String, _ miniorange: String) -> AttributeSpecification {
        typed(ad, miniorange, .reference)
    }

    private static func typed(
        _ ad: String,
        _ miniorange: String,
        _ type: RuleType,
        _ direction: Direction = .both
    ) -> AttributeSpecification {
        AttributeSpecification(
            ad: ad,
            miniorange: miniorange,
            type: type,
            direction: direction,
            isSingleValuedAtAD: isSingleValuedAtAD(ad),
            origin: "preset"
        )
    }
}
