import SyncModel
import Testing

extension SharedLabTests {
    /// Groups, and who is in them, changed on either side by somebody else.
    @Suite(.serialized)
    struct GroupTests {
        private static let settings = Ground.Settings(groups: Ground.Groups())

        @Test("a group is made, described, renamed and deleted", arguments: Side.allCases)
        func entries(origin: Side) async throws {
            let ground = try await Ground.make("ge\(origin.name.prefix(1))", Self.settings)
            let (source, target) = (ground.teams[origin], ground.teams[origin.opposite])
            let (old, new) = (ground.person("old"), ground.person("new"))
            try await withDaemon(ground) { daemon in
                try await ground.addPeople(["a", "b"], on: origin)
                let members = [ground.dn("a", origin), ground.dn("b", origin)]
                try await source.apply(source.newGroup(old, members: members, [("description", ["one"])]))
                try await ground.hasMembers("old", ["a", "b"])
                try await eventually("described") {
                    try await target.entry(target.group(old))?.text("description") == "one"
                }
                let identity = origin == .ad ? "entryUUID" : "objectGUID"
                let before = try #require(try await target.entry(target.group(old)))
                try await source.set(source.group(old), "description", "two")
                try await source.apply(
                    .rename(source.group(old), to: "\(origin == .ad ? "CN" : "cn")=\(new)", under: nil)
                )
                try await eventually("renamed") {
                    try await target.entry(target.group(new))?.text("description") == "two"
                }
                try await ground.hasMembers("new", ["a", "b"])
                #expect(try await target.entry(target.group(new))?[identity] == before[identity])
                #expect(try await target.entry(target.group(old)) == nil)
                if origin == .miniorange {
                    #expect(try await target.entry(target.group(new))?.text("sAMAccountName") == new)
                }
                try await source.apply(.delete(source.group(new)))
                try await eventually("deleted") { try await target.entry(target.group(new)) == nil }
                let status = try await daemon.settled()
                #expect(status.quarantined == 0 && status.conflicts == 0)
                #expect(try await daemon.groupStatus().groups == 0)
            }
        }

        @Test("members that both sides add and remove at once all come and all go")
        func bothSides() async throws {
            let ground = try await Ground.make("gb", Self.settings)
            let people = ["a1", "a2", "m1", "m2", "both"]
            try await ground.addPeople(people)
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(people)
                try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g")))
                try await ground.hasMembers("g", [])
                let group = PerSide(ad: ground.team("g", .ad), miniorange: ground.team("g", .miniorange))
                // One side's change may have come to the other before that makes the same.
                func both(_ changes: @escaping @Sendable (Side) -> [DirectoryChange]) async throws {
                    async let ad: Void = ground.ad.applyWhatIsTaken(changes(.ad))
                    async let miniorange: Void = ground.miniorange.applyWhatIsTaken(changes(.miniorange))
                    _ = try await (ad, miniorange)
                }
                try await both { side in
                    let own = side == .ad ? ["a1", "a2"] : ["m1", "m2"]
                    return (own + ["both"]).map { .join(group[side], ground.dn($0, side)) }
                }
                try await ground.hasMembers("g", Set(people))
                try await both { side in [.leave(group[side], ground.dn(side == .ad ? "m1" : "a1", side))] }
                try await ground.hasMembers("g", ["a2", "m2", "both"])
                // One removes whom the other removes as well, and each adds somebody.
                try await both { side in
                    [
                        .leave(group[side], ground.dn("both", side)),
                        .join(group[side], ground.dn(side == .ad ? "m1" : "a1", side)),
                    ]
                }
                try await ground.hasMembers("g", ["a1", "a2", "m1", "m2"])
                let status = try await daemon.settled()
                #expect(status.quarantined == 0 && status.conflicts == 0)
                let counts = try await daemon.groupStatus()
                #expect(counts.groups == 1 && counts.ad.memberships == 4 && counts.miniorange.memberships == 4)
            }
        }

        @Test("a member's rename and deletion take the membership along, and no other", arguments: Side.allCases)
        func renamedAndDeletedMembers(origin: Side) async throws {
            let ground = try await Ground.make("gr\(origin.name.prefix(1))", Self.settings)
            let source = ground[origin]
            try await ground.addPeople(["a", "b", "c"], on: origin)
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b", "c"])
                let members = ["a", "b", "c"].map { ground.dn($0, origin) }
                try await ground.teams[origin].apply(
                    ground.teams[origin].newGroup(ground.person("g"), members: members)
                )
                try await ground.hasMembers("g", ["a", "b", "c"])
                // Named anew on the LDAP side; in AD that is an account's name and no DN.
                let renamed = origin == .ad ? "CN" : "uid"
                try await source.apply(
                    .rename(ground.dn("a", origin), to: "\(renamed)=\(ground.person("z"))", under: nil)
                )
                if origin == .ad {
                    try await source.set(
                        "CN=\(ground.person("z")),\(source.base)",
                        "sAMAccountName",
                        Octets(ground.person("z"))
                    )
                }
                try await ground.hasMembers("g", ["z", "b", "c"], on: [.miniorange])
                try await source.apply(.delete(ground.dn("b", origin)))
                try await ground.hasMembers("g", ["z", "c"], on: [.miniorange])
                try await eventually("gone at AD") {
                    try await ground.teams.ad.members(ground.person("g"))?.count == 2
                }
                // The group is used on, from the other side.
                let other = origin.opposite
                try await ground[other].apply(.leave(ground.team("g", other), ground.dn("c", other)))
                try await eventually("one is left on \(origin.name)") {
                    try await ground.teams[origin].members(ground.person("g"))?.count == 1
                }
                let status = try await daemon.settled()
                #expect(status.quarantined == 0 && status.conflicts == 0)
            }
        }

        @Test("groups stay in groups, also in a circle", arguments: Side.allCases)
        func nested(origin: Side) async throws {
            let ground = try await Ground.make("gn\(origin.name.prefix(1))", Self.settings)
            let teams = ground.teams[origin]
            try await ground.addPeople(["a"], on: origin)
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a"])
                let leaf = [ground.dn("a", origin)]
                try await teams.apply(
                    teams.newGroup(ground.person("inner"), members: leaf),
                    teams.newGroup(ground.person("outer"), members: [ground.team("inner", origin)])
                )
                try await ground.hasMembers("outer", ["inner"])
                try await teams.apply(.join(ground.team("inner", origin), ground.team("outer", origin)))
                try await ground.hasMembers("inner", ["a", "outer"])
                let other = origin.opposite
                try await ground.teams[other].apply(.leave(ground.team("inner", other), ground.team("outer", other)))
                try await ground.hasMembers("inner", ["a"])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a member that is out of scope stays where it is, and crosses when it comes into scope")
        func outOfScope() async throws {
            let ground = try await Ground.make("go", Self.settings)
            let (ad, miniorange) = (ground.lab.directory(.ad), ground.lab.directory(.miniorange))
            let outside = PerSide(ad: ad.dn(ground.person("oa")), miniorange: miniorange.dn(ground.person("om")))
            try await ad.apply(ad.newPerson(ground.person("oa")))
            try await miniorange.apply(miniorange.newPerson(ground.person("om")))
            try await ground.addPeople(["in"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["in"])
                try await ground.teams.ad.apply(
                    ground.teams.ad.newGroup(ground.person("g"), members: [outside.ad, ground.dn("in", .ad)])
                )
                try await ground.hasMembers("g", ["in"], on: [.miniorange])
                try await ground.miniorange.apply(.join(ground.team("g", .miniorange), outside.miniorange))
                try await eventually("one parked on each side") {
                    try await daemon.groupStatus().parkedMembers == 2
                }
                try await ground.hasMembers("g", ["in", "oa"], on: [.ad])
                try await ground.hasMembers("g", ["in", "om"], on: [.miniorange])
                try await ad.apply(.rename(outside.ad, to: "CN=\(ground.person("oa"))", under: ground.ad.base))
                try await miniorange.apply(
                    .rename(outside.miniorange, to: "uid=\(ground.person("om"))", under: ground.miniorange.base)
                )
                try await ground.hasMembers("g", ["in", "oa", "om"])
                try await eventually("all are in scope") {
                    let status = try await daemon.groupStatus()
                    return status.ad.memberships == 3 && status.miniorange.memberships == 3
                }
                // Who leaves the scope is still a member where it is.
                try await ad.apply(.rename(ground.dn("oa", .ad), to: "CN=\(ground.person("oa"))", under: ad.base))
                try await ground.teams.ad.apply(.leave(ground.team("g", .ad), ground.dn("in", .ad)))
                try await ground.hasMembers("g", ["oa", "om"])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("the placeholder of an empty group never crosses, and goes when somebody comes")
        func placeholder() async throws {
            let ground = try await Ground.make("gp", Self.settings)
            try await ground.addPeople(["a"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a"])
                let teams = ground.teams
                try await teams.ad.apply(teams.ad.newGroup(ground.person("g")))
                try await eventually("empty, by a placeholder") {
                    try await teams.miniorange.members(ground.person("g")) == [Ground.placeholder]
                }
                try await teams.miniorange.apply(.join(ground.team("g", .miniorange), ground.dn("a", .miniorange)))
                try await ground.hasMembers("g", ["a"])
                try await teams.ad.apply(.leave(ground.team("g", .ad), ground.dn("a", .ad)))
                try await eventually("empty again") {
                    try await teams.miniorange.members(ground.person("g")) == [Ground.placeholder]
                }
                #expect(try await teams.ad.members(ground.person("g"))?.isEmpty == true)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("a member that AD refuses is named and set aside, and those beside it come")
        func refused() async throws {
            let ground = try await Ground.make("gx", Self.settings)
            try await ground.addPeople(["a", "b", "c"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b", "c"])
                try await ground.teams.ad.apply(
                    ground.teams.ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)])
                )
                try await ground.hasMembers("g", ["a"])
                // AD keeps the members of a primary group elsewhere, and takes nobody twice.
                let sid = try #require(try await ground.ad.entry(ground.team("g", .ad))?["objectSid"].first)
                let number = sid.bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                try await ground.ad.set(ground.dn("a", .ad), "primaryGroupID", Octets("\(number)"))
                try await ground.hasMembers("g", [])
                let group = ground.team("g", .miniorange)
                try await ground.miniorange.apply(
                    .join(group, ground.dn("b", .miniorange), ground.dn("a", .miniorange), ground.dn("c", .miniorange))
                )
                try await ground.hasMembers("g", ["b", "c"], on: [.ad])
                try await eventually("named") {
                    let refused = try await daemon.groupStatus().refused
                    return refused.count == 1 && refused[0].member.contains(ground.person("a"))
                        && refused[0].side == "ad" && refused[0].operation == "add"
                }
                #expect(try await daemon.settled().quarantine.contains { $0.reason.contains(ground.person("a")) })
                try await ground.miniorange.apply(.leave(group, ground.dn("a", .miniorange)))
                try await ground.hasMembers("g", ["b", "c"])
                try await eventually("nothing is set aside any more") {
                    let status = try await daemon.settled()
                    return try await daemon.groupStatus().refusedMembers == 0 && status.quarantined == 0
                }
            }
        }

        @Test("a reference vanishes with its target, and follows it before", arguments: Side.allCases)
        func references(origin: Side) async throws {
            let ground = try await Ground.make("gm\(origin.name.prefix(1))", Self.settings)
            let (source, target) = (ground[origin], ground[origin.opposite])
            try await withDaemon(ground) { daemon in
                try await ground.addPeople(["boss"], on: origin)
                try await source.apply(
                    source.newPerson(ground.person("x"), [("manager", [Octets(ground.dn("boss", origin))])])
                )
                try await eventually("referred to") {
                    let manager = try await target.person(ground.person("x"))?.text("manager")
                    return manager.map(Directory.leaf)?.lowercased() == ground.person("boss").lowercased()
                }
                try await source.apply(.delete(ground.dn("boss", origin)))
                for side in Side.allCases {
                    try await eventually("\(side.name): refers to nobody") {
                        try await ground[side].person(ground.person("x"))?["manager"].isEmpty == true
                    }
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
