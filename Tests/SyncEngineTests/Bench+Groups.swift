import Mapping
import Support
import SyncEngine
import SyncModel

/// Groups and departments beside the people.
extension Bench {
    /// People, the groups among them, and the containers in which both stand, all below one base.
    static func withGroups(
        window: Int = 32,
        _ membership: MembershipSpecification = MembershipSpecification(),
        departments: Bool = false,
        specifyGroups: (inout ObjectSpecification) -> Void = { _ in },
        specifyPeople: (inout ObjectSpecification) -> Void = { _ in }
    ) throws -> Bench {
        var people = try specification()
        specifyPeople(&people)
        var groups = try groups(membership)
        specifyGroups(&groups)
        return try Bench(window: window, objects: [people, groups] + (departments ? [try self.departments()] : []))
    }

    /// Each user lists his groups by name, or by the DN that they would have.
    static func withLists(
        _ value: MembershipForm.Value = .groupName,
        createsMissing: Bool = false
    ) throws -> Bench {
        let form = MembershipForm(holder: .member, attribute: "groups", value: value)
        return try withGroups(MembershipSpecification(form: form, createsMissing: createsMissing)) { groups in
            groups.isVirtualAtMiniOrange = true
            groups.attributes = [
                AttributeSpecification(ad: "sAMAccountName", miniorange: "cn", isSingleValuedAtAD: true)
            ]
        }
    }

    static func groups(_ membership: MembershipSpecification) throws -> ObjectSpecification {
        let isPosix = membership.form == .memberUid
        let objectClass = isPosix ? "posixGroup" : "groupOfNames"
        return ObjectSpecification(
            name: "teams",
            kind: .group,
            scopes: PerSide(
                ad: ScopeSpecification(
                    base: try DistinguishedName(parsing: bases.ad),
                    filter: try Filter(parsing: "(objectClass=group)"),
                    objectClasses: ["top", "group"],
                    rdn: "cn"
                ),
                miniorange: ScopeSpecification(
                    base: try DistinguishedName(parsing: bases.miniorange),
                    filter: try Filter(parsing: "(objectClass=\(objectClass))"),
                    objectClasses: [objectClass],
                    rdn: "cn"
                )
            ),
            match: [MatchSpecification(ad: "sAMAccountName", miniorange: "cn")],
            attributes: [
                AttributeSpecification(ad: "sAMAccountName", miniorange: "cn", isSingleValuedAtAD: true),
                AttributeSpecification(ad: "description", miniorange: "description", isSingleValuedAtAD: true),
            ],
            membership: membership
        )
    }

    static func departments() throws -> ObjectSpecification {
        func scope(_ side: Side) throws -> ScopeSpecification {
            ScopeSpecification(
                base: try DistinguishedName(parsing: bases[side]),
                filter: try Filter(parsing: "(objectClass=organizationalUnit)"),
                objectClasses: ["top", "organizationalUnit"],
                rdn: "ou"
            )
        }
        return ObjectSpecification(
            name: "departments",
            kind: .container,
            scopes: PerSide(ad: try scope(.ad), miniorange: try scope(.miniorange)),
            match: [],
            attributes: [
                AttributeSpecification(ad: "ou", miniorange: "ou", isSingleValuedAtAD: true),
                AttributeSpecification(ad: "description", miniorange: "description", isSingleValuedAtAD: true),
            ]
        )
    }

    static let placeholder = "cn=nobody,ou=people,dc=syncline,dc=test"

    static func named(direction: Direction = .both) throws -> MembershipSpecification {
        MembershipSpecification(direction: direction, placeholder: try DistinguishedName(parsing: placeholder))
    }

    // MARK: The users

    @discardableResult
    func createGroup(_ side: Side, _ name: String, members: [Anchor] = []) throws -> Anchor {
        var held: Attributes = ["cn": [Octets(name)]]
        let groups = configuration.objects.first { $0.specification.kind == .group }
        held["objectclass"] =
            side == .ad
            ? ["top", "group"] : groups?.specification.scopes.miniorange.objectClasses.map { Octets($0) } ?? []
        if side == .ad { held["samaccountname"] = [Octets(name)] }
        if side == .miniorange && held["objectclass"].contains("groupOfNames") && members.isEmpty {
            held["member"] = directories[side].stored("member", [Octets(Bench.placeholder)]) ?? []
        } else if !members.isEmpty {
            held["member"] = members.map { Reference.entry($0).octets }
        }
        return try directories[side].add(
            below: try place(side),
            RelativeDistinguishedName(type: side == .ad ? "CN" : "cn", value: Octets(name)),
            held
        ).get()
    }

    func setMembers(_ side: Side, _ group: Anchor, add: [Anchor] = [], remove: [Anchor] = []) throws {
        guard let entry = directories[side].entries[group] else { throw SimulatedRefusal.noSuchEntry }
        let gone = Set(remove.map { Reference.entry($0).octets })
        let held = entry.attributes["member"].filter { !gone.contains($0) } + add.map { Reference.entry($0).octets }
        try set(side, group, "member", held)
    }

    /// The names of a group's members, sorted, by the names of their entries; groups and users alike.
    func members(_ side: Side, _ group: String) -> String {
        guard let anchor = groupNamed(side, group), let entry = directories[side].entries[anchor] else {
            return "no group"
        }
        let attribute = entry.attributes["memberuid"].isEmpty ? "member" : "memberuid"
        let names = directories[side].told(attribute, entry.attributes[attribute]).map { value -> String in
            let name = side == .ad ? ExtendedName(parsing: value).name : value
            let parsed = try? DistinguishedName(parsing: name)
            return (parsed?.leaf?.value ?? name).lossyText.lowercased()
        }
        return names.sorted().joined(separator: " ")
    }

    /// What a user lists at the LDAP side.
    func groups(of account: String) -> String {
        counterpart(.miniorange, account).flatMap { directories.miniorange.entries[$0] }?
            .attributes["groups"].map(\.lossyText).sorted().joined(separator: " ") ?? "no entry"
    }

    func groupNamed(_ side: Side, _ name: String) -> Anchor? {
        let wanted: Octets = side == .ad ? "group" : "groupOfNames"
        return directories[side].sorted.first {
            ($0.attributes["objectclass"].contains(wanted) || $0.attributes["objectclass"].contains("posixGroup"))
                && $0.attributes[side == .ad ? "samaccountname" : "cn"].contains(Octets(name))
        }?.anchor
    }
}
