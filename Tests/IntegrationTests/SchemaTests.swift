import Foundation
import Support
import SyncModel
import Testing

extension SharedLabTests {
    /// `--json` on real servers.
    @Suite(.serialized)
    struct SchemaTests {
        @Test("what every command prints for machines is what the schemas promise")
        func promised() async throws {
            var settings = Ground.Settings(groups: Ground.Groups())
            settings.hasContainers = true
            settings.conflicts = "rule: hold"
            let ground = try await Ground.make("js", settings)
            let schema = try JSONSchema(folder: Lab.repository.appending(path: "conf/schema"))
            func expect(_ definition: String, _ words: String..., areLines: Bool = false) async throws {
                let command = ["\(Daemon.folder)/syncline"] + words + ["--json", "--config", ground.configurationFile]
                let answer = try await Program.run(command)
                #expect(answer.status < 2, "\(words): \(answer)")
                // Messages for people, of which there are none here: above all nothing of accounts that are only planned.
                #expect(answer.errors.isEmpty || words.first == "cache", "\(words): \(answer.errors)")
                for text in areLines ? answer.output.split(separator: "\n").map(String.init) : [answer.output] {
                    let problems = try schema.problems(text, definition)
                    #expect(problems.isEmpty, "\(words): \(problems.joined(separator: "\n"))")
                }
            }
            let person = ground.person("a")
            try await ground.addPeople(["a", "b"])
            try await ground.teams.ad.apply(
                ground.teams.ad.newGroup(ground.person("g"), members: [ground.dn("a", .ad)])
            )
            try await expect("check.json#/$defs/check", "check")
            try await expect("plan.json#/$defs/plan", "plan")
            try await expect("test-mapping.json#/$defs/test-mapping", "test-mapping", person)
            try await withDaemon(ground) { daemon in
                try await ground.hasMembers("g", ["a"])
                try await expect("steering.json#/$defs/answer", "pause")
                for side in Side.allCases {
                    try await ground[side].set(ground.dn("a", side), "title", Octets(side.name))
                }
                try await ground.ad.apply(.leave(ground.team("g", .ad), ground.dn("a", .ad)))
                try await eventually("it waits") { (try await daemon.status()?.backlog ?? 0) > 1 }
                try await expect("status.json#/$defs/status", "status")
                try await expect("plan.json#/$defs/plan", "plan")
                for entry in [person, ground.person("g")] {
                    try await expect("test-mapping.json#/$defs/test-mapping", "test-mapping", entry)
                    try await expect("cache.json#/$defs/get", "cache", "get", entry)
                }
                try await expect("cache.json#/$defs/difference", "cache", "diff", areLines: true)
                try await expect("steering.json#/$defs/answer", "resume")
                try await ground.hasMembers("g", [])
                try await daemon.settled()
                try await expect("conflicts.json#/$defs/list", "conflicts", "list")
                try await expect("conflicts.json#/$defs/conflict", "conflicts", "show", "1")
                try await expect("conflicts.json#/$defs/export", "conflicts", "export", "--format", "json")
                try await expect("explain.json#/$defs/entry", "explain", person)
                try await expect("explain.json#/$defs/membership", "explain", ground.person("g"), "member", person)
                try await expect("conflicts.json#/$defs/results", "conflicts", "resolve", "1", "--take", "ad")
                try await expect("steering.json#/$defs/answer", "resync", person)
                try await daemon.settled()
                try await expect("verify.json#/$defs/verify", "verify")
                try await expect("status.json#/$defs/comparison", "reconcile")
                try await expect("cache.json#/$defs/stats", "cache", "stats", "--fill")
                try await expect("cache.json#/$defs/history", "cache", "history", person)
                try await expect("cache.json#/$defs/past", "cache", "history", person, "--at", "1h")
                try await expect("cache.json#/$defs/entry", "cache", "search", "(cn=*)", areLines: true)
                try await expect("cache.json#/$defs/pair", "cache", "export", "--format", "jsonl", areLines: true)
                try await expect("cache.json#/$defs/verify", "cache", "verify")
            }
            try await expect("conflicts.json#/$defs/conflict", "conflicts", "show", "1")
        }
    }
}
