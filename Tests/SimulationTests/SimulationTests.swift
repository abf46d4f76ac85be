import Simulation
import Testing

struct SimulationTests {
    /// Runs one history and tells how to run it again.
    private static func play(_ options: World.Options) throws -> World {
        let world = try World(options)
        world.play()
        return world
    }

    @Test(arguments: 0..<30)
    func `Whatever happens, both sides come to agree and nothing is lost or invented`(_ group: Int) throws {
        for seed in UInt64(group * 10)..<UInt64(group * 10 + 10) {
            let world = try Self.play(World.Options(seed: seed, steps: 150))
            #expect(world.failures.isEmpty, "\(Replay.report(world))")
        }
    }

    /// Seeds whose worlds have no groups, and hold deletes.
    private static let holding = (UInt64(1_000_000)..<1_001_200).filter {
        World.Options(seed: $0, steps: 150).limitsDeletes
    }

    @Test(arguments: 0..<4)
    func `No more deletes are carried than the limit allows without a person, and nothing else waits for them`(
        _ group: Int
    ) throws {
        let seeds = Self.holding.dropFirst(group * 10).prefix(10)
        #expect(seeds.count == 10)
        var decisions = 0
        for seed in seeds {
            let world = try Self.play(World.Options(seed: seed, steps: 250))
            #expect(world.failures.isEmpty, "\(Replay.report(world))")
            decisions += world.trace.count { $0.hasPrefix("person: ") }
        }
        #expect(decisions > 0)
    }

    /// Each showed something that was wrong once, with slapd following a rename at once.
    private static let instructive: [UInt64] = [
        722, 50409, 51446, 60284, 80029, 80523, 90718, 90753, 90806, 91826, 92423, 92693, 202878, 203624, 204496,
        301855, 302546, 304094,
    ]
    /// And some time after it.
    private static let instructiveLate: [UInt64] = [
        400311, 401769, 402049, 402241, 402856, 404336, 404499, 405049, 405669, 500406, 500526, 500931,
    ]

    @Test(arguments: instructive.map { ($0, false) } + instructiveLate.map { ($0, true) })
    func `What went wrong once goes well`(_ seed: UInt64, followsLate: Bool) throws {
        var options = World.Options(seed: seed, steps: 150)
        options.followsLate = followsLate
        let world = try Self.play(options)
        #expect(world.failures.isEmpty, "\(Replay.report(world))")
    }

    @Test(arguments: [UInt64(1), 7, 13, 29, 40])
    func `The same seed gives the same trace, line by line`(_ seed: UInt64) throws {
        let one = try Self.play(World.Options(seed: seed, steps: 300))
        let other = try Self.play(World.Options(seed: seed, steps: 300))
        #expect(one.trace == other.trace)
        #expect(one.trace.count > 150)
        #expect(try Self.play(World.Options(seed: seed + 1, steps: 300)).trace != one.trace)
    }

    @Test(arguments: Mutant.allCases)
    func `A planted fault is found`(_ mutant: Mutant) throws {
        let isFound = try (UInt64(0)..<40).contains { seed in
            try !Self.play(World.Options(seed: seed, steps: 200, mutant: mutant)).failures.isEmpty
        }
        #expect(isFound)
    }

    @Test(arguments: [Mutant.losesMembers, .inventsRemovals])
    func `A membership that is lost, or taken away unasked, is found as one`(_ mutant: Mutant) throws {
        let isFound = try (UInt64(0)..<40).contains { seed in
            try Self.play(World.Options(seed: seed, steps: 200, mutant: mutant)).failures.contains {
                $0.contains(" in G")
            }
        }
        #expect(isFound)
    }
}
