/// Makes a failing history short: turns are left out as long as it fails in the same way (Zeller and Hildebrandt's delta debugging).
package struct Shrinker {
    /// The shortest history found so far, which fails.
    package private(set) var options: World.Options
    private let failure: String
    private var attemptsLeft: Int

    /// Nil where the history does not fail.
    package init?(_ options: World.Options, attempts: Int = 3_000) throws {
        let world = try World(options)
        world.play()
        guard let failure = world.failures.first else { return nil }
        self.options = options
        self.options.turns = Array((options.turns ?? Array(0..<options.steps)).prefix(world.turnsTaken))
        self.failure = Self.shape(failure)
        attemptsLeft = attempts
    }

    package mutating func shrink() throws {
        var size = max(1, (options.turns ?? []).count / 2)
        while attemptsLeft > 0 {
            let isShorter = try leaveOut(size)
            if size == 1 && !isShorter { break }
            size = isShorter ? min(size, max(1, (options.turns ?? []).count / 2)) : max(1, size / 2)
        }
    }

    /// Tries each run of so many turns, the last first: what is late matters least often.
    private mutating func leaveOut(_ size: Int) throws -> Bool {
        var isShorter = false
        var end = (options.turns ?? []).count
        while end > 0 && attemptsLeft > 0 {
            attemptsLeft -= 1
            var shorter = options
            let start = max(0, end - size)
            shorter.turns?.removeSubrange(start..<end)
            let world = try World(shorter)
            world.play()
            if world.failures.first.map(Self.shape) == failure {
                options = shorter
                isShorter = true
            }
            end = start
        }
        return isShorter
    }

    /// What went wrong, whoever it happened to.
    private static func shape(_ failure: String) -> String { String(failure.filter { !$0.isNumber }) }
}
