import Foundation
import SyncModel
import Testing

extension SharedLabTests {
    /// What may befall the cache, besides a crash. A cache of a newer format is the cache's own tests' matter.
    @Suite(.serialized)
    struct CacheFaultTests {
        @Test("a damaged cache ends the daemon with the reason and what to do")
        func damaged() async throws {
            let ground = try await Ground.make("dm")
            try await ground.ad.apply(ground.ad.newPerson(ground.person("anna")))
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            let file = "\(ground.cacheFolder)/data.mdb"
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            try handle.write(contentsOf: Data(repeating: 0xA5, count: 3 * 4_096))
            try handle.close()
            let daemon = try Daemon.start(ground)
            let status = await daemon.ended()
            #expect(status != 0 && status > 0 && status != 78, "ended with \(status)")
            #expect(
                daemon.log.contains(ground.cacheFolder) && daemon.log.contains("move the directory away"),
                "\(daemon.log.suffix(800))"
            )
            #expect(try await ground.miniorange.people().count == 1)
        }

        @Test("a second daemon on the same cache is refused, by the number of the first")
        func second() async throws {
            let ground = try await Ground.make("se")
            try await withDaemon(ground) { daemon in
                let second = try Daemon.start(ground)
                let status = await second.ended()
                #expect(status > 0)
                #expect(daemon.log.contains("process \(daemon.identifier)"), "\(daemon.log.suffix(800))")
                try await ground.ad.apply(ground.ad.newPerson(ground.person("anna")))
                try await Agreement.reached(ground)
            }
        }

        @Test(
            "other directories than those that the cache is of are refused, and nothing is written",
            arguments: Side.allCases
        )
        func foreign(side: Side) async throws {
            let ground = try await Ground.make("fo\(side.name.prefix(1))")
            try await ground.ad.apply((0..<5).map { ground.ad.newPerson(ground.person("p\($0)")) })
            try await withDaemon(ground) { _ in try await Agreement.reached(ground) }
            // The base under the same name, but another entry, and empty: what another, or a newly made, directory looks like.
            try await ground[side].apply(try await ground[side].people().map { .delete($0.dn) })
            try await ground[side].apply(.delete(ground[side].base))
            try await ground.lab.directory(side).addContainer(String(ground.person("").dropLast()))
            let before = try await ground[side.opposite].people()
            try await withDaemon(ground, isLive: false) { daemon in
                var last: Status?
                try await eventually("the problem is told: \(last?.problems ?? [])") {
                    last = try await daemon.status()
                    return last?.problems.contains { $0.contains("another entry") } == true
                }
                #expect(last?.state != "live")
                #expect(last?.ad.writesMade == 0 && last?.miniorange.writesMade == 0)
                #expect(try await daemon.tool("status").status == 1)
            }
            #expect(Set(try await ground[side.opposite].people()) == Set(before))
            #expect(try await ground[side].people().isEmpty)
        }

        @Test("a full disk is told, ends nothing, and work goes on when there is room")
        func fullDisk() async throws {
            let lab = try #require(Lab.current)
            let disk = "\(lab["LAB_DIR"])/disk"
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            try await Program.succeed(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "none", disk])
            var settings = Ground.Settings()
            settings.cache = "\(disk)/cache"
            let ground = try await Ground.make("di", settings)
            let result: Result<Void, any Error>
            do {
                try await fill(ground, disk)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            try await Program.succeed(["umount", disk])
            try result.get()
        }

        private func fill(_ ground: Ground, _ disk: String) async throws {
            try await withDaemon(ground) { daemon in
                try await ground.ad.apply((0..<5).map { ground.ad.newPerson(ground.person("p\($0)")) })
                try await Agreement.reached(ground)
                _ = try await Program.run(["dd", "if=/dev/zero", "of=\(disk)/full", "bs=4k"])
                let text = Octets(String(repeating: "x", count: 1_000))
                try await ground.ad.apply(
                    (0..<400).map { ground.ad.newPerson(ground.person("f\($0)"), [("description", [text])]) }
                )
                try await eventually("the full disk is told") {
                    try await daemon.status()?.problems.contains { $0.contains("no space") } == true
                }
                #expect(try await daemon.tool("status").status == 1)
                try FileManager.default.removeItem(atPath: "\(disk)/full")
                try await Program.succeed(["mount", "-o", "remount,size=64m", disk])
                try await Agreement.reached(ground)
                let status = try await daemon.settled()
                #expect(status.problems.isEmpty && status.pairs >= 405)
            }
        }
    }
}
