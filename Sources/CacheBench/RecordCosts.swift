import BenchSamples
import Cache
import Glibc
import SyncModel

/// What one change of a burst costs in the cache, with its line of history and its stamp and without.
struct RecordCosts {
    private static let rounds = 7
    private static let changes = 2_000
    private let population: CachePopulation
    private let people: Int

    init(_ population: CachePopulation, people: Int) {
        self.population = population
        self.people = people
    }

    /// Microseconds of the processor for a change, of each round.
    func measure(_ cache: Cache) throws -> [(name: String, microseconds: [Double])] {
        var bare: [Double] = []
        var whole: [Double] = []
        for round in 0..<Self.rounds {
            bare.append(try change(cache, round: 2 * round, keepsRecords: false))
            whole.append(try change(cache, round: 2 * round + 1, keepsRecords: true))
        }
        return [("bareChange", bare), ("change", whole)]
    }

    /// One transaction: as the engine takes in a change of one side, notes what is to be written, and settles it.
    private func change(_ cache: Cache, round: Int, keepsRecords: Bool) throws -> Double {
        let begin = Self.processorSeconds()
        let count = min(people, Self.changes)
        try cache.write { transaction in
            for index in 0..<count {
                // All over the cache, as changes come.
                let number = index * (people / count)
                let raw = population.samples.rawPair(number)
                for side in Side.allCases {
                    var attributes = side == .ad ? raw.ad : raw.miniorange
                    let old = population.replica(number, side, attributes, version: UInt64(number))
                    attributes["title"] = [Octets("title \(round)")]
                    let new = population.replica(number, side, attributes, version: UInt64(number + round + 1))
                    try transaction.put(new, replacing: old)
                    guard let id = try transaction.pairID(side, new.anchor), var pair = try transaction.pair(id) else {
                        continue
                    }
                    let stored = pair
                    pair.base?["title"] = [Octets("title \(round) at \(side.name)")]
                    try transaction.put(pair, replacing: stored)
                    guard keepsRecords, side == .miniorange else { continue }
                    try transaction.append(
                        HistoryRecord(
                            pair: id,
                            time: Timestamp(milliseconds: 1_767_268_800_000 + Int64(round * count + index)),
                            event: .modified,
                            side: side,
                            cause: .changedAtAD,
                            attributes: ["title"],
                            before: ["title": ["the title before"]]
                        )
                    )
                    try population.putStamp(number, side, transaction)
                }
            }
        }
        return (Self.processorSeconds() - begin) * 1e6 / Double(count)
    }

    /// What this thread has had of a core, whatever else the machine does.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
