import Mapping
package import SyncModel

/// Groups in the simulated world's configuration.
extension WorldMapping {
    /// What tells which group an entry is, whatever it is called.
    static let group = "description"
    /// The attribute of a user that lists groups by name.
    static let groupNames = "departmentnumber"
    package static let placeholder: Octets = "cn=nobody,dc=syncline,dc=test"

    /// What of a configuration stays in a world.
    struct Layout: Sendable {
        var form: GroupForm?
        var hasUnits: Bool
        var includesPrimaryGroup: Bool
        var createsMissing: Bool
        var deletionLimit: DeletionLimit?
    }

    static func objects(_ layout: Layout, _ setting: Setting) throws -> [ObjectMapping] {
        var specifications = [try people(setting)]
        specifications[0].deletions.limit = layout.deletionLimit
        if let form = layout.form {
            specifications.append(try teams(form, layout.includesPrimaryGroup, layout.createsMissing))
        }
        if layout.hasUnits { specifications.append(try units()) }
        return try ObjectSpecification.linked(specifications).map { try ObjectMapping($0) }
    }

    static func groupClasses(_ form: GroupForm, _ side: Side) -> [Octets] {
        if side == .ad { return ["top", "group"] }
        return form == .memberUid ? ["posixGroup"] : ["groupOfNames"]
    }

    private static func teams(
        _ form: GroupForm,
        _ includesPrimaryGroup: Bool,
        _ createsMissing: Bool
    ) throws -> ObjectSpecification {
        func scope(_ side: Side) throws -> ScopeSpecification {
            let classes = groupClasses(form, side).map(\.lossyText)
            return ScopeSpecification(
                base: base(side),
                filter: try Filter(parsing: "(objectClass=\(classes[classes.count - 1]))"),
                objectClasses: classes,
                rdn: "cn"
            )
        }
        let held: MembershipForm =
            switch form {
            case .member, .flattened: .member
            case .memberUid: .memberUid
            case .names: MembershipForm(holder: .member, attribute: groupNames, value: .groupName)
            case .namesAsDNs: MembershipForm(holder: .member, attribute: groupNames, value: .name)
            }
        return ObjectSpecification(
            name: "teams",
            kind: .group,
            scopes: PerSide(ad: try scope(.ad), miniorange: try scope(.miniorange)),
            match: [MatchSpecification(ad: "sAMAccountName", miniorange: "cn")],
            attributes: [
                AttributeSpecification(ad: "sAMAccountName", miniorange: "cn", isSingleValuedAtAD: true),
                AttributeSpecification(ad: group, miniorange: group, isSingleValuedAtAD: true),
            ],
            membership: MembershipSpecification(
                form: held,
                placeholder: held == .member ? try DistinguishedName(parsing: placeholder) : nil,
                nesting: form == .flattened ? .flatten : .keep,
                includesPrimaryGroup: includesPrimaryGroup,
                createsMissing: createsMissing
            ),
            isVirtualAtMiniOrange: !form.hasEntries
        )
    }
}
