import Support

/// What may happen in a world besides what happens in every one. Each world has some of it: what never meets anything else is found as well as what does.
struct Hazards: OptionSet, Hashable, Sendable {
    let rawValue: UInt32

    /// Two entries take each other's name.
    static let nameSwaps = Hazards(rawValue: 1 << 0)
    /// Who was deleted is created again, under the same name.
    static let recreations = Hazards(rawValue: 1 << 1)
    /// A server refuses every write for a while.
    static let closures = Hazards(rawValue: 1 << 2)
    /// Somebody out of scope has the name that is to be given.
    static let takenNames = Hazards(rawValue: 1 << 3)
    /// Another domain controller answers: other numbers for the same entries.
    static let failovers = Hazards(rawValue: 1 << 4)
    /// The server has forgotten what came after the cursor.
    static let purges = Hazards(rawValue: 1 << 5)
    /// A clock is set, a server's or our own.
    static let clockJumps = Hazards(rawValue: 1 << 6)
    /// The cache can't be written for a while.
    static let fullDisk = Hazards(rawValue: 1 << 7)
    /// The configuration is changed and loaded anew.
    static let reconfigurations = Hazards(rawValue: 1 << 8)
    /// What was told is told again, late.
    static let repetitions = Hazards(rawValue: 1 << 9)
    /// Entries of one answer come in any order.
    static let shuffles = Hazards(rawValue: 1 << 10)
    /// A person decides conflicts.
    static let decisions = Hazards(rawValue: 1 << 11)
    /// AD is Windows: DirSync in pages, the values of memberships after the entries.
    static let windows = Hazards(rawValue: 1 << 12)
    /// A server is set back to a backup of itself.
    static let restores = Hazards(rawValue: 1 << 13)
    /// Syncline's account may not read an attribute for a while.
    static let lostRights = Hazards(rawValue: 1 << 14)

    private static let names = [
        "nameSwaps", "recreations", "closures", "takenNames", "failovers", "purges", "clockJumps", "fullDisk",
        "reconfigurations", "repetitions", "shuffles", "decisions", "windows", "restores",
        "lostRights",
    ]

    var text: String {
        Self.names.indices.filter { contains(Hazards(rawValue: 1 << UInt32($0))) }.map { Self.names[$0] }.joined(
            separator: " "
        )
    }

    /// Older seeds have none of it.
    static func ofWorld(_ seed: UInt64) -> Hazards {
        guard seed >= World.Options.firstWithOwnStreams else { return [] }
        var random = SplitMix64(seed: seed ^ 0x4A5A)
        let known = Hazards(names.indices.map { Hazards(rawValue: 1 << UInt32($0)) }.filter { _ in random.chance(25) })
        if seed < World.Options.firstOfFullWorlds { return known.subtracting([.restores, .lostRights]) }
        return seed < World.Options.firstWithRights ? known.subtracting(.lostRights) : known
    }

    /// Those that take turns of their own.
    static let acting: [Hazards] = [
        .nameSwaps, .recreations, .closures, .takenNames, .failovers, .purges, .clockJumps, .fullDisk,
        .reconfigurations, .repetitions, .decisions, .restores, .lostRights,
    ]
}
