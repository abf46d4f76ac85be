import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// What can't be told of a server that was set back, and what is told to a person instead.
struct DoubtTests {
    private static let wayBack: Int64 = 3_600_000

    /// Everything that the side holds is read, as at a server that was set back.
    private func read(_ side: Side, _ bench: Bench, knownUntil: Timestamp? = nil) throws -> [String] {
        let entries = bench.directories[side].sorted.compactMap { entry in
            var snapshot = bench.directories[side].snapshotWithMembers(entry.anchor)
            if side == .miniorange { snapshot?.version = .unordered }
            return snapshot
        }
        #expect(try bench.step(.feed(side, .changes(entries.map { .present($0) }, cursor: nil))).isEmpty)
        let cursor = SimulatedFeed.cursor(99, knownUntil: knownUntil)
        return try bench.step(.feed(side, .complete(present: entries.map(\.anchor).sorted(), cursor: cursor)))
    }

    @Test(arguments: [false, true])
    func `What a restored server has told is known when it is restored once more`(_ isRestarted: Bool) throws {
        let bench = try Bench()
        try bench.create(.ad, "Ann")
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let told = bench.now
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "once"))
        #expect(try read(.ad, bench, knownUntil: told).isEmpty)
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) } == nil)
        if isRestarted { try bench.start() }
        _ = try bench.pass(milliseconds: Self.wayBack)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "once more"))
        #expect(try bench.store.write { try Engine.setBack(.ad, $0) }?.knownUntil == told)
    }

    /// Bo was in the group. He may have been taken out after the restore, or be lacking since.
    @Test
    func `A membership that a restored server lacks since nobody knows when gives no access, and is reported`() throws {
        let bench = try Bench.withGroups(try Bench.named())
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0) }
        let crew = try bench.createGroup(.ad, "crew", members: people)
        try bench.settle()
        #expect(bench.members(.miniorange, "crew") == "ann bo")
        // Within the second in which everything was known.
        try bench.setMembers(.ad, crew, remove: [people[1]])
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        #expect(try read(.ad, bench) == ["ad readStamps \(crew.low) member"])
        for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
        let reported = try #require(bench.store.contents.conflicts.first)
        #expect(reported.decision == .undated && reported.winner == .ad && reported.stamps.ad != nil)
        let bo = try bench.store.write { try $0.pairID(.ad, people[1]) }
        #expect(reported.subject == bo.map { .member($0) })
        #expect(bench.store.contents.conflicts.count == 1)
    }

    @Test
    func `An entry that was read without a version is read once more before it is written to`() throws {
        let bench = try Bench()
        let ann = try bench.create(.ad, "Ann")
        try bench.settle()
        let there = try #require(bench.counterpart(.miniorange, "ann"))
        try bench.disconnect(.miniorange)
        try bench.set(.ad, ann, "samaccountname", ["anna"])
        #expect(try bench.tell(.ad).isEmpty)
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        #expect(try read(.miniorange, bench) == ["miniorange read \(there.low)"])
        // By then somebody has given it another name.
        try bench.move(.miniorange, there, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "annika"))
        let lines = try bench.answer()
        #expect(lines.allSatisfy { $0.contains("readStamps") } && lines.count == 2, "\(lines)")
    }
}
