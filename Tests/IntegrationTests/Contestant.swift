import Cache
import Foundation
import SyncModel
import Synchronization
import Testing

/// Somebody who changes people at one side while somebody else changes the same people at the other, and remembers what was written.
final class Contestant: Sendable {
    /// What was written last to an attribute of a person, and between which moments.
    struct Written: Sendable {
        var value: Octets
        var start: Date
        var end: Date
    }

    /// In every so many rounds the title is written, too, for which both sides contend.
    static let titleRounds = 3

    let directory: Directory
    /// The attribute that nobody else writes.
    let alone: String
    /// Account name and DN.
    let people: [(name: String, dn: String)]
    private let state = Mutex<(titles: [String: Written], rounds: Int)>(([:], 0))

    private init(_ directory: Directory, alone: String, people: [(name: String, dn: String)]) {
        self.directory = directory
        self.alone = alone
        self.people = people
    }

    /// For the people `p0`, `p1` … of a ground, who are at both sides already.
    static func make(_ ground: Ground, _ side: Side, people count: Int) async throws -> Contestant {
        var people: [(String, String)] = []
        for number in 0..<count {
            let name = ground.person("p\(number)")
            people.append((name, try #require(try await ground[side].person(name)).dn))
        }
        return Contestant(ground[side], alone: side == .ad ? "mobile" : "pager", people: people)
    }

    var titles: [String: Written] { state.withLock { $0.titles } }

    /// What `alone` holds of a person in the end.
    func last(of name: String) -> Octets { state.withLock { Octets("\($0.rounds - 1) of \(name)") } }

    /// Writes all people once.
    ///
    /// - Parameter patience: how long it is tried while the server is away.
    func write(patience: Duration = .zero) async throws {
        let round = state.withLock { $0.rounds }
        let writesTitle = round.isMultiple(of: Self.titleRounds)
        func title(_ name: String) -> Octets { Octets("\(directory.side.name) \(round) of \(name)") }
        var changes: [DirectoryChange] = []
        for (name, dn) in people {
            changes.append(.replace(dn, alone, [Octets("\(round) of \(name)")]))
            if writesTitle { changes.append(.replace(dn, "title", [title(name)])) }
        }
        let start = Date()
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                try await directory.apply(changes)
                break
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        let end = Date()
        state.withLock { state in
            state.rounds += 1
            guard writesTitle else { return }
            for (name, _) in people { state.titles[name] = Written(value: title(name), start: start, end: end) }
        }
    }

    /// Every value that either of the two wrote is on both sides, was replaced by a later one, or is in the conflict report.
    static func expectNothingLost(_ ground: Ground, _ both: PerSide<Contestant>, conflicts: Int) async throws {
        let records = try Self.conflicts(ground)
        #expect(records.count == conflicts)
        let titles = PerSide(ad: both.ad.titles, miniorange: both.miniorange.titles)
        for (name, _) in both.ad.people {
            let ad = try #require(try await ground.ad.person(name))
            let miniorange = try #require(try await ground.miniorange.person(name))
            for entry in [ad, miniorange] {
                for side in Side.allCases {
                    let who = both[side]
                    #expect(entry[who.alone] == [who.last(of: name)], "\(name): \(who.alone) is lost")
                }
            }
            #expect(ad["title"] == miniorange["title"])
            let last = PerSide(ad: try #require(titles.ad[name]), miniorange: try #require(titles.miniorange[name]))
            let winner = try #require(
                Side.allCases.first { [last[$0].value] == ad["title"] },
                "\(name) has an older title"
            )
            let loser = last[winner.opposite]
            let isReported = records.contains { $0.values[winner.opposite] == [loser.value] && $0.winner == winner }
            // Without a conflict the winner's write came later than the loser's.
            #expect(
                isReported || last[winner].end > loser.start,
                "\(name): \(winner.opposite.name)'s title is lost"
            )
        }
    }

    /// Values that stand in the conflict report, whoever lost.
    private static func conflicts(_ ground: Ground) throws -> [ConflictRecord] {
        let cache = try Cache.open(at: ground.cacheFolder, mode: .readOnly)
        defer { try? cache.close() }
        return try cache.read { try $0.conflicts().map(\.record) }
    }
}
