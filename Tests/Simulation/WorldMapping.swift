import Mapping
import SyncModel

/// The configuration of the simulated world, and what a person would expect of it.
package enum WorldMapping {
    static let bases = PerSide(ad: "OU=People,DC=syncline,DC=test", miniorange: "ou=people,dc=syncline,dc=test")
    /// Outside of the scope, yet told by the feeds.
    static let elsewhere = PerSide(
        ad: "OU=Elsewhere,DC=syncline,DC=test",
        miniorange: "ou=elsewhere,dc=syncline,dc=test"
    )

    static func base(_ side: Side) -> DistinguishedName {
        (try? DistinguishedName(parsing: bases[side])) ?? DistinguishedName([])
    }

    static func people(_ setting: Setting) throws -> ObjectSpecification {
        func scope(_ side: Side) throws -> ScopeSpecification {
            ScopeSpecification(
                base: base(side),
                filter: try Filter(parsing: side == .ad ? setting.filter : "(objectClass=inetOrgPerson)"),
                objectClasses: side == .ad
                    ? ["top", "person", "organizationalPerson", "user"] : ["inetOrgPerson"],
                rdn: side == .ad ? "cn" : "uid"
            )
        }
        func value(_ ad: String, _ miniorange: String, _ type: RuleType = .value) -> AttributeSpecification {
            AttributeSpecification(
                ad: ad,
                miniorange: miniorange,
                type: type,
                isSingleValuedAtAD: AttributePreset.isSingleValuedAtAD(ad)
            )
        }
        var surname = value("sn", "sn")
        surname.fallback = ["cn", "uid"]
        var people = ObjectSpecification(
            name: "people",
            kind: .user,
            scopes: PerSide(ad: try scope(.ad), miniorange: try scope(.miniorange)),
            match: [
                MatchSpecification(ad: "sAMAccountName", miniorange: "uid"),
                MatchSpecification(ad: "mail", miniorange: "mail"),
            ],
            attributes: [
                value("sAMAccountName", "uid"), value("cn", "cn"), surname, value("givenName", "givenName"),
                value("displayName", "displayName"), value("title", "title"), value("mail", "mail"),
                value("telephoneNumber", "telephoneNumber"), value("postOfficeBox", "postOfficeBox"),
                value("employeeNumber", "employeeNumber"), value("manager", "manager", .reference),
                value("seeAlso", "seeAlso", .reference),
                value("userAccountControl", "pwdAccountLockedTime", .accountEnabled),
            ]
        )
        people.attributes.removeAll { $0.ad == setting.leftOut }
        people.conflict = setting.conflict
        people.direction = setting.direction
        return people
    }

    static func units() throws -> ObjectSpecification {
        func scope(_ side: Side) throws -> ScopeSpecification {
            ScopeSpecification(
                base: base(side),
                filter: try Filter(parsing: "(objectClass=organizationalUnit)"),
                objectClasses: ["top", "organizationalUnit"],
                rdn: "ou"
            )
        }
        return ObjectSpecification(
            name: "units",
            kind: .container,
            scopes: PerSide(ad: try scope(.ad), miniorange: try scope(.miniorange)),
            match: [MatchSpecification(ad: "ou", miniorange: "ou")],
            attributes: [AttributeSpecification(ad: "ou", miniorange: "ou", isSingleValuedAtAD: true)]
        )
    }

    /// Attributes that users write, by AD's name and the other side's.
    static let registers = [
        "givenname", "displayname", "title", "mail", "telephonenumber", "sn",
    ]
    static let set = "postofficebox"
    static let person = "employeenumber"

    /// Whether both sides hold one value at most.
    static func isOneToOne(_ canonical: String) -> Bool { canonical == "displayname" || canonical == person }

    static func attribute(_ canonical: String, _ side: Side) -> String {
        canonical == "samaccountname" && side == .miniorange ? "uid" : canonical
    }
}
