import Foundation
import SyncModel
import Testing

/// The daemon is killed over and over, wherever it happens to be.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct CrashTests {
    /// Moments are drawn from this, so that a run can be told from its seed.
    private struct Moments: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let kills = 12

    @Test(
        "killed again and again in a first load and in a stream of changes, both sides agree in the end and nobody stands twice"
    )
    func killed() async throws {
        let seed = UInt64(Date().timeIntervalSince1970)
        var moments = Moments(state: seed)
        let ground = try await Ground.make("ki")
        try await ground.ad.apply((0..<200).map { ground.ad.newPerson(ground.person("a\($0)"), [("title", ["t"])]) })
        try await ground.miniorange.apply((0..<200).map { ground.miniorange.newPerson(ground.person("a\($0 + 100)")) })

        for _ in 0..<CrashTests.kills {
            let daemon = try Daemon.start(ground)
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...900, using: &moments)))
            #expect(daemon.isRunning, "seed \(seed): it ended by itself: \(daemon.log.suffix(2_000))")
            await daemon.kill()
        }
        let first = try Daemon.start(ground)
        try await Agreement.reached(ground, within: .seconds(240))
        let loaded = try await first.settled()
        #expect(loaded.quarantined == 0)
        await first.kill()
        try await expectEverybodyOnce(ground, 300, seed)

        let logged = first.log.count
        let streams = try await stream(ground)
        for _ in 0..<CrashTests.kills {
            let daemon = try Daemon.start(ground)
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...700, using: &moments)))
            #expect(daemon.isRunning, "seed \(seed): it ended by itself: \(daemon.log.suffix(2_000))")
            await daemon.kill()
        }
        for stream in streams { try await stream.value }
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground, within: .seconds(240))
            let status = try await daemon.settled()
            #expect(status.quarantined == 0 && status.conflicts == loaded.conflicts, "seed \(seed): \(status)")
            #expect(!daemon.log.dropFirst(logged).contains("everything is read again"), "seed \(seed)")
            try await expectEverybodyOnce(ground, 330, seed)
            let people = try await ground.miniorange.people()
            #expect(people.filter { $0.text("mobile") == "round 4" && $0.text("title") == "round 4" }.count == 300)
        }
    }

    private func expectEverybodyOnce(_ ground: Ground, _ count: Int, _ seed: UInt64) async throws {
        for side in Side.allCases {
            let people = try await ground[side].people()
            #expect(people.count == count, "seed \(seed): on \(side.name)")
            #expect(Set(people.map { $0.text(side == .ad ? "samaccountname" : "uid") }).count == people.count)
        }
    }

    /// Somebody else's changes to other attributes of the same people on both sides, and new people, all through the kills.
    private func stream(_ ground: Ground) async throws -> [Task<Void, any Error>] {
        var tasks: [Task<Void, any Error>] = []
        for side in Side.allCases {
            let directory = ground[side]
            let names = try await directory.people().map(\.dn)
            tasks.append(
                Task {
                    for round in 0..<5 {
                        try await directory.apply(
                            names.map {
                                .replace($0, side == .ad ? "title" : "mobile", [Octets("round \(round)")])
                            }
                        )
                        try await directory.apply(
                            (0..<3).map { directory.newPerson(ground.person("n\(side.name.prefix(1))\(round)\($0)")) }
                        )
                        try await Task.sleep(for: .milliseconds(500))
                    }
                }
            )
        }
        return tasks
    }
}
