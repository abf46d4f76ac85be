import Cache
import Foundation
import SyncModel
import Testing

/// Outside writers on both sides change the same entries at the same time.
@Suite(.enabled(if: Lab.isPossible), .lab(), .serialized)
struct RaceTests {
    /// What one writer wrote last to an attribute of a person, and between which moments.
    private struct Written: Sendable {
        var value: Octets
        var start: Date
        var end: Date
    }

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
            // Each side has an attribute that nobody else writes, and both write the title.
            async let adWrites = write(ground.ad, ground, alone: "mobile")
            async let miniorangeWrites = write(ground.miniorange, ground, alone: "pager")
            let written = PerSide(ad: try await adWrites, miniorange: try await miniorangeWrites)
            try await Agreement.reached(ground, within: .seconds(90))
            let status = try await daemon.settled()
            #expect(status.quarantined == 0)

            let records = try conflicts(ground)
            #expect(records.count == status.conflicts)
            for number in 0..<RaceTests.people {
                let name = ground.person("p\(number)")
                let ad = try #require(try await ground.ad.person(name))
                let miniorange = try #require(try await ground.miniorange.person(name))
                let alone = Octets("\(RaceTests.rounds - 1) of \(name)")
                for entry in [ad, miniorange] {
                    #expect(entry["mobile"] == [alone] && entry["pager"] == [alone], "\(name): lost")
                }
                #expect(ad["title"] == miniorange["title"])
                try expectNothingLost(name, ad["title"], written, records)
            }
        }
    }

    private func write(_ directory: Directory, _ ground: Ground, alone: String) async throws -> [String: Written] {
        var names: [(String, String)] = []
        for number in 0..<RaceTests.people {
            let name = ground.person("p\(number)")
            names.append((name, try #require(try await directory.person(name)).dn))
        }
        var written: [String: Written] = [:]
        for round in 0..<RaceTests.rounds {
            let start = Date()
            var changes: [DirectoryChange] = []
            for (name, dn) in names {
                changes.append(.replace(dn, alone, [Octets("\(round) of \(name)")]))
                // Only now and then: the title is what both fight for.
                if round % 3 == 0 {
                    changes.append(.replace(dn, "title", [Octets("\(directory.side.name) \(round) of \(name)")]))
                }
            }
            try await directory.apply(changes)
            let end = Date()
            if round % 3 == 0 {
                for (name, _) in names {
                    written[name] = Written(
                        value: Octets("\(directory.side.name) \(round) of \(name)"),
                        start: start,
                        end: end
                    )
                }
            }
        }
        return written
    }

    /// Values that stand in the conflict report, whoever lost.
    private func conflicts(_ ground: Ground) throws -> [ConflictRecord] {
        let cache = try Cache.open(at: ground.cacheFolder, mode: .readOnly)
        defer { try? cache.close() }
        return try cache.read { try $0.conflicts().map(\.record) }
    }

    private func expectNothingLost(
        _ name: String,
        _ title: [Octets],
        _ written: PerSide<[String: Written]>,
        _ records: [ConflictRecord]
    ) throws {
        let last = PerSide(ad: try #require(written.ad[name]), miniorange: try #require(written.miniorange[name]))
        let winner = try #require(Side.allCases.first { [last[$0].value] == title }, "\(name) has an older title")
        let loser = last[winner.opposite]
        let isReported = records.contains { $0.values[winner.opposite] == [loser.value] && $0.winner == winner }
        // Without a conflict the winner's write came later than the loser's.
        #expect(isReported || last[winner].end > loser.start, "\(name): \(winner.opposite.name)'s title is lost")
    }
}
