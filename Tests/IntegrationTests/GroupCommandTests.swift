import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// What the admin's tool says of memberships.
    @Suite(.serialized)
    struct GroupCommandTests {
        private struct Trial: Decodable {
            struct Memberships: Decodable {
                struct Change: Decodable {
                    var side: String
                    var operation: String
                    var entry: String
                }
                var of: String
                var ad: Int
                var miniorange: Int
                var names: [String]
                var changes: [Change]
            }
            var memberships: Memberships?
        }

        private struct Plan: Decodable {
            struct Write: Decodable {
                var side: String
                var operation: String
                var name: String
                var added: Int?
                var removed: Int?
            }
            var writes: [Write]
        }

        private func decoded<Value: Decodable>(_ answer: Program.Answer) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(answer.output.utf8))
        }

        @Test("test-mapping and plan tell who would come to a group and who would go")
        func planned() async throws {
            var settings = Ground.Settings(groups: Ground.Groups())
            settings.deletes = "grace: 1h"
            let ground = try await Ground.make("gt", settings)
            try await ground.addPeople(["a", "b", "c"])
            try await withDaemon(ground) { daemon in
                try await ground.havePeople(["a", "b", "c"])
                let members = ["a", "b"].map { ground.dn($0, .ad) }
                try await ground.teams.ad.apply(ground.teams.ad.newGroup(ground.person("g"), members: members))
                try await ground.hasMembers("g", ["a", "b"])
                _ = try await daemon.settled()
                let equal = try await daemon.tool("test-mapping", ground.person("g"), "--json")
                #expect(equal.status == 0)
                let trial: Trial = try decoded(equal)
                #expect(trial.memberships?.ad == 2 && trial.memberships?.miniorange == 2)
                #expect(trial.memberships?.names.count == 2)
                let ofPerson: Trial = try decoded(try await daemon.tool("test-mapping", ground.person("a"), "--json"))
                #expect(ofPerson.memberships?.of == "groups" && ofPerson.memberships?.ad == 1)
                _ = try await daemon.tool("pause")
                try await ground.ad.apply(
                    .join(ground.team("g", .ad), ground.dn("c", .ad)),
                    .leave(ground.team("g", .ad), ground.dn("a", .ad))
                )
                try await eventually("both changes are told") {
                    let answer = try await daemon.tool("test-mapping", ground.person("g"), "--json")
                    let trial: Trial = try decoded(answer)
                    let changes = trial.memberships?.changes ?? []
                    return answer.status == 1 && changes.count == 2
                        && changes.contains { $0.operation == "add" && $0.entry.contains(ground.person("c")) }
                        && changes.contains { $0.operation == "remove" && $0.entry.contains(ground.person("a")) }
                        && changes.allSatisfy { $0.side == "miniorange" }
                }
                let plan: Plan = try decoded(try await daemon.tool("plan", "--json"))
                #expect(plan.writes.count == 1)
                let line = plan.writes.first
                #expect(line?.operation == "members" && line?.side == "miniorange")
                #expect(line?.added == 1 && line?.removed == 1)
                try await ground.hasMembers("g", ["a", "b"], on: [.miniorange])
                _ = try await daemon.tool("resume")
                try await ground.hasMembers("g", ["b", "c"])
                // Whose deletion waits is not put back into what he was in.
                try await ground.miniorange.apply(.delete(ground.dn("b", .miniorange)))
                try await ground.hasMembers("g", ["c"], on: [.miniorange])
                _ = try await daemon.settled()
                let waits: Trial = try decoded(try await daemon.tool("test-mapping", ground.person("g"), "--json"))
                #expect(waits.memberships?.changes.isEmpty == true)
                let rest: Plan = try decoded(try await daemon.tool("plan", "--json"))
                #expect(rest.writes.isEmpty)
            }
        }
    }
}
