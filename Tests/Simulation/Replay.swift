/// How a person plays a history again, and what it tells.
package enum Replay {
    package static func command(_ options: World.Options) -> String {
        var words = ["tools/simulate --seed \(options.seed) --steps \(options.steps)"]
        if let turns = options.turns { words.append("--turns \(TurnList.text(turns))") }
        if let kill = options.kill { words.append("--kill \(kill.isBefore ? "before" : "after"):\(kill.commit)") }
        if let mutant = options.mutant { words.append("--mutant \(mutant.rawValue)") }
        if options.followsLate != World.Options(seed: options.seed, steps: options.steps).followsLate {
            words.append("--late")
        }
        return words.joined(separator: " ")
    }

    /// What a test says of a history that failed: the reasons, how to play it again, and its end.
    package static func report(_ world: World) -> String {
        """
        \(world.failures.joined(separator: "\n"))
        Replay: \(command(world.options))
        \(world.trace.suffix(20).joined(separator: "\n"))
        """
    }
}
