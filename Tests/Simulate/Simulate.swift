import ArgumentParser
import Foundation
import Simulation

/// Plays simulated histories: one and how it goes, or as many as there is time for.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tools/simulate",
        abstract: "Plays simulated histories: both directories, their users and every mishap, decided by a seed.",
        discussion: """
            The same seed gives the same history. One that fails is made short, and told with the command that plays it again. \
            Exit code 1: a history failed.
            """
    )

    @Option(help: "The seed, or the first of several.") var seed: UInt64?
    @Option(help: "How many turns a history has before everything comes to rest.") var steps = 150
    @Option(help: "How many seeds, one after another.") var count: UInt64?
    @Option(help: "Play growing seeds on every core for so many minutes.") var minutes: Double?
    @Option(help: "On how many cores; all, unless told otherwise.") var cores: Int?
    @Option(help: "Take these turns only, such as 0-12,17.") var turns: TurnsArgument?
    @Option(help: "Kill the process at a transaction, such as before:17 or after:17.") var kill: KillArgument?
    @Option(help: "Plant a fault.") var mutant: MutantArgument?
    @Flag(help: "Let slapd rewrite names behind its answers.") var late = false
    @Flag(help: "Tell all that happens.") var trace = false
    @Flag(help: "Tell besides what the cache says of memberships.") var rows = false

    func validate() throws {
        guard seed != nil || minutes != nil else { throw ValidationError("Give --seed, --minutes, or both.") }
        let isOne = count == nil && minutes == nil
        if !isOne && (trace || rows || turns != nil || kill != nil || mutant != nil || late) {
            throw ValidationError("That goes with one history only, not with --count or --minutes.")
        }
    }

    func run() async throws {
        let isClean = count == nil && minutes == nil ? try playOne() : await playMany()
        if !isClean { throw ExitCode.failure }
    }

    private func playMany() async -> Bool {
        // Others than any campaign before had, unless told where to begin.
        let first = seed ?? UInt64(Date.now.timeIntervalSince1970) * 1_000_000
        let campaign = Campaign(
            first: first,
            count: count ?? .max,
            steps: steps,
            seconds: minutes.map { $0 * 60 } ?? .infinity
        ) { print($0) }
        let outcome = await campaign.run(cores: cores ?? ProcessInfo.processInfo.activeProcessorCount)
        for options in outcome.failed.sorted(by: { $0.seed < $1.seed }).prefix(5) {
            print("\nseed \(options.seed), made short:")
            shrinkAndTell(options)
        }
        let rate = Double(outcome.histories) / max(outcome.seconds, 0.001)
        print(
            "\(outcome.histories) histories from seed \(first) in \(Int(outcome.seconds)) s, "
                + "\(String(format: "%.1f", rate)) a second; \(outcome.clean) clean, \(outcome.failed.count) failed"
        )
        return outcome.failed.isEmpty
    }

    private func playOne() throws -> Bool {
        var options = World.Options(seed: seed ?? 0, steps: steps, mutant: mutant?.mutant)
        options.turns = turns?.turns
        options.kill = kill?.point
        options.tracesRows = rows
        if late { options.followsLate = true }
        let world = try World(options)
        world.play()
        if trace || rows {
            print(world.trace.joined(separator: "\n"))
        }
        guard !world.failures.isEmpty else {
            if !trace && !rows { print("Clean.") }
            return true
        }
        print(Replay.report(world))
        if !trace && !rows { shrinkAndTell(options) }
        return false
    }

    private func shrinkAndTell(_ options: World.Options) {
        do {
            guard var shrinker = try Shrinker(options) else { return print("It does not fail when played again.") }
            try shrinker.shrink()
            var short = shrinker.options
            short.keepsTrace = true
            let world = try World(short)
            world.play()
            print(world.trace.joined(separator: "\n"))
            print("\(short.turns?.count ?? 0) turns: \(world.failures.first ?? "")\n  \(Replay.command(short))")
        } catch {
            print("It could not be made short: \(error)")
        }
    }
}
