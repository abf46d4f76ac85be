import Foundation
import Testing

struct SimulationTests {
    /// Runs one history and tells how to run it again.
    private static func play(_ options: World.Options) throws -> World {
        let world = try World(options)
        try world.play()
        return world
    }

    private static func report(_ world: World) -> String {
        let tail = world.trace.suffix(ProcessInfo.processInfo.environment["SYNCLINE_TRACE"] == nil ? 20 : 1_000_000)
        return """
            \(world.failures.joined(separator: "\n"))
            Replay: tools/simulate --seed \(world.options.seed) --steps \(world.options.steps)
            \(tail.joined(separator: "\n"))
            """
    }

    @Test(arguments: 0..<30)
    func `Whatever happens, both sides come to agree and nothing is lost or invented`(_ group: Int) throws {
        for seed in UInt64(group * 10)..<UInt64(group * 10 + 10) {
            let world = try Self.play(World.Options(seed: seed, steps: 150))
            #expect(world.failures.isEmpty, "\(Self.report(world))")
        }
    }

    /// Each showed something that was wrong once, with slapd following a rename at once.
    private static let instructive: [UInt64] = [
        722, 50409, 51446, 60284, 80029, 80523, 90718, 90753, 90806, 91826, 92423, 92693, 202878, 203624, 204496,
        301855, 302546,
        304094,
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
        #expect(world.failures.isEmpty, "\(Self.report(world))")
    }

    @Test(arguments: [UInt64(1), 7, 13, 29, 40])
    func `The same seed gives the same trace, line by line`(_ seed: UInt64) throws {
        let one = try Self.play(World.Options(seed: seed, steps: 300))
        let other = try Self.play(World.Options(seed: seed, steps: 300))
        #expect(one.trace == other.trace)
        #expect(one.trace.count > 150)
        #expect(try Self.play(World.Options(seed: seed + 1, steps: 300)).trace != one.trace)
    }

    @Test(arguments: Canary.allCases)
    func `A planted fault is found`(_ canary: Canary) throws {
        let isFound = try (UInt64(0)..<40).contains { seed in
            try !Self.play(World.Options(seed: seed, steps: 200, canary: canary)).failures.isEmpty
        }
        #expect(isFound)
    }

    @Test(arguments: [Canary.losesMembers, .inventsRemovals])
    func `A membership that is lost, or taken away unasked, is found as one`(_ canary: Canary) throws {
        let isFound = try (UInt64(0)..<40).contains { seed in
            try Self.play(World.Options(seed: seed, steps: 200, canary: canary)).failures.contains {
                $0.contains(" in G")
            }
        }
        #expect(isFound)
    }

    static let environment = ProcessInfo.processInfo.environment

    /// tools/simulate: SYNCLINE_SEED, and with it SYNCLINE_SEEDS (how many, 1), SYNCLINE_STEPS (150), SYNCLINE_STRIDE (from one to the
    /// next, 1; 5 keeps to one form of groups), SYNCLINE_TRACE (rows: with what the cache says of memberships), SYNCLINE_LATE (slapd's
    /// refint is behind in every world, not in some).
    @Test(.enabled(if: environment["SYNCLINE_SEED"] != nil))
    func `Replay`() throws {
        let first = UInt64(Self.environment["SYNCLINE_SEED"] ?? "") ?? 0
        let count = UInt64(Self.environment["SYNCLINE_SEEDS"] ?? "") ?? 1
        let steps = Int(Self.environment["SYNCLINE_STEPS"] ?? "") ?? 150
        var failed: [String] = []
        let stride = UInt64(Self.environment["SYNCLINE_STRIDE"] ?? "") ?? 1
        for seed in (0..<count).map({ first + $0 * stride }) {
            var options = World.Options(seed: seed, steps: steps)
            if Self.environment["SYNCLINE_LATE"] != nil { options.followsLate = true }
            options.tracesRows = Self.environment["SYNCLINE_TRACE"] == "rows"
            let world = try Self.play(options)
            if !world.failures.isEmpty { failed.append("seed \(seed): \(world.failures[0])") }
            if count == 1 && Self.environment["SYNCLINE_TRACE"] != nil { print(world.trace.joined(separator: "\n")) }
        }
        #expect(failed.isEmpty, "\(failed.count) of \(count) failed:\n\(failed.joined(separator: "\n"))")
    }
}
