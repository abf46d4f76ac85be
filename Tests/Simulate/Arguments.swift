import ArgumentParser
import Simulation

struct TurnsArgument: ExpressibleByArgument {
    var turns: [Int]

    init?(argument: String) {
        guard let turns = TurnList.parse(argument) else { return nil }
        self.turns = turns
    }
}

struct KillArgument: ExpressibleByArgument {
    var point: World.KillPoint

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 2, parts[0] == "before" || parts[0] == "after", let commit = Int(parts[1]) else {
            return nil
        }
        point = World.KillPoint(commit: commit, isBefore: parts[0] == "before")
    }
}

struct MutantArgument: ExpressibleByArgument {
    var mutant: Mutant

    init?(argument: String) {
        guard let mutant = Mutant(rawValue: argument) else { return nil }
        self.mutant = mutant
    }

    static var allValueStrings: [String] { Mutant.allCases.map(\.rawValue) }
}
