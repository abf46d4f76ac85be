import SyncModel
import Testing

/// Outside writers on both sides change the same entries at the same time.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct RaceTests {
    private static let people = 40
    private static let rounds = 60

    @Test(
        "in thousands of races every value is on both sides, was replaced by a later one, or is in the conflict report"
    )
    func races() async throws {
        var settings = Ground.Settings()
        settings.conflicts = "rule: newest"
        let ground = try await Ground.make("ra", settings)
        try await ground.ad.apply((0..<RaceTests.people).map { ground.ad.newPerson(ground.person("p\($0)")) })
        try await withDaemon(ground) { daemon in
            try await Agreement.reached(ground)
            let both = PerSide(
                ad: try await Contestant.make(ground, .ad, people: RaceTests.people),
                miniorange: try await Contestant.make(ground, .miniorange, people: RaceTests.people)
            )
            async let ad: Void = write(both.ad)
            async let miniorange: Void = write(both.miniorange)
            _ = try await (ad, miniorange)
            try await Agreement.reached(ground, within: .seconds(240))
            let status = try await daemon.settled()
            #expect(status.quarantined == 0)
            try await Contestant.expectNothingLost(ground, both, conflicts: status.conflicts)
        }
    }

    private func write(_ contestant: Contestant) async throws {
        for _ in 0..<RaceTests.rounds { try await contestant.write() }
    }
}
