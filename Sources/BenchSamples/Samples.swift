package import Mapping
package import SyncModel

/// Pairs of people with the twelve attributes that nearly everyone has. Nothing is shared between a pair's sides or with its base, as nothing is
/// where they come from the cache, so that equality has to be found by looking.
package struct Samples {
    package static let attributes: [(ad: String, miniorange: String)] = [
        ("sAMAccountName", "uid"), ("cn", "cn"), ("sn", "sn"), ("givenName", "givenName"),
        ("displayName", "displayName"),
        ("mail", "mail"), ("telephoneNumber", "telephoneNumber"), ("title", "title"),
        ("department", "departmentNumber"),
        ("l", "l"), ("postalCode", "postalCode"), ("employeeNumber", "employeeNumber"),
    ]

    package static let bases = PerSide(ad: "OU=People,DC=syncline,DC=test", miniorange: "ou=people,dc=syncline,dc=test")

    /// In canonical form.
    package struct CanonicalPair {
        package var base: Attributes
        package var ad: Attributes
        package var miniorange: Attributes
    }

    /// As the replicas hold them.
    package struct RawPair {
        package var base: Attributes
        package var ad: Attributes
        package var miniorange: Attributes
    }

    package let mapping: ObjectMapping

    package init() throws {
        mapping = try ObjectMapping(
            ObjectSpecification(
                name: "people",
                kind: .user,
                scopes: PerSide(
                    ad: try Self.scope(Self.bases.ad, "user", "cn"),
                    miniorange: try Self.scope(Self.bases.miniorange, "inetOrgPerson", "uid")
                ),
                match: [MatchSpecification(ad: "sAMAccountName", miniorange: "uid")],
                attributes: Self.attributes.map {
                    AttributeSpecification(
                        ad: $0.ad,
                        miniorange: $0.miniorange,
                        isSingleValuedAtAD: AttributePreset.isSingleValuedAtAD($0.ad)
                    )
                }
            )
        )
    }

    /// `changes`: whether AD's title has moved.
    package func canonicalPair(_ number: Int, changes: Bool) -> CanonicalPair {
        func values(_ title: String?) -> Attributes {
            var values = Attributes()
            for name in Self.attributes.map(\.ad) {
                let text = name == "title" ? title : nil
                values[CaseFolding.lowercaseName(name)] = [Self.value(of: name, number, text)]
            }
            return values
        }
        return CanonicalPair(base: values(nil), ad: values(changes ? "moved" : nil), miniorange: values(nil))
    }

    package func rawPair(_ number: Int) -> RawPair {
        var ad: Attributes = [
            "objectclass": ["top", "person", "organizationalPerson", "user"], "useraccountcontrol": ["512"],
        ]
        var miniorange: Attributes = ["objectclass": ["inetOrgPerson"]]
        for (atAD, atMiniOrange) in Self.attributes {
            ad[CaseFolding.lowercaseName(atAD)] = [Self.value(of: atAD, number, nil)]
            miniorange[CaseFolding.lowercaseName(atMiniOrange)] = [Self.value(of: atAD, number, nil)]
        }
        let base = canonicalPair(number, changes: false).base
        return RawPair(base: base, ad: ad, miniorange: miniorange)
    }

    package static func value(of name: String, _ number: Int, _ text: String?) -> Octets {
        Octets("\(text ?? "the \(name)") of person \(number)")
    }

    private static func scope(_ base: String, _ objectClass: String, _ rdn: String) throws -> ScopeSpecification {
        ScopeSpecification(
            base: try DistinguishedName(parsing: Octets(base)),
            filter: .present("objectclass"),
            objectClasses: [objectClass],
            rdn: rdn
        )
    }
}
