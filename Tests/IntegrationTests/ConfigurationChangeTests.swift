import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// What an admin does to the configuration, rightly and wrongly.
    @Suite(.serialized)
    struct ConfigurationChangeTests {
        @Test("a mapped attribute that is added while the daemon runs reaches those who are there already")
        func addedAttribute() async throws {
            let ground = try await Ground.make("cf")
            try await ground.ad.apply(
                ground.ad.newPerson(ground.person("ad"), [("info", ["from AD"])])
            )
            try await ground.miniorange.apply(
                ground.miniorange.newPerson(ground.person("mo"), [("businessCategory", ["from LDAP"])])
            )
            try await withDaemon(ground) { daemon in
                try await Agreement.reached(ground)
                #expect(try await ground.miniorange.person(ground.person("ad"))?["businessCategory"] == [])
                var settings = Ground.Settings()
                settings.attributes = "{preset: default, rules: [{ad: info, miniorange: businessCategory}]}"
                try ground.configure(settings)
                daemon.reload()
                try await eventually("the new rule's values on both sides") {
                    let first = try await ground.miniorange.person(ground.person("ad"))?["businessCategory"]
                    let second = try await ground.ad.person(ground.person("mo"))?["info"]
                    return first == ["from AD"] && second == ["from LDAP"]
                }
                let status = try await daemon.settled()
                #expect(status.conflicts == 0 && status.quarantined == 0)
                try await Agreement.reached(ground)
            }
        }

        @Test("a broken file is reported, and the old configuration goes on")
        func brokenReload() async throws {
            let ground = try await Ground.make("br")
            try await withDaemon(ground) { daemon in
                let good = try String(contentsOfFile: ground.configurationFile, encoding: .utf8)
                try (good + "directoin: both\n").write(
                    toFile: ground.configurationFile,
                    atomically: true,
                    encoding: .utf8
                )
                daemon.reload()
                try await eventually("the log names the mistake and its line") {
                    daemon.log.contains("directoin") && daemon.log.contains("is not used")
                }
                try good.write(toFile: ground.configurationFile, atomically: true, encoding: .utf8)
                try await ground.ad.apply(ground.ad.newPerson(ground.person("still")))
                try await Agreement.reached(ground)
            }
        }

        @Test(
            "whoever stops it in the middle of a reload has stopped it",
            arguments: [0, 2, 5, 10, 20, 40, 80, 160]
        )
        func stopAmidReload(milliseconds: Int) async throws {
            let ground = try await Ground.make("sr\(milliseconds)")
            try await withDaemon(ground) { daemon in
                daemon.reload()
                try await Task.sleep(for: .milliseconds(milliseconds))
                #expect(await daemon.terminate(within: .seconds(60)) == 0, "\(daemon.log.suffix(2_000))")
            }
        }

        @Test("a bad configuration ends with 78 and its line and column")
        func badConfiguration() async throws {
            let ground = try await Ground.make("bc")
            try "version: 1\nobjcts: []\n".write(toFile: ground.configurationFile, atomically: true, encoding: .utf8)
            let daemon = try Daemon.start(ground)
            #expect(await daemon.ended() == 78)
            #expect(daemon.log.contains("\(ground.configurationFile):2:1"), "\(daemon.log)")
        }

        @Test("a password file that others may read ends with 78 and the remedy")
        func readablePassword() async throws {
            var settings = Ground.Settings()
            let lab = try #require(Lab.current)
            let file = "\(lab["LAB_DIR"])/readable.password"
            try "secret".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
            settings.passwordFile.ad = file
            let ground = try await Ground.make("rp", settings)
            let daemon = try Daemon.start(ground)
            #expect(await daemon.ended() == 78)
            #expect(daemon.log.contains(file) && daemon.log.contains("600"), "\(daemon.log)")
            #expect(!daemon.log.contains("secret"))
        }

        @Test(
            "a side that can't be used is named with the reason, and the daemon keeps trying",
            arguments: Side.allCases
        )
        func unusableSide(side: Side) async throws {
            let ground = try await Ground.make("us\(side.name.prefix(1))")
            let file = "\(ground.folder)/wrong.password"
            try "wrong".write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            var settings = Ground.Settings()
            settings.passwordFile[side] = file
            try await expectProblem(ground, side, settings, ["49"])
            settings = Ground.Settings()
            settings.account[side] = side == .ad ? "nobody@syncline.test" : "cn=nobody,dc=syncline,dc=test"
            try await expectProblem(ground, side, settings, ["49"])
            settings = Ground.Settings()
            settings.servers[side] = ["ldaps://\(ground.lab["LAB_ADDRESS"]):9"]
            try await expectProblem(ground, side, settings, [":9"])
        }

        private func expectProblem(
            _ ground: Ground,
            _ side: Side,
            _ settings: Ground.Settings,
            _ words: [String]
        ) async throws {
            try ground.configure(settings)
            try await withDaemon(ground, isLive: false) { daemon in
                var last: Status?
                try await eventually("\(words) in \(last?.problems ?? [])") {
                    last = try await daemon.status()
                    return last?.problems.contains { problem in
                        problem.hasPrefix("\(side.name):") && words.allSatisfy { problem.contains($0) }
                    } == true
                }
                #expect(last?.state == "degraded" || last?.state == "loading", "\(last?.state ?? "")")
                #expect(try await daemon.tool("status").status == 1)
                #expect(!daemon.log.contains("wrong\n"))
            }
        }
    }
}
