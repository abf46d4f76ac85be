import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// Deletions under control, on the real servers: limit and holds, grace, and what else a policy makes of them.
    @Suite(.serialized)
    struct DeletionTests {
        private struct Hold: Decodable {
            struct Cause: Decodable {
                var cause: String
                var held: Int
                var words: String
            }
            var id: UInt64
            var kind: String
            var object: String?
            var side: String
            var causes: [Cause]
        }

        private func holds(_ daemon: Daemon) async throws -> [Hold] {
            try JSONDecoder().decode([Hold].self, from: Data(try await daemon.tool("holds", "--json").output.utf8))
        }

        private func held(_ daemon: Daemon) async throws -> Int {
            try await holds(daemon).flatMap(\.causes).reduce(0) { $0 + $1.held }
        }

        private func ground(_ tag: String, _ deletes: String, containers: Bool = false) async throws -> Ground {
            var settings = Ground.Settings(hasContainers: containers)
            settings.deletes = deletes
            settings.groups = Ground.Groups()
            return try await Ground.make(tag, settings)
        }

        private func unit(_ name: String, _ side: Side, _ ground: Ground) -> String {
            "\(side == .ad ? "OU" : "ou")=\(name),\(ground[side].base)"
        }

        @Test(
            "a container that is deleted with many in it is one cause; some are approved, the rest comes back with its memberships"
        )
        func container() async throws {
            let ground = try await ground("dh", "limit: {count: 5, percent: 100}", containers: true)
            let names = (0..<12).map { ground.person("s\($0)") }
            let sales = unit("Sales", .ad, ground)
            try await ground.ad.addContainer("Sales")
            try await ground.ad.apply(
                names.map { ground.ad.newPerson($0, under: sales) } + [ground.ad.newPerson(ground.person("other"))]
            )
            let team = ground.person("team")
            try await ground.teams.ad.apply(
                ground.teams.ad.newGroup(team, members: names.map { "CN=\($0),\(sales)" })
            )
            let before = try await withDaemon(ground) { daemon in
                try await eventually("a team of all") {
                    try await ground.teams.miniorange.members(team)?.isSuperset(of: names) == true
                }
                try await daemon.settled()
                return try await ground.miniorange.people()
            }
            // Nobody looks meanwhile, so all of them are learned at once.
            try await ground.ad.apply(names.map { .delete("CN=\($0),\(sales)") } + [.delete(sales)])
            try await ground.ad.set(ground.ad.dn(ground.person("other")), "title", "flows")
            let first = try Daemon.start(ground)
            try await eventually("all are held, and the other one's change is there") {
                let other = try await ground.miniorange.person(ground.person("other"))
                return try await held(first) == 12 && other?.text("title") == "flows"
            }
            let status = try await first.tool("status")
            #expect(status.status == 1 && status.output.contains("HOLD"), "\(status.output)")
            try await eventually("the alarm") { first.log.contains("a person must decide") }
            await first.kill()

            try await withDaemon(ground) { daemon in
                let hold = try #require(try await holds(daemon).first)
                #expect(hold.kind == "deletions" && hold.object == "people" && hold.side == "miniorange")
                let cause = try #require(hold.causes.first)
                #expect(hold.causes.count == 1 && cause.held == 12 && cause.words.contains("ou=Sales"), "\(cause)")
                #expect(try await ground.miniorange.people().count == before.count)

                let id = "\(hold.id)"
                let preview = try await daemon.tool("approve", id)
                #expect(preview.status == 1 && preview.errors.contains("--yes"), "\(preview)")
                #expect(try await daemon.tool("approve", id, "--entry", names[0], names[1], "--yes").status == 0)
                try await eventually("two are gone") {
                    try await ground.miniorange.people().count == before.count - 2
                }
                let reject = try await daemon.tool("reject", id, "--cause", cause.cause, "--yes")
                #expect(reject.status == 0 && reject.output.contains("objectSid"), "\(reject)")
                try await eventually("the rest is there again, in its container and its team") {
                    let members = try await ground.teams.ad.members(team)
                    return members == Set(names.dropFirst(2).map { $0.lowercased() })
                }
                for name in names.dropFirst(2) { #expect(try await ground.ad.entry("CN=\(name),\(sales)") != nil) }
                try await Agreement.reached(ground)
                #expect(try await daemon.tool("holds").status == 0)
                #expect(try await daemon.settled().quarantined == 0)
            }
        }

        @Test("many that are deleted one by one are held under who deleted them; approved, they go")
        func oneByOne() async throws {
            let ground = try await ground("do", "limit: {count: 3, percent: 100}")
            let names = (0..<8).map { ground.person("p\($0)") }
            try await ground.ad.apply(names.map { ground.ad.newPerson($0) })
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                try await ground.miniorange.apply(names.dropFirst(2).map { .delete(ground.miniorange.dn($0)) })
                try await eventually("what is not gone is held") {
                    let left = try await ground.ad.people().count - 2
                    let held = try await held(daemon)
                    return left > 0 && held == left
                }
                let hold = try #require(try await holds(daemon).first)
                #expect(hold.side == "ad")
                #expect(hold.causes.map(\.cause) == [ground.miniorange.account], "\(hold.causes)")
                let list = try await daemon.tool("holds", "\(hold.id)")
                #expect(list.output.split(separator: "\n").count == hold.causes[0].held)
                #expect(try await daemon.tool("approve", "--all", "--yes").status == 0)
                try await Agreement.reached(ground)
                #expect(try await ground.ad.people().count == 2)
                #expect(try await daemon.tool("approve", "\(hold.id)", "--yes").status == 2)
            }
        }

        @Test(
            "who is created again within the grace keeps the other side's entry; after it the entry goes",
            arguments: Side.allCases
        )
        func grace(deleting: Side) async throws {
            let ground = try await ground("dg\(deleting.name.prefix(1))", "grace: 20s")
            let names = [ground.person("back"), ground.person("gone")]
            try await ground.ad.apply(names.map { ground.ad.newPerson($0) })
            let identity = deleting == .ad ? "entryUUID" : "objectGUID"
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let side = ground[deleting]
                let other = ground[deleting.opposite]
                let before = try #require(try await other.person(names[0]))
                try await side.apply(.delete(side.dn(names[0])))
                try await eventually("it waits") {
                    try await daemon.tool("status").output.contains("1 learned and not carried yet")
                }
                try await side.apply(side.newPerson(names[0], [("title", ["again"])]))
                try await side.apply(.delete(side.dn(names[1])))
                try await eventually("one is changed, one is gone") {
                    let back = try await other.person(names[0])
                    let gone = try await other.person(names[1])
                    return back?.text("title") == "again" && gone == nil
                }
                #expect(try await other.person(names[0])?[identity] == before[identity])
                try await Agreement.reached(ground)
            }
        }

        @Test(
            "by disable the account is disabled and stays, and works again when the person comes back",
            arguments: Side.allCases
        )
        func disable(deleting: Side) async throws {
            let ground = try await ground("dd\(deleting.name.prefix(1))", "policy: disable")
            // Groups have no accounts.
            var settings = Ground.Settings()
            settings.deletes = "policy: disable"
            try ground.configure(settings)
            let name = ground.person("x")
            try await ground.miniorange.apply(ground.miniorange.newPerson(name))
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let side = ground[deleting]
                let other = ground[deleting.opposite]
                let dn = try #require(try await side.person(name)).dn
                let kept = try #require(try await other.person(name))
                try await side.apply(.delete(dn))
                try await eventually("disabled") {
                    let entry = try await other.person(name)
                    return deleting == .ad
                        ? entry?.text("pwdaccountlockedtime") == "000001010000Z"
                        : (Int(entry?.text("useraccountcontrol") ?? "") ?? 0) & 2 != 0
                }
                _ = try await daemon.settled()
                #expect(try await side.person(name) == nil)
                try await side.apply(side.newPerson(name))
                try await eventually("the same one, with the new one's state") {
                    let entry = try await other.person(name)
                    // At AD a new person of the tests is disabled, at the other side enabled.
                    return deleting == .ad
                        ? entry?.dn == kept.dn : (Int(entry?.text("useraccountcontrol") ?? "") ?? 2) & 2 == 0
                }
                try await Agreement.reached(ground)
                #expect(try await other.people().count == 1)
            }
        }

        @Test("by move the entry stands among those who left, and comes back from there", arguments: Side.allCases)
        func move(deleting: Side) async throws {
            let ground = try await ground("dm\(deleting.name.prefix(1))", "")
            var settings = Ground.Settings()
            let leavers = PerSide(ad: unit("Leavers", .ad, ground), miniorange: unit("Leavers", .miniorange, ground))
            settings.deletes =
                "policy: move, containers: {ad: \"\(leavers.ad)\", miniorange: \"\(leavers.miniorange)\"}, disable: true"
            try ground.configure(settings)
            for side in Side.allCases { try await ground[side].addContainer("Leavers") }
            let name = ground.person("x")
            try await ground.miniorange.apply(ground.miniorange.newPerson(name))
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                let side = ground[deleting]
                let other = ground[deleting.opposite]
                try await side.apply(.delete(try #require(try await side.person(name)).dn))
                try await eventually("moved") {
                    try await other.person(name)?.dn.lowercased().hasSuffix(leavers[deleting.opposite].lowercased())
                        == true
                }
                _ = try await daemon.settled()
                #expect(try await side.people().isEmpty)
                try await side.apply(side.newPerson(name))
                try await eventually("back in its place") {
                    try await other.person(name)?.dn.lowercased() == other.dn(name).lowercased()
                }
                try await Agreement.reached(ground)
            }
        }
    }
}
