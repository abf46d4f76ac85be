import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Names in the memberships of a restored server that nobody has there.
struct UnclaimedNamesTests {
    private static let wayBack: Int64 = 3_600_000

    /// Ann's account was "ann" when she came to the group, and is "anna". The LDAP side is restored from before that, and somebody renames her there.
    private func restored(isSetSince: Bool = false) throws -> Bench {
        let bench = try Bench.withGroups(MembershipSpecification(form: .memberUid))
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo", "Cy"].map { try bench.create(.ad, $0) }
        try bench.createGroup(.ad, "crew", members: [people[0]])
        try Crew.settled(bench)
        let there = try Crew.entry(bench, .miniorange, "ann")
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = directory.backUp()
        try bench.set(.ad, people[0], "samaccountname", ["anna"])
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "anna")
        try bench.set(.ad, people[1], "samaccountname", ["ann"])
        try Crew.settled(bench)
        _ = try bench.pass(milliseconds: Self.wayBack)
        directory.restore(backup)
        try bench.move(.miniorange, there, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "annika"))
        if isSetSince {
            try bench.set(.miniorange, try Crew.group(bench, .miniorange), "memberuid", ["ann", "cy"])
        }
        #expect(bench.members(.miniorange, "crew") == (isSetSince ? "ann cy" : "ann"))
        return bench
    }

    private func read(_ bench: Bench) throws {
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        try bench.readBack(.miniorange)
    }

    private func answerAll(_ bench: Bench) throws {
        for _ in 0..<50 where !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.sent.isEmpty)
    }

    @Test(arguments: [false, true])
    func `Who is renamed back to a name that a restored server lists is not in the group by it`(_ isSetSince: Bool)
        throws
    {
        let bench = try restored(isSetSince: isSetSince)
        try read(bench)
        try answerAll(bench)
        try Crew.passed(bench)
        #expect(bench.counterpart(.ad, "ann").map { bench.directories.ad.entries[$0]?.rdn.value == "Bo" } == true)
        #expect(bench.counterpart(.miniorange, "ann") != nil)
        // Where the list was set since, what it shows counts: Ann is not in it.
        #expect(bench.members(.ad, "crew") == (isSetSince ? "cy" : "ann"))
        #expect(bench.members(.miniorange, "crew") == (isSetSince ? "cy" : "annika"))
    }

    @Test
    func `Nor is who gets it long after everything is done with`() throws {
        let bench = try restored(isSetSince: true)
        let bo = try #require(bench.counterpart(.ad, "ann"))
        // He is gone before he could get it back.
        try bench.delete(.ad, bo)
        try read(bench)
        try answerAll(bench)
        try Crew.passed(bench)
        #expect(try bench.store.write { try Engine.setBack(.miniorange, $0) } == nil)
        #expect(bench.members(.miniorange, "crew") == "ann cy")
        #expect(bench.members(.ad, "crew") == "cy")
        try bench.start()
        for side in Side.allCases { _ = try bench.connect(side) }
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.create(.ad, "Dee", ["samaccountname": ["ann"]])
        try Crew.passed(bench)
        #expect(bench.counterpart(.miniorange, "ann") != nil)
        #expect(bench.members(.miniorange, "crew") == "cy")
        #expect(bench.members(.ad, "crew") == "cy")
        // Whoever is put there now is in the group.
        let group = try Crew.group(bench, .miniorange)
        try bench.set(.miniorange, group, "memberuid", ["ann", "cy"])
        try Crew.passed(bench)
        #expect(bench.members(.ad, "crew") == "cy dee")
    }

    @Test
    func `Nor is who gets a DN that a restored server shows in a group`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        let ghost = Reference.unresolved(try DistinguishedName(parsing: "uid=ghost,\(Bench.bases.miniorange)")).octets
        let held = try #require(directory.entries[group]).attributes["member"]
        try bench.set(.miniorange, group, "member", held + [ghost])
        try Crew.passed(bench)
        let backup = directory.backUp()
        try bench.set(.miniorange, group, "member", held)
        try Crew.passed(bench)
        _ = try bench.pass(milliseconds: Self.wayBack)
        directory.restore(backup)
        try read(bench)
        try answerAll(bench)
        try Crew.passed(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo ghost")
        try bench.create(.ad, "Ghost")
        try Crew.passed(bench)
        #expect(bench.counterpart(.miniorange, "ghost") != nil)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann bo") }
    }
}
