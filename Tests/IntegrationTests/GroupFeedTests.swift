import SyncModel
import Testing

/// Memberships by the ways in which the servers tell of them.
enum EveryKindOfMembership {
    static func arrives(ad: String, miniorange: String) async throws {
        let tag = "gf\(ad.prefix(1))\(miniorange.prefix(2))"
        let settings = Ground.Settings(
            ad: "feed: \(ad)",
            miniorange: "feed: \(miniorange)",
            groups: Ground.Groups()
        )
        let ground = try await Ground.make(tag, settings)
        let people = (0..<30).map { "p\($0)" }
        try await ground.addPeople(people)
        let members = people.prefix(20).map { ground.dn($0, .ad) }
        try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g"), members: members))
        try await withDaemon(ground) { daemon in
            try await ground.hasMembers("g", Set(people.prefix(20)))
            for side in Side.allCases {
                let joining = side == .ad ? "p20" : "p21"
                let leaving = side == .ad ? "p0" : "p1"
                try await ground[side].apply(.join(ground.team("g", side), ground.dn(joining, side)))
                try await ground[side].apply(.leave(ground.team("g", side), ground.dn(leaving, side)))
            }
            try await ground.hasMembers("g", Set(people[2..<22]))
            // What no server tells: a member that is deleted, and one that is renamed.
            try await ground.ad.apply(.delete(ground.dn("p2", .ad)))
            try await ground.hasMembers("g", Set(people[3..<22]))
            try await ground.miniorange.apply(.delete(ground.dn("p3", .miniorange)))
            try await ground.hasMembers("g", Set(people[4..<22]))
            try await ground.teams.miniorange.apply(
                ground.teams.miniorange.newGroup(ground.person("h"), members: [ground.dn("p9", .miniorange)])
            )
            try await ground.hasMembers("h", ["p9"])
            try await ground.miniorange.apply(
                .replace(ground.team("h", .miniorange), "member", [Octets(ground.dn("p10", .miniorange))])
            )
            try await ground.hasMembers("h", ["p10"])
            let status = try await daemon.settled()
            #expect(status.quarantined == 0 && status.conflicts == 0)
            #expect(status.ad.feed.contains(ad) && status.miniorange.feed.contains(miniorange))
        }
    }
}

extension SharedLabTests {
    @Suite(.serialized)
    struct GroupFeedTests {
        @Test("memberships come and go by any feed", arguments: ["accesslog", "polling"])
        func feeds(miniorange: String) async throws {
            try await EveryKindOfMembership.arrives(ad: "usn", miniorange: miniorange)
        }
    }
}
