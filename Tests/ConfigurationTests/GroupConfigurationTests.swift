import Mapping
import SyncModel
import Testing

@testable import Configuration

/// What groups, containers and memberships are made of.
@Suite struct GroupConfigurationTests {
    private func objects(_ text: String) throws -> [String: ObjectSpecification] {
        Dictionary(uniqueKeysWithValues: try Workspace().load(text).objects.map { ($0.name, $0) })
    }

    private func edited(_ piece: String, _ replacement: String) throws -> String {
        try Workspace.edited(piece, replacement, in: Workspace.groups)
    }

    private func teams(_ piece: String = "{nested: keep}", _ replacement: String = "{nested: keep}") throws
        -> ObjectSpecification
    {
        try #require(try objects(edited(piece, replacement))["teams"])
    }

    private static let teamsAtMiniOrange = "{base: \"ou=teams,dc=syncline,dc=test\"}"

    @Test func aGroupWithoutDetailsTakesThoseOfItsKind() throws {
        let group = try teams()
        #expect(group.kind == .group)
        #expect(group.scopes.ad.filter.description == "(objectClass=group)")
        #expect(group.scopes.ad.objectClasses == ["top", "group"])
        #expect(group.scopes.ad.rdn == "cn")
        #expect(
            group.scopes.miniorange.filter.description == "(|(objectClass=groupOfNames)(objectClass=groupOfMembers))"
        )
        #expect(group.scopes.miniorange.objectClasses == ["top", "groupOfNames"])
        #expect(group.scopes.miniorange.rdn == "cn")
        #expect(group.match == [MatchSpecification(ad: "sAMAccountName", miniorange: "cn")])
        #expect(group.attributes.map(\.ad) == ["sAMAccountName", "cn", "description", "managedBy"])
        #expect(group.attributes.allSatisfy { $0.origin.hasSuffix("syncline.yaml:23") })
        #expect(group.groupType == nil)
        #expect(!group.isVirtualAtMiniOrange)
        #expect(!group.isFlat)
        #expect(group.containerPairs == [])
        #expect(group.onlyMembersOf == PerSide(both: nil))
        let placeholder = try DistinguishedName(parsing: "cn=syncline-placeholder,ou=teams,dc=syncline,dc=test")
        #expect(group.membership == MembershipSpecification(placeholder: placeholder))
    }

    @Test func rulesOfOnesOwnAreTakenAsTheyStand() throws {
        let text = try edited(
            "    memberships: {nested: keep}\n",
            """
                match: [{ad: sAMAccountName, miniorange: cn}]
                attributes: [{ad: sAMAccountName, miniorange: cn}, {ad: description, miniorange: description}]

            """
        ).replacing(
            Self.teamsAtMiniOrange,
            with: "{base: \"ou=teams,dc=syncline,dc=test\", objectClass: [groupOfNames], rdn: cn, membership: member}"
        )
        let group = try #require(try objects(text)["teams"])
        #expect(group.attributes.map(\.ad) == ["sAMAccountName", "description"])
        #expect(group.scopes.miniorange.objectClasses == ["groupOfNames"])
        #expect(group.membership?.form == .member)
        #expect(group.membership?.direction == .both)
    }

    @Test(arguments: ["mail", "cn", "managedBy"])
    func aRowOfThePresetMayBeLeftOut(_ attribute: String) throws {
        let group = try teams(
            "memberships: {nested: keep}",
            "attributes: {preset: default, without: [\(attribute)]}"
        )
        #expect(!group.attributes.contains { $0.ad == attribute })
    }

    @Test func aContainerWithoutDetailsTakesThoseOfItsKind() throws {
        let container = try #require(try objects(Workspace.groups)["departments"])
        #expect(container.kind == .container)
        for side in Side.allCases {
            #expect(container.scopes[side].filter.description == "(objectClass=organizationalUnit)")
            #expect(container.scopes[side].objectClasses == ["top", "organizationalUnit"])
            #expect(container.scopes[side].rdn == "ou")
        }
        #expect(container.match == [])
        #expect(container.attributes.map(\.ad) == ["ou", "description"])
        #expect(container.membership == nil)
    }

    @Test(arguments: ["rdn: cn", "rdn: CN", "objectClass: [top, container]", "rdn: cn, objectClass: [top, container]"])
    func adsOtherContainersAreNamedByCN(_ keys: String) throws {
        let piece = "kind: container\n    ad: {base: \"OU=People,DC=syncline,DC=test\""
        let container = try #require(try objects(edited(piece, piece + ", " + keys))["departments"])
        #expect(container.scopes.ad.filter.description == "(objectClass=container)")
        #expect(container.scopes.ad.objectClasses == ["top", "container"])
        #expect(container.scopes.ad.rdn.lowercased() == "cn")
        #expect(container.attributes.map { [$0.ad.lowercased(), $0.miniorange] }.first == ["cn", "ou"])
    }

    @Test(
        "A form of membership brings its class and filter",
        arguments: [
            ("membership: member", "groupOfNames", MembershipForm.member, true),
            ("membership: uniqueMember", "groupOfUniqueNames", .uniqueMember, true),
            ("membership: memberUid", "posixGroup", .memberUid, false),
            ("objectClass: [groupOfNames]", "groupOfNames", .member, true),
            ("objectClass: [top, GroupOfMembers]", "GroupOfMembers", .member, false),
            ("objectClass: [groupOfUniqueNames]", "groupOfUniqueNames", .uniqueMember, true),
            ("objectClass: [posixGroup]", "posixGroup", .memberUid, false),
            ("objectClass: [ownGroup], membership: member", "ownGroup", .member, false),
            ("objectClass: [posixGroup, groupOfNames], membership: memberUid", "posixGroup", .memberUid, true),
        ]
    )
    func forms(_ keys: String, _ objectClass: String, _ form: MembershipForm, _ hasPlaceholder: Bool) throws {
        let group = try teams(
            Self.teamsAtMiniOrange,
            Self.teamsAtMiniOrange.replacing("}", with: ", \(keys)}")
        )
        let membership = try #require(group.membership)
        #expect(membership.form == form)
        #expect((membership.placeholder != nil) == hasPlaceholder)
        let scope = group.scopes.miniorange
        #expect(scope.objectClasses.contains(objectClass))
        if keys != "membership: member" { #expect(scope.filter.description == "(objectClass=\(objectClass))") }
        let mapsNumber = group.attributes.contains { $0.ad == "gidNumber" && $0.miniorange == "gidNumber" }
        #expect(mapsNumber == scope.objectClasses.contains("posixGroup"))
    }

    @Test func everyKeyOfMembershipsIsRead() throws {
        let membership = try teams(
            "{nested: keep}",
            "{direction: to-miniorange, placeholder: \"cn=nobody,dc=syncline,dc=test\", nested: flatten, "
                + "primaryGroup: true, createMissing: false, kept: remove}"
        ).membership
        #expect(
            membership
                == MembershipSpecification(
                    direction: .toMiniOrange,
                    placeholder: try DistinguishedName(parsing: "cn=nobody,dc=syncline,dc=test"),
                    nesting: .flatten,
                    includesPrimaryGroup: true,
                    keptMemberships: .remove
                )
        )
    }

    @Test func membershipsTakeOverTheObjectsDirection() throws {
        let group = try teams("memberships: {nested: keep}", "direction: to-ad")
        #expect(group.direction == .toAD)
        #expect(group.membership?.direction == .toAD)
    }

    @Test(
        "Users may name their groups",
        arguments: [
            ("{userAttribute: memberOf, userValues: names}", MembershipForm.Value.groupName, true),
            ("{userAttribute: memberOf, userValues: names, entries: true}", .groupName, false),
            ("{userAttribute: memberOf}", .name, false),
            ("{userAttribute: memberOf, userValues: dns}", .name, false),
            ("{userAttribute: memberOf, entries: false}", .name, true),
        ]
    )
    func userAttributes(_ memberships: String, _ value: MembershipForm.Value, _ isVirtual: Bool) throws {
        let text = try edited("{nested: keep}", memberships)
            .replacing(
                Self.teamsAtMiniOrange,
                with: Self.teamsAtMiniOrange.replacing("}", with: ", membership: user-attribute}")
            )
        let group = try #require(try objects(text)["teams"])
        #expect(group.membership?.form == MembershipForm(holder: .member, attribute: "memberof", value: value))
        #expect(group.isVirtualAtMiniOrange == isVirtual)
        #expect(group.isFlat == isVirtual)
        #expect((group.membership?.placeholder == nil) == isVirtual)
        #expect(group.scopes.miniorange.base.description == "ou=teams,dc=syncline,dc=test")
        #expect(group.scopes.miniorange.rdn == "cn")
        #expect(group.attributes.count == (isVirtual ? 2 : 4))
        #expect(group.match == [MatchSpecification(ad: "sAMAccountName", miniorange: "cn")])
    }

    @Test func namesAloneNeedNoBase() throws {
        let groups = try objects(Workspace.userAttribute)
        #expect(groups["teams"]?.scopes.miniorange.base.description == "dc=syncline,dc=test")
        #expect(groups["teams"]?.attributes.map(\.ad) == ["sAMAccountName", "cn"])
    }

    @Test func missingGroupsAreMadeWhereUsersNameThem() throws {
        let text = try Workspace.edited(
            "userValues: names",
            "userValues: names, createMissing: true",
            in: Workspace.userAttribute
        )
        #expect(try objects(text)["teams"]?.membership?.createsMissing == true)
    }

    @Test(arguments: [
        ("global-security", -2_147_483_646), ("universal-security", -2_147_483_640),
        ("domain-local-security", -2_147_483_644), ("global-distribution", 2), ("universal-distribution", 8),
        ("domain-local-distribution", 4),
    ])
    func groupTypes(_ word: String, _ flags: Int32) throws {
        let piece = "OU=Teams,DC=syncline,DC=test\""
        #expect(try teams(piece, piece + ", groupType: \(word)").groupType == flags)
    }

    @Test func aScopeMayBeTheMembersOfAGroup() throws {
        let people = try edited(
            "kind: user\n    ad: {base: \"OU=People,DC=syncline,DC=test\"",
            "kind: user\n    ad: {base: \"OU=People,DC=syncline,DC=test\", "
                + "onlyMembersOf: \"CN=Synced,OU=Teams,DC=syncline,DC=test\""
        )
        let found = try #require(try objects(people)["people"])
        #expect(found.onlyMembersOf.ad?.description == "CN=Synced,OU=Teams,DC=syncline,DC=test")
        #expect(found.onlyMembersOf.miniorange == nil)
        let piece = "ou=teams,dc=syncline,dc=test\""
        let group = try teams(piece, piece + ", onlyMembersOf: \"cn=all,\(piece)")
        #expect(group.onlyMembersOf.miniorange?.description == "cn=all,ou=teams,dc=syncline,dc=test")
    }

    @Test func aTableOfContainersIsRead() throws {
        let table = """
            kind: user
                containers:
                  - {ad: "OU=B,OU=People,DC=syncline,DC=test", miniorange: "ou=berlin,ou=people,dc=syncline,dc=test"}
                  - {ad: "OU=A,OU=B,OU=People,DC=syncline,DC=test", miniorange: "ou=people,dc=syncline,dc=test"}
            """
        let pairs = try #require(try objects(edited("kind: user", table))["people"]).containerPairs
        #expect(
            pairs.map(\.ad.description) == [
                "OU=B,OU=People,DC=syncline,DC=test", "OU=A,OU=B,OU=People,DC=syncline,DC=test",
            ]
        )
        #expect(
            pairs.map(\.miniorange.description) == [
                "ou=berlin,ou=people,dc=syncline,dc=test", "ou=people,dc=syncline,dc=test",
            ]
        )
    }

    private static let people = "OU=People,DC=syncline,DC=test"

    @Test(
        "Objects of different kinds may share a base where their filters tell them apart",
        arguments: [
            ("", true), ("filter: \"(objectClass=group)\"", true), ("filter: \"(objectCategory=group)\"", true),
            ("filter: \"(&(cn=*)(!(objectClass=user))(!(objectClass=organizationalUnit)))\"", true),
            ("filter: \"(|(objectClass=group)(objectClass=groupOfNames))\"", true),
            ("filter: \"(cn=*)\"", false), ("filter: \"(objectClass=top)\"", false),
            ("filter: \"(|(objectClass=group)(cn=a))\"", false), ("filter: \"(objectClass=user)\"", false),
        ]
    )
    func sharedBases(_ filter: String, _ isTold: Bool) throws {
        let filter = filter.isEmpty ? "" : ", \(filter)"
        let text = try edited("\"OU=Teams,DC=syncline,DC=test\"", "\"\(Self.people)\"\(filter)")
        let errors = try Workspace().errors(text)
        #expect(errors.isEmpty == isTold, "\(errors)")
        guard let error = errors.first else { return }
        #expect(error.position?.description == "25:16")
        #expect(error.message.contains("is also the base of the object `people`, and the filters do not tell"))
        #expect(error.remedy.contains("(objectClass="))
    }

    @Test func objectsOfOneKindStillHaveBasesOfTheirOwn() throws {
        let second = """
              - name: crews
                kind: group
                ad: {base: "OU=Crews,OU=Teams,DC=syncline,DC=test"}
                miniorange: {base: "ou=crews,dc=syncline,dc=test"}

            """
        let errors = try Workspace().errors(Workspace.groups + second)
        #expect(errors.map { $0.position?.description } == ["34:16"])
        #expect(errors.first?.message.contains("lies below the base of the object `teams`") == true)
    }

    @Test func memberUidNeedsUsersThatHaveOne() throws {
        let text = try edited(
            Self.teamsAtMiniOrange,
            Self.teamsAtMiniOrange.replacing("}", with: ", membership: memberUid}")
        )
        .replacing(
            "uid}]\n    attributes: default",
            with: "uid}]\n    attributes: [{ad: mail, miniorange: mail}, {ad: cn, miniorange: cn}]"
        )
        .replacing(
            "ou=people,dc=syncline,dc=test\"}\n    match",
            with: "ou=people,dc=syncline,dc=test\", rdn: mail}\n    match"
        )
        let errors = try Workspace().errors(text)
        #expect(errors.map { $0.position?.description } == ["26:56"])
        #expect(errors.first?.message.contains("no object of users maps it") == true)
    }

    @Test(
        "The digest of the mapping moves with each setting of groups and containers",
        arguments: [
            ("{nested: keep}", "{nested: flatten}"), ("{nested: keep}", "{primaryGroup: true}"),
            ("{nested: keep}", "{kept: remove}"), ("{nested: keep}", "{direction: to-ad}"),
            ("{nested: keep}", "{placeholder: \"cn=nobody,dc=test\"}"),
            (teamsAtMiniOrange, "{base: \"ou=teams,dc=syncline,dc=test\", membership: uniqueMember}"),
            (teamsAtMiniOrange, "{base: \"ou=teams,dc=syncline,dc=test\", membership: memberUid}"),
            (
                teamsAtMiniOrange,
                "{base: \"ou=teams,dc=syncline,dc=test\", onlyMembersOf: \"cn=a,dc=syncline,dc=test\"}"
            ),
            (
                "OU=Teams,DC=syncline,DC=test\"",
                "OU=Teams,DC=syncline,DC=test\", onlyMembersOf: \"CN=a,DC=syncline,DC=test\""
            ),
            ("OU=Teams,DC=syncline,DC=test\"", "OU=Teams,DC=syncline,DC=test\", groupType: universal-security"),
            (
                "kind: user",
                "kind: user\n    containers: [{ad: \"OU=A,OU=People,DC=syncline,DC=test\", "
                    + "miniorange: \"ou=a,ou=people,dc=syncline,dc=test\"}]"
            ),
        ]
    )
    func digestMoves(_ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let before = try workspace.load(Workspace.groups)
        let after = try workspace.load(edited(piece, replacement))
        #expect(before.mappingDigest != after.mappingDigest)
        #expect(before.serverDigest == after.serverDigest)
    }

    @Test(
        arguments: [
            ("memberOf,", "groups,"), ("userValues: names", "userValues: dns, entries: false"),
            ("userValues: names", "userValues: names, entries: true"),
            ("userValues: names", "userValues: names, createMissing: true"),
        ]
    )
    func digestMovesWithTheUsersAttribute(_ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let text = Workspace.userAttribute.replacing("{membership", with: "{base: \"dc=syncline,dc=test\", membership")
        let entries = text.replacing(
            "dc=syncline,dc=test\", membership",
            with: "ou=teams,dc=syncline,dc=test\", membership"
        )
        let before = try workspace.load(entries)
        let after = try workspace.load(Workspace.edited(piece, replacement, in: entries))
        #expect(before.mappingDigest != after.mappingDigest)
    }

    @Test func theOrderOfContainersDoesNotMatterToTheDigest() throws {
        let pairs = ["A", "B"].map {
            "{ad: \"OU=\($0),OU=People,DC=syncline,DC=test\", miniorange: \"ou=\($0),ou=people,dc=syncline,dc=test\"}"
        }
        let digests = try [pairs, pairs.reversed()].map { pairs in
            let table = "kind: user\n    containers: [\(pairs.joined(separator: ", "))]"
            return try Workspace().load(edited("kind: user", table)).mappingDigest
        }
        #expect(digests[0] == digests[1])
    }
}
