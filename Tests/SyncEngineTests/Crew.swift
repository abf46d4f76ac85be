import Mapping
import SyncEngine
import SyncModel
import Testing

/// Ann, Bo and Cy on both sides, and a group of Ann and Bo.
enum Crew {
    static func bench(_ membership: MembershipSpecification? = nil) throws -> Bench {
        let bench = try Bench.withGroups(try membership ?? Bench.named())
        let people = try ["Ann", "Bo", "Cy"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew", members: Array(people.prefix(2)))
        try settled(bench)
        return bench
    }

    static func settled(_ bench: Bench) throws {
        #expect(try bench.settle().last != "does not come to rest")
        let isQuiet = bench.engine.isQuiet
        #expect(isQuiet)
    }

    /// So it does within 25 seconds.
    static func passed(_ bench: Bench) throws {
        try bench.settle(rounds: 25, milliseconds: 1_000)
        try settled(bench)
    }

    static func entry(_ bench: Bench, _ side: Side, _ account: String) throws -> Anchor {
        try #require(bench.counterpart(side, account))
    }

    static func group(_ bench: Bench, _ side: Side) throws -> Anchor { try #require(bench.groupNamed(side, "crew")) }
}
