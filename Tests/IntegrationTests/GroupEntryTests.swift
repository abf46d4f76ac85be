import SyncModel
import Testing

extension SharedLabTests {
    /// Groups as entries of AD's own kind, with what stands in them that is nobody's in scope.
    @Suite(.serialized)
    struct GroupEntryTests {
        /// groupType ([MS-ADTS] 2.2.12): global, universal and domain local, of security and for distribution.
        private static let types = [-2_147_483_646, -2_147_483_640, -2_147_483_644, 2, 8, 4]

        @Test("a group of any type comes from AD and keeps it, and one that is made there is of the configured type")
        func types() async throws {
            let ground = try await Ground.make(
                "gy",
                Ground.Settings(groups: Ground.Groups(ad: "groupType: universal-distribution"))
            )
            let (ad, miniorange) = (ground.teams.ad, ground.teams.miniorange)
            let names = Self.types.indices.map { ground.person("t\($0)") }
            try await ground.addPeople(["a"])
            try await ad.apply(
                zip(names, Self.types).map { ad.newGroup($0, [("groupType", [Octets("\($1)")])]) }
            )
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a"])
                let new = ground.person("new")
                try await miniorange.apply(
                    names.map { .replace(miniorange.group($0), "description", ["changed"]) }
                        + [miniorange.newGroup(new, members: [ground.dn("a", .miniorange)])]
                )
                try await ground.hasMembers("new", ["a"])
                for (name, type) in zip(names, Self.types) {
                    try await eventually("\(name) is described") {
                        try await ad.entry(ad.group(name))?.text("description") == "changed"
                    }
                    #expect(try await ad.entry(ad.group(name))?.text("groupType") == "\(type)")
                }
                #expect(try await ad.entry(ad.group(new))?.text("groupType") == "8")
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test(
            "a group is moved by one operation, with its members, its manager, and strangers who stay where they are",
            arguments: Side.allCases
        )
        func moved(origin: Side) async throws {
            let ground = try await Ground.make("gv\(origin.name.prefix(1))", Ground.Settings(groups: Ground.Groups()))
            let teams = ground.teams
            let name = ground.person("g")
            let moved = PerSide(
                ad: "CN=\(name),OU=Sub,\(teams.ad.base)",
                miniorange: "cn=\(name),ou=Sub,\(teams.miniorange.base)"
            )
            // Everybody who has signed in: one of AD's own foreign security principals.
            let stranger = "CN=S-1-5-11,CN=ForeignSecurityPrincipals,\(ground.lab["AD_BASE"])"
            for side in Side.allCases { try await teams[side].addContainer("Sub") }
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                try await teams.ad.apply(
                    teams.ad.newGroup(
                        name,
                        members: [ground.dn("a", .ad), stranger],
                        [("managedBy", [Octets(ground.dn("b", .ad))])]
                    )
                )
                try await ground.hasMembers("g", ["a"], on: [.miniorange])
                try await eventually("b is its owner") {
                    let owner = try await teams.miniorange.entry(ground.team("g", .miniorange))?.text("owner")
                    return owner?.lowercased() == ground.dn("b", .miniorange).lowercased()
                }
                let target = origin.opposite
                let identity = origin == .ad ? "entryUUID" : "objectGUID"
                let before = try #require(try await teams[target].entry(ground.team("g", target)))
                let writes = try await daemon.settled()[target].writesMade
                let leaf = String(moved[origin].prefix { $0 != "," })
                let place = String(moved[origin].dropFirst(leaf.count + 1))
                try await teams[origin].apply(.rename(ground.team("g", origin), to: leaf, under: place))
                try await eventually("moved") { try await teams[target].entry(moved[target]) != nil }
                #expect(try await teams[target].entry(moved[target])?[identity] == before[identity])
                #expect(try await daemon.settled()[target].writesMade == writes + 1)
                // Both sides are worked on further.
                func members(_ side: Side) async throws -> Set<String> {
                    let values = try await teams[side].entry(moved[side])?["member"] ?? []
                    return Set(values.map { Directory.leaf($0.lossyText).lowercased() })
                }
                try await teams.miniorange.apply(.join(moved.miniorange, ground.dn("b", .miniorange)))
                try await eventually("b comes, and the stranger stays") {
                    try await members(.ad) == [ground.person("a"), ground.person("b"), "s-1-5-11"]
                }
                try await ground[origin].apply(.delete(ground.dn("b", origin)))
                for side in Side.allCases {
                    let own: Set<String> = [ground.person("a")]
                    try await eventually("\(side.name): b is gone from members and manager, and nobody else") {
                        let entry = try await teams[side].entry(moved[side])
                        return try await members(side) == own.union(side == .ad ? ["s-1-5-11"] : [])
                            && entry?[side == .ad ? "managedBy" : "owner"].isEmpty == true
                    }
                }
                #expect(try await daemon.groupStatus().parkedMembers == 1)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test(
            "who stays although deleted on the other side stays in groups, or leaves them, as configured",
            arguments: ["keep", "remove"]
        )
        func kept(memberships: String) async throws {
            var settings = Ground.Settings(groups: Ground.Groups(memberships: "kept: \(memberships)"))
            settings.deletes = "policy: keep"
            let ground = try await Ground.make("gk\(memberships.prefix(1))", settings)
            try await ground.addPeople(["a", "b", "c"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b", "c"])
                let members = ["a", "b"].map { ground.dn($0, .ad) }
                try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g"), members: members))
                try await ground.hasMembers("g", ["a", "b"])
                // What comes after it in the feed shows that the delete was taken in.
                try await ground.ad.apply(
                    .delete(ground.dn("a", .ad)),
                    .join(ground.team("g", .ad), ground.dn("c", .ad))
                )
                try await ground.hasMembers("g", ["b", "c"], on: [.ad])
                let left: Set<String> = memberships == "keep" ? ["a", "b", "c"] : ["b", "c"]
                try await ground.hasMembers("g", left, on: [.miniorange])
                _ = try await daemon.settled()
                try await ground.hasMembers("g", left, on: [.miniorange])
                #expect(try await ground.miniorange.person(ground.person("a")) != nil)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
