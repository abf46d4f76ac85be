import Simulation
import Testing

/// The oracles find every planted fault.
struct MutantTests {
    /// Where each was caught first; by another world it may be a later one.
    private static let caught: [(mutant: Mutant, seed: UInt64)] = [
        (.inventsDeletions, 1_000_005),
        (.losesEvents, 1_000_001),
        (.losesMembers, 1_000_009),
        (.inventsRemovals, 1_000_008),
        (.takesLeavingForDeletion, 1_000_018),
        (.takesShortScanForAbsence, 1_000_001),
        (.takesUnreadableForEmpty, 200_000_092),
        (.advancesCursorFirst, 1_000_008),
        (.misreadsStamps, 1_000_002),
        (.takesOwnForTheirs, 1_000_002),
        (.takesLostForUndone, 1_000_015),
        (.takesLostForDeleted, 1_000_084),
        (.takesRefusedForDone, 1_000_030),
        (.takesStaleForDone, 1_000_120),
        (.ignoresReconfiguration, 1_000_012),
        (.overwritesUnseen, 1_000_120),
        (.deletesUnseen, 1_000_085),
        (.losesReplicas, 1_000_002),
        (.ignoresVersions, 1_000_002),
        (.confirmsUnwritten, 1_000_034),
        (.movesBaseByPlan, 1_000_010),
        (.keepsBase, 1_000_034),
        (.forgetsIntents, 1_000_003),
        (.forgetsDirty, 1_000_001),
        (.forgetsWaiters, 1_000_035),
        (.dropsParkedMembers, 1_000_068),
        (.losesPendingMembers, 1_000_002),
        (.forgetsAgreedMembers, 1_000_056),
        (.losesMemberRows, 1_000_002),
        (.matchesNobody, 1_000_002),
        (.keepsStamps, 1_000_147),
        (.dropsConflicts, 1_000_002),
        (.reportsWrongWinner, 1_000_040),
        (.quotesValues, 1_000_001),
        (.forgetsReferrers, 10_000_895),
    ]
    /// The most histories that are played to catch one.
    private static let patience: UInt64 = 1_000

    @Test(arguments: caught)
    func `A planted fault is found`(_ mutant: Mutant, from first: UInt64) throws {
        let found = try (first..<first + Self.patience).first { seed in
            try !SimulationTests.play(World.Options(seed: seed, steps: 150, mutant: mutant)).failures.isEmpty
        }
        let seed = try #require(found)
        #expect(try SimulationTests.play(World.Options(seed: seed, steps: 150)).failures.isEmpty)
    }

    @Test func `Each planted fault is looked for`() {
        #expect(Set(Self.caught.map(\.mutant)) == Set(Mutant.allCases))
        #expect(Mutant.allCases.count >= 20)
    }

    @Test(arguments: [Mutant.losesMembers, .inventsRemovals])
    func `A membership that is lost, or taken away unasked, is found as one`(_ mutant: Mutant) throws {
        let isFound = try (UInt64(0)..<40).contains { seed in
            try SimulationTests.play(World.Options(seed: seed, steps: 200, mutant: mutant)).failures.contains {
                $0.contains(" in G")
            }
        }
        #expect(isFound)
    }
}
