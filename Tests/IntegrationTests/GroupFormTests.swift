import SyncModel
import Testing

extension SharedLabTests {
    /// Each form in which the LDAP side may hold who is in which group.
    @Suite(.serialized)
    struct GroupFormTests {
        @Test("members by uniqueMember come and go both ways, and the placeholder stays behind")
        func uniqueMember() async throws {
            let groups = Ground.Groups(miniorange: "membership: uniqueMember")
            let ground = try await Ground.make("fu", Ground.Settings(groups: groups))
            let attribute = "uniqueMember"
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                let teams = ground.teams
                try await teams.ad.apply(teams.ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)]))
                try await ground.hasMembers("g", ["a"], attribute: attribute)
                let group = ground.team("g", .miniorange)
                let joining = ground.dn("b", .miniorange) + "#'0101'B"
                try await teams.miniorange.apply(.join(group, joining, attribute: attribute))
                try await ground.hasMembers("g", ["a", "b"], on: [.ad])
                try await teams.miniorange.apply(.leave(group, ground.dn("a", .miniorange), attribute: attribute))
                try await ground.hasMembers("g", ["b"], on: [.ad])
                // What goes is the value as it stands there, the identifier behind the name included.
                try await teams.ad.apply(.leave(ground.team("g", .ad), ground.dn("b", .ad)))
                try await ground.hasMembers("g", [], attribute: attribute)
                try await teams.miniorange.apply(
                    teams.miniorange.newGroup(
                        ground.person("h"),
                        members: [ground.dn("b", .miniorange)],
                        classes: ["groupOfUniqueNames"],
                        attribute: attribute
                    )
                )
                try await ground.hasMembers("h", ["b"], attribute: attribute)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("members by memberUid follow the users' uid")
        func memberUid() async throws {
            let groups = Ground.Groups(miniorange: "membership: memberUid")
            let ground = try await Ground.make("fm", Ground.Settings(groups: groups))
            let attribute = "memberUid"
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                let teams = ground.teams
                try await teams.ad.apply(
                    teams.ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)], [("gidNumber", ["5001"])])
                )
                try await ground.hasMembers("g", ["a"], attribute: attribute)
                let group = ground.team("g", .miniorange)
                try await teams.miniorange.apply(.join(group, ground.person("b"), attribute: attribute))
                try await ground.hasMembers("g", ["a", "b"], attribute: attribute)
                // A uid that is nobody's stays where it is, and no other server gets to know of it.
                try await teams.miniorange.apply(.join(group, ground.person("ghost"), attribute: attribute))
                try await ground.miniorange.apply(
                    .rename(ground.dn("a", .miniorange), to: "uid=\(ground.person("z"))", under: nil)
                )
                try await ground.hasMembers("g", ["z", "b", "ghost"], on: [.miniorange], attribute: attribute)
                try await eventually("two at AD") { try await teams.ad.members(ground.person("g"))?.count == 2 }
                // Whoever gets the name is who was meant.
                try await ground.addPeople(["ghost"], on: .miniorange)
                try await eventually("three at AD") { try await teams.ad.members(ground.person("g"))?.count == 3 }
                try await teams.miniorange.apply(.leave(group, ground.person("b"), attribute: attribute))
                try await eventually("two again") { try await teams.ad.members(ground.person("g"))?.count == 2 }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        private func names(_ user: String, _ attribute: String, _ ground: Ground) async throws -> Set<String> {
            Set(try await ground.miniorange.person(ground.person(user))?[attribute].map(\.lossyText) ?? [])
        }

        @Test("a user's list of group names changes AD's groups and is changed by them; a new name makes a group")
        func namesAtTheUser() async throws {
            let attribute = "businessCategory"
            let groups = Ground.Groups(
                miniorange: "membership: user-attribute",
                memberships: "userAttribute: \(attribute), userValues: names, createMissing: true",
                isVirtual: true
            )
            let ground = try await Ground.make("fn", Ground.Settings(groups: groups))
            let ad = ground.teams.ad
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                try await ad.apply(ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)]))
                try await eventually("named at the user") {
                    try await names("a", attribute, ground) == [ground.person("g")]
                }
                try await ground.miniorange.apply(
                    .replace(
                        ground.dn("b", .miniorange),
                        attribute,
                        [Octets(ground.person("g")), Octets(ground.person("fresh"))]
                    )
                )
                try await ground.hasMembers("g", ["a", "b"], on: [.ad])
                try await ground.hasMembers("fresh", ["b"], on: [.ad])
                try await ad.apply(.rename(ground.team("g", .ad), to: "CN=\(ground.person("h"))", under: nil))
                for (user, wanted) in [("a", ["h"]), ("b", ["h", "fresh"])] {
                    try await eventually("\(user) is in \(wanted)") {
                        try await names(user, attribute, ground) == Set(wanted.map(ground.person))
                    }
                }
                try await daemon.settled()
                #expect(try await ad.members(ground.person("g")) == nil)
                try await ground.miniorange.apply(.replace(ground.dn("a", .miniorange), attribute, []))
                try await ground.hasMembers("h", ["b"], on: [.ad])
                try await ad.apply(.delete(ground.team("fresh", .ad)))
                try await eventually("b is in one") {
                    try await names("b", attribute, ground) == [ground.person("h")]
                }
                let state = try await daemon.settled()
                #expect(state.quarantined == 0 && state.waitingReferences == 0)
            }
        }

        @Test("a user's list of groups' DNs is kept in agreement with AD's groups")
        func distinguishedNamesAtTheUser() async throws {
            let attribute = "businessCategory"
            let groups = Ground.Groups(
                miniorange: """
                    membership: user-attribute, objectClass: [top, organizationalRole], filter: "(objectClass=organizationalRole)"
                    """,
                memberships: "userAttribute: \(attribute), userValues: dns"
            )
            let ground = try await Ground.make("fd", Ground.Settings(groups: groups))
            let ad = ground.teams.ad
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                try await ad.apply(ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)]))
                func isIn(_ user: String, _ groups: [String]) async throws {
                    let wanted = Set(groups.map { ground.team($0, .miniorange).lowercased() })
                    try await eventually("\(user) is in \(groups)") {
                        Set(try await names(user, attribute, ground).map { $0.lowercased() }) == wanted
                    }
                }
                try await isIn("a", ["g"])
                try await ground.miniorange.apply(
                    .replace(ground.dn("b", .miniorange), attribute, [Octets(ground.team("g", .miniorange))])
                )
                try await ground.hasMembers("g", ["a", "b"], on: [.ad])
                // No server follows a DN in such an attribute.
                try await ground.teams.miniorange.apply(
                    .rename(ground.team("g", .miniorange), to: "cn=\(ground.person("h"))", under: nil)
                )
                try await isIn("a", ["h"])
                try await isIn("b", ["h"])
                try await ground.hasMembers("h", ["a", "b"], on: [.ad])
                try await ground.miniorange.apply(.replace(ground.dn("a", .miniorange), attribute, []))
                try await ground.hasMembers("h", ["b"], on: [.ad])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("whose primary group it is shows as a member at the LDAP side, and AD is not written for it")
        func primaryGroup() async throws {
            let ground = try await Ground.make(
                "fp",
                Ground.Settings(groups: Ground.Groups(memberships: "primaryGroup: true"))
            )
            try await ground.addPeople(["a", "b"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b"])
                let members = ["a", "b"].map { ground.dn($0, .ad) }
                try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g"), members: members))
                try await ground.hasMembers("g", ["a", "b"])
                let sid = try #require(try await ground.ad.entry(ground.team("g", .ad))?["objectSid"].first)
                let number = sid.bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                try await ground.ad.set(ground.dn("a", .ad), "primaryGroupID", Octets("\(number)"))
                try await ground.hasMembers("g", ["b"], on: [.ad])
                try await ground.teams.ad.apply(.leave(ground.team("g", .ad), ground.dn("b", .ad)))
                try await ground.hasMembers("g", ["a"], on: [.miniorange])
                // Taken away there it comes back: it is AD's to say.
                try await ground.miniorange.apply(
                    .replace(ground.team("g", .miniorange), "member", [Octets(ground.dn("b", .miniorange))])
                )
                try await ground.hasMembers("g", ["a", "b"], on: [.miniorange])
                try await ground.hasMembers("g", ["b"], on: [.ad])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("flattened, the LDAP side shows everybody who is in a group by way of others")
        func flattened() async throws {
            let ground = try await Ground.make(
                "ff",
                Ground.Settings(groups: Ground.Groups(memberships: "nested: flatten"))
            )
            let ad = ground.teams.ad
            try await ground.addPeople(["a", "b", "c"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b", "c"])
                try await ad.apply(
                    ad.newGroup(ground.person("inner"), members: [ground.dn("a", .ad)]),
                    ad.newGroup(ground.person("outer"), members: [ground.team("inner", .ad), ground.dn("b", .ad)])
                )
                try await ground.hasMembers("outer", ["a", "b"], on: [.miniorange])
                try await ground.hasMembers("inner", ["a"], on: [.miniorange])
                try await ad.apply(.join(ground.team("inner", .ad), ground.dn("c", .ad)))
                try await ground.hasMembers("outer", ["a", "b", "c"], on: [.miniorange])
                try await ad.apply(.join(ground.team("inner", .ad), ground.team("outer", .ad)))
                try await ground.hasMembers("inner", ["a", "b", "c"], on: [.miniorange])
                try await ad.apply(.leave(ground.team("outer", .ad), ground.team("inner", .ad)))
                try await ground.hasMembers("outer", ["b"], on: [.miniorange])
                try await ground.hasMembers("inner", ["a", "b", "c"], on: [.miniorange])
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("only members of a group are in scope; who leaves it stays on the other side")
        func onlyMembersOf() async throws {
            var settings = Ground.Settings(groups: Ground.Groups())
            let gate = "CN=fo-gate,OU=fo,OU=Teams,DC=syncline,DC=test"
            settings.people.ad = "onlyMembersOf: \"\(gate)\""
            let ground = try await Ground.make("fo", settings)
            let ad = ground.teams.ad
            try await ground.addPeople(["a", "b"])
            try await ad.apply(ad.newGroup(ground.person("gate"), members: [ground.dn("a", .ad)]))
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a"])
                try await ground.hasMembers("gate", ["a"], on: [.miniorange])
                #expect(try await ground.miniorange.person(ground.person("b")) == nil)
                try await ad.apply(.join(gate, ground.dn("b", .ad)))
                try await ground.havePeople(["a", "b"])
                try await ad.apply(.leave(gate, ground.dn("a", .ad)))
                try await ground.ad.set(ground.dn("a", .ad), "title", "outside")
                try await ground.ad.set(ground.dn("b", .ad), "title", "inside")
                try await eventually("who is in scope is followed") {
                    try await ground.miniorange.person(ground.person("b"))?.text("title") == "inside"
                }
                _ = try await daemon.settled()
                let left = try #require(try await ground.miniorange.person(ground.person("a")))
                #expect(left["title"].isEmpty)
                try await ad.apply(.join(gate, ground.dn("a", .ad)))
                try await eventually("back in scope") {
                    try await ground.miniorange.person(ground.person("a"))?.text("title") == "outside"
                }
                #expect(try await daemon.settled().quarantined == 0)
            }
        }
    }
}
