import Foundation
import SyncModel
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Users that are on every machine, each with a group of the same name.
private enum Somebody: String {
    case look = "games"
    case operate = "man"
    case approve = "mail"
    case nobody = "news"
}

extension SharedLabTests {
    /// Other users of the machine, who can read neither the cache nor a password, and have a role by their group.
    @Suite(
        .serialized,
        .enabled("the programs, or the Swift runtime, are in a place that is closed to other users") {
            try await Program.run(Daemon.tool(as: Somebody.nobody.rawValue) + ["--version"]).status == 0
        }
    )
    struct RoleTests {
        /// Everything that waits for a person: a conflict, an entry in quarantine, deletions.
        private struct Scene {
            var ground: Ground
            var daemon: Daemon
            var conflict = ""
            var hold = ""
            var refused = ""
            var held: [String] = []

            func run(_ actor: Somebody, _ words: String...) async throws -> Program.Answer {
                try await run(actor, words)
            }

            func run(_ actor: Somebody, _ words: [String]) async throws -> Program.Answer {
                try await Program.run(
                    Daemon.tool(as: actor.rawValue) + words + ["--config", ground.configurationFile]
                )
            }
        }

        private func scene(_ ground: Ground, _ daemon: Daemon) async throws -> Scene {
            var scene = Scene(ground: ground, daemon: daemon, refused: ground.person("refused"))
            scene.held = (0..<8).map { ground.person("h\($0)") }
            let name = ground.person("x")
            try await ground.ad.apply(([name] + scene.held).map { ground.ad.newPerson($0) })
            try await Agreement.reached(ground)
            #expect(try await daemon.tool("pause").status == 0)
            for side in Side.allCases {
                let dn = try #require(try await ground[side].person(name)).dn
                try await ground[side].set(dn, "title", Octets("by \(side.name)"))
            }
            try await eventually("both are known") {
                let known = try await daemon.tool("cache", "get", name).output
                return Side.allCases.allSatisfy { known.contains("by \($0.name)") }
            }
            #expect(try await daemon.tool("resume").status == 0)
            try await ground.ad.apply(ground.ad.newPerson(scene.refused, [("mail", ["jürgen@syncline.test"])]))
            try await ground.miniorange.apply(scene.held.dropFirst(2).map { .delete(ground.miniorange.dn($0)) })
            try await eventually("all of it waits") {
                let status = try await daemon.settled()
                let holds = try await daemon.tool("holds")
                // Below the head, each line begins with the number.
                let conflicts = try await daemon.tool("conflicts", "list", "--state", "held").output
                scene.conflict =
                    conflicts.split(separator: "\n").dropFirst().first?.split(separator: " ").first.map(String.init)
                    ?? ""
                scene.hold = holds.output.split(whereSeparator: " :".contains).dropFirst().first.map(String.init) ?? ""
                return status.quarantined == 1 && !scene.conflict.isEmpty && holds.status == 1
            }
            return scene
        }

        @Test("who has a role can do all that it permits, by the socket alone, and no more")
        func byTheSocketAlone() async throws {
            var settings = Ground.Settings()
            settings.conflicts = "rule: hold"
            settings.deletes = "limit: {count: 3, percent: 100}"
            settings.admin =
                "roles: {look: [\(Somebody.look.rawValue)], operate: [\(Somebody.operate.rawValue)], approve: [\(Somebody.approve.rawValue)]}"
            let ground = try await Ground.make("rl", settings)
            chmod(ground.folder, 0o755)
            chmod(ground.configurationFile, 0o644)
            try await withDaemon(ground) { daemon in
                let scene = try await scene(ground, daemon)
                try await whoLooks(scene)
                try await whoOperates(scene)
                try await whoApproves(scene)
                try await whoHasNone(scene)
                let asked = daemon.log.split(separator: "\n").filter { $0.contains("Asked for") }
                #expect(!asked.contains { $0.contains("/queries/") }, "who looks steers nothing")
                #expect(daemon.log.contains("user=\(Somebody.approve.rawValue)"), "\(daemon.log.suffix(2_000))")
            }
        }

        private func whoLooks(_ scene: Scene) async throws {
            for (code, part, words) in [
                (1, scene.refused, ["quarantine"]), (1, "syncline approve \(scene.hold)", ["holds"]),
                (1, scene.held[7], ["holds", scene.hold]), (1, "title", ["conflicts", "list"]),
                (0, "by miniorange", ["conflicts", "show", scene.conflict]),
                (0, "by miniorange", ["explain", scene.ground.person("x"), "title"]),
                (1, "are deleted on ad as well", ["approve", scene.hold]), (1, "quarantine", ["status"]),
            ] as [(Int32, String, [String])] {
                let answer = try await scene.run(.look, words)
                #expect(answer.status == code && answer.output.contains(part), "\(words): \(answer)")
            }
            for (role, answer) in [
                ("operate", try await scene.run(.look, "pause")),
                ("operate", try await scene.run(.look, "quarantine", "retry", "--all")),
                ("approve", try await scene.run(.look, "approve", scene.hold, "--yes")),
                ("approve", try await scene.run(.look, "conflicts", "resolve", scene.conflict, "--take", "ad")),
            ] {
                #expect(answer.status == 2 && answer.errors.contains("it takes the role \(role)"), "\(answer)")
            }
            // The cache itself is the account's.
            let closed = try await scene.run(.look, "cache", "get", scene.held[0])
            #expect(closed.status == 2 && closed.output.isEmpty, "\(closed)")
        }

        private func whoOperates(_ scene: Scene) async throws {
            for answer in [
                try await scene.run(.operate, "pause"), try await scene.run(.operate, "resume"),
                try await scene.run(.operate, "quarantine", "drop", scene.refused),
                try await scene.run(.operate, "quarantine", "retry", "--all"),
                try await scene.run(.operate, "resync", scene.held[0]),
            ] { #expect(answer.status == 0, "\(answer)") }
            let refused = try await scene.run(.operate, "reject", scene.hold, "--yes")
            #expect(refused.status == 2 && refused.errors.contains("it takes the role approve"), "\(refused)")
        }

        private func whoApproves(_ scene: Scene) async throws {
            let ground = scene.ground
            let settled = try await scene.run(.approve, "conflicts", "resolve", scene.conflict, "--take", "miniorange")
            #expect(settled.status == 0 && settled.output.contains("by miniorange"), "\(settled)")
            try await eventually("the chosen value on both sides") {
                try await ground.ad.person(ground.person("x"))?.text("title") == "by miniorange"
            }
            let rejected = try await scene.run(.approve, "reject", scene.hold, "--yes")
            #expect(rejected.status == 0 && rejected.output.contains("done for"), "\(rejected)")
            _ = try await scene.daemon.settled()
            #expect(try await scene.run(.approve, "holds").status == 0)
        }

        private func whoHasNone(_ scene: Scene) async throws {
            for answer in [
                try await scene.run(.nobody, "status"), try await scene.run(.nobody, "holds"),
                try await scene.run(.nobody, "conflicts", "resolve", scene.conflict, "--take", "ad"),
            ] {
                #expect(answer.status == 2 && answer.output.isEmpty, "\(answer)")
                #expect(answer.errors.contains("\(Somebody.nobody.rawValue) may not do this"), "\(answer)")
            }
            // A configuration that can't be read leaves the usual place of the socket, which no test listens at.
            chmod(scene.ground.configurationFile, 0o600)
            defer { chmod(scene.ground.configurationFile, 0o644) }
            guard !FileManager.default.fileExists(atPath: "/run/syncline/admin.sock") else { return }
            for answer in [try await scene.run(.look, "status"), try await scene.run(.look, "quarantine")] {
                #expect(answer.status == 2 && answer.errors.contains("which you may not read"), "\(answer)")
            }
        }
    }
}
