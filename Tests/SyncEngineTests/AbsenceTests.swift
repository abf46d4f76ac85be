import Support
import SyncEngine
import SyncModel
import Testing

/// What is not shown any more is not taken for deleted without proof.
struct AbsenceTests {
    private func peopled(_ count: Int = 1) throws -> Bench {
        let bench = try Bench(window: 1_000)
        for number in 0..<count { try bench.create(.ad, "P\(number)") }
        for _ in 0..<20 { try bench.settle() }
        return bench
    }

    private func completeWithout(_ hidden: Set<Anchor>, _ bench: Bench, _ side: Side) throws -> [String] {
        let present = bench.directories[side].entries.keys.filter { !hidden.contains($0) }.sorted()
        return try bench.step(.feed(side, .complete(present: present, cursor: SimulatedFeed.cursor(1_000_000))))
    }

    @Test
    func `Who came into the scope is in it, though an answer from before comes after the one that shows him there`()
        throws
    {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        let ann = try bench.create(.miniorange, "Ann")
        let rdn = try #require(directory.entries[ann]).rdn
        let elsewhere = try bench.container(.miniorange, "Elsewhere", below: directory.top)
        #expect(directory.rename(ann, below: elsewhere, rdn) == nil)
        let told = try #require(directory.snapshot(ann))
        let change = Change.edited(ann, edits: [], newName: told.name, version: told.version)
        for _ in 0..<3 { try bench.step(.feed(.miniorange, .changes([change], cursor: nil))) }
        #expect(bench.sent.map(\.operation) == Array(repeating: .read(ann), count: 3))
        let outside = directory.perform(.read(ann))
        #expect(directory.rename(ann, below: try bench.place(.miniorange), rdn) == nil)
        let inside = directory.perform(.read(ann))
        for answer in [outside, inside, outside] { try bench.answer(answer) }
        while !bench.sent.isEmpty { try bench.answer() }
        let there = try #require(bench.counterpart(.ad, "ann"))
        try bench.set(.ad, there, "displayname", ["A"])
        try bench.tell(.ad)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.values(.miniorange, "ann", "displayname") == "[A]")
    }

    @Test
    func `An entry that is hidden is set aside, and its counterpart stays`() throws {
        let bench = try peopled()
        let hidden = try #require(bench.counterpart(.miniorange, "p0"))
        #expect(try completeWithout([hidden], bench, .miniorange).count == 1)
        #expect(try bench.answer(.hidden).isEmpty)
        #expect(bench.quarantine == ["vanished at miniorange"])
        #expect(bench.counterpart(.ad, "p0") != nil)
        // It is looked for again by itself, and taken back when it shows.
        let again = try bench.pass(milliseconds: 2_000)
        #expect(again.count == 1 && again[0].hasPrefix("miniorange confirmAbsence"), "\(again)")
        #expect(try bench.answer().isEmpty)
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: [StepBack.Cause.restored, .anotherServer])
    func `That others are shown proves nothing of what a server lacks that was set back`(_ cause: StepBack.Cause) throws
    {
        let bench = try peopled()
        let lacking = try #require(bench.counterpart(.miniorange, "p0"))
        func asked() throws -> LastSeen? {
            guard case .confirmAbsence(lacking, let lastSeen)? = bench.sent.first?.operation else { return nil }
            return lastSeen
        }
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: cause, reason: "a test"))
        _ = try completeWithout([lacking], bench, .miniorange)
        #expect(try #require(try asked()).parent == nil)
        try bench.answer(.hidden)
        #expect(bench.quarantine == ["vanished at miniorange"])
        // Nor when all else is done with.
        #expect(try bench.store.write { try Engine.setBack(.miniorange, $0) } == nil)
        _ = try bench.pass(milliseconds: 2_000)
        #expect(try #require(try asked()).parent == nil)
        while !bench.sent.isEmpty { try bench.answer() }
        #expect(bench.quarantine.isEmpty)
        _ = try completeWithout([lacking], bench, .miniorange)
        #expect(try #require(try asked()).parent != nil)
    }

    @Test
    func `A complete read that shows it again takes it back`() throws {
        let bench = try peopled()
        let hidden = try #require(bench.counterpart(.miniorange, "p0"))
        _ = try completeWithout([hidden], bench, .miniorange)
        try bench.answer(.hidden)
        #expect(bench.quarantine == ["vanished at miniorange"])
        #expect(try completeWithout([], bench, .miniorange).isEmpty)
        #expect(bench.quarantine.isEmpty && bench.engine.isQuiet)
    }

    @Test
    func `What changed meanwhile is carried once the entry shows again`() throws {
        let bench = try peopled()
        let hidden = try #require(bench.counterpart(.miniorange, "p0"))
        _ = try completeWithout([hidden], bench, .miniorange)
        try bench.answer(.hidden)
        try bench.set(.ad, try #require(bench.counterpart(.ad, "p0")), "displayname", ["new"])
        #expect(try bench.tell(.ad).count == 1)
        #expect(try bench.answer(.gone) == ["miniorange confirmAbsence \(hidden.low)"])
        #expect(try bench.answer(.hidden).isEmpty)
        #expect(try bench.pass(milliseconds: 60_000).count == 1)
        try bench.settle()
        #expect(bench.quarantine.isEmpty)
        #expect(bench.values(.miniorange, "p0", "displayname") == "[new]")
    }

    @Test
    func `What stood in a container that is proven to be gone is gone as well`() throws {
        let bench = try peopled()
        let north = try bench.place(.miniorange, "ou=North,")
        let anchor = try bench.create(.miniorange, "Deep", path: "ou=North,")
        try bench.settle()
        try bench.delete(.miniorange, anchor)
        try bench.delete(.miniorange, north)
        _ = try completeWithout([], bench, .miniorange)
        let answers: [Anchor: WriteOutcome] = [anchor: .hidden, north: .gone]
        for _ in 0..<2 {
            guard case .confirmAbsence(let asked, _)? = bench.sent.first?.operation else { continue }
            try bench.answer(answers[asked] ?? .gone)
        }
        _ = try bench.pass(milliseconds: 5_000)
        if bench.sent.first?.side == .miniorange { try bench.answer(.hidden) }
        try bench.settle()
        #expect(bench.quarantine.isEmpty, "\(bench.quarantine)")
        #expect(bench.counterpart(.ad, "deep") == nil)
    }

    @Test
    func `Many that vanish at once are not even looked for, and that is told`() throws {
        let bench = try peopled(60)
        let hidden = bench.directories.miniorange.sorted.filter { !$0.attributes["uid"].isEmpty }.map(\.anchor)
        #expect(hidden.count == 60)
        #expect(try completeWithout(Set(hidden), bench, .miniorange).isEmpty)
        #expect(try bench.store.write { try Engine.vanished(.miniorange, $0) } == 60)
        #expect(bench.directories.ad.sorted.filter { !$0.attributes["samaccountname"].isEmpty }.count == 60)
        #expect(bench.quarantine == Array(repeating: "vanished at miniorange", count: 60))
        #expect(try bench.pass(milliseconds: 3_600_000) == [])
        // The next complete read that shows them ends it.
        #expect(try completeWithout([], bench, .miniorange).isEmpty)
        #expect(try bench.store.write { try Engine.vanished(.miniorange, $0) } == nil)
        #expect(bench.quarantine.isEmpty)
    }

    /// Rejected, they were lost, and are made again with what the other side has; approved, the other side follows.
    @Test(arguments: [60, 1], [HoldVerdict.approve, .reject])
    func `A person decides what became of those that vanished`(_ count: Int, _ verdict: HoldVerdict) throws {
        let bench = try peopled(60)
        let hidden = try (0..<count).map { try #require(bench.counterpart(.miniorange, "p\($0)")) }
        _ = try completeWithout(Set(hidden), bench, .miniorange)
        while !bench.sent.isEmpty { try bench.answer(.hidden) }
        let pairs = try hidden.map { try #require(bench.store.pairID(.miniorange, $0)) }
        #expect(bench.quarantine.count == count)
        // Whoever does not wait for it is left alone.
        let other = bench.store.pairID(.ad, try #require(bench.counterpart(.ad, "p59")))
        let shown = try count < 60 ? [#require(other)] : []
        for anchor in hidden { try bench.delete(.miniorange, anchor) }
        try bench.step(.judge(verdict, vanishedAt: .miniorange, pairs + shown))
        #expect(bench.engine.answers == [.hold(.decided(moved: shown, oneWay: []))])
        try bench.settle()
        for side in Side.allCases {
            let there = (0..<count).filter { bench.counterpart(side, "p\($0)") != nil }
            #expect(there.count == (verdict == .approve ? 0 : count), "\(side)")
        }
        #expect(bench.quarantine.isEmpty && bench.engine.isQuiet)
    }
}
