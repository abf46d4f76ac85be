import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// What can't be told of a server that was set back, and what is told to a person instead.
struct DoubtTests {
    private static let wayBack: Int64 = 3_600_000

    /// Everything that the side holds is read, as at a server that was set back.
    private func read(
        _ side: Side,
        _ bench: Bench,
        knownUntil: Timestamp? = nil,
        asking: Int = 0
    ) throws -> [String] {
        let entries = bench.directories[side].sorted.compactMap { entry in
            var snapshot = bench.directories[side].snapshotWithMembers(entry.anchor)
            if side == .miniorange { snapshot?.version = .unordered }
            return snapshot
        }
        let asked = try bench.step(.feed(side, .changes(entries.map { .present($0) }, cursor: nil)))
        #expect(asked.count == asking, "\(asked)")
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

    /// The server counts anew from the backup on: what it tells then has lower versions than what it told before.
    @Test
    func `A membership at a server that was set back goes by the versions that it gives from then on`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let (group, bo) = (try Crew.group(bench, .miniorange), try Crew.entry(bench, .miniorange, "bo"))
        // Its clock stands still, as it does for a while where it was set back.
        directory.clockOffset = -10 * Self.wayBack
        let backup = directory.backUp()
        try bench.setMembers(.miniorange, group, remove: [bo])
        try Crew.settled(bench)
        try bench.setMembers(.miniorange, group, add: [bo])
        try Crew.settled(bench)
        directory.restore(backup)
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        _ = try read(.miniorange, bench)
        try answerAll(bench)
        try bench.setMembers(.ad, try Crew.group(bench, .ad), remove: [try Crew.entry(bench, .ad, "bo")])
        try bench.tell(.ad)
        try answerAll(bench)
        #expect(bench.sent.isEmpty)
        for side in Side.allCases { #expect(bench.members(side, "crew") == "ann") }
    }

    /// A name in it that nobody has makes the engine ask for the group once more.
    @Test
    func `So it does where what the group holds is understood only later`() throws {
        let bench = try Crew.bench()
        let directory = bench.directories.miniorange
        let group = try Crew.group(bench, .miniorange)
        directory.clockOffset = -10 * Self.wayBack
        let ghost = Reference.unresolved(try DistinguishedName(parsing: "uid=ghost,\(Bench.bases.miniorange)")).octets
        let held = try #require(directory.entries[group]).attributes["member"]
        try bench.set(.miniorange, group, "member", held + [ghost])
        try answerAll(bench)
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = directory.backUp()
        try bench.set(.miniorange, group, "description", ["ours"])
        try bench.setMembers(.ad, try Crew.group(bench, .ad), add: [try Crew.entry(bench, .ad, "cy")])
        try bench.set(.miniorange, group, "member", held)
        try Crew.settled(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cy")
        _ = try bench.pass(milliseconds: Self.wayBack)
        directory.restore(backup)
        _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
        _ = try read(.miniorange, bench, asking: 1)
        try answerAll(bench)
        #expect(bench.members(.miniorange, "crew") == "ann bo cy ghost")
        #expect(bench.members(.ad, "crew") == "ann bo cy")
    }

    /// It shows the same version each time, of which the stamps were known. Ann is read by herself before the end, since an edit of hers is told.
    @Test
    func `A server that is restored from the same backup again is asked again when its values were set`() throws {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        let ann = try bench.create(.miniorange, "Ann", ["displayname": ["old"]])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let backup = directory.backUp()
        try bench.set(.miniorange, ann, "displayname", ["new"])
        try bench.settle()
        for _ in 0..<2 {
            _ = try bench.pass(milliseconds: Self.wayBack)
            directory.restore(backup)
            #expect(bench.values(.miniorange, "ann", "displayname") == "[old]")
            _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
            var shown = try #require(directory.snapshot(ann))
            let edit = Change.edited(ann, edits: [], newName: nil, version: shown.version)
            shown.version = .unordered
            try bench.step(.feed(.miniorange, .changes([.present(shown), edit], cursor: nil)))
            try bench.answer()
            #expect(try bench.complete(.miniorange).contains("miniorange readStamps \(ann.low) displayname"))
            for _ in 0..<10 where !bench.sent.isEmpty { try bench.answer() }
            for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[new]") }
            #expect(try bench.store.write { try $0.count(.heldConflicts) } == 0)
        }
    }

    /// Ann's manager can't be carried, so nothing ever ends the doubt that the first restore has left. Restored once more, from the same backup or a later one, her name is
    /// as it was then.
    @Test(arguments: [false, true])
    func `What was agreed on since is known when a server is restored once more`(_ isLaterBackup: Bool) throws {
        let bench = try Bench()
        let directory = bench.directories.miniorange
        let people = try ["Ann", "Bo"].map { try bench.create(.ad, $0, ["displayname": ["old"]]) }
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        var backup = directory.backUp()
        try bench.set(.ad, people[0], "manager", [Reference.entry(people[1]).octets])
        try bench.settle()
        let elsewhere = try bench.container(.ad, "Elsewhere", below: bench.directories.ad.top)
        let rdn = try #require(bench.directories.ad.entries[people[1]]).rdn
        #expect(bench.directories.ad.rename(people[1], below: elsewhere, rdn) == nil)
        try bench.settle()
        for name in ["new", "newer"] {
            _ = try bench.pass(milliseconds: Self.wayBack)
            let known = SimulatedFeed.cursor(99, knownUntil: bench.now)
            try bench.step(.feed(.miniorange, .changes([], cursor: known)))
            try bench.disconnect(.miniorange)
            directory.restore(backup)
            if name == "new" {
                try bench.set(.ad, people[0], "displayname", ["new"])
                try bench.tell(.ad)
            }
            _ = try bench.connect(.miniorange, stepBack: StepBack(cause: .restored, reason: "a test"))
            try bench.readBack(.miniorange)
            try answerAll(bench)
            #expect(try bench.store.write { try Engine.setBack(.miniorange, $0) } == nil)
            let agreed = isLaterBackup ? name : "new"
            for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[\(agreed)]") }
            guard isLaterBackup, name == "new" else { continue }
            _ = try bench.pass(milliseconds: Self.wayBack)
            backup = directory.backUp()
            try bench.set(.ad, people[0], "displayname", ["newer"])
            try bench.tell(.ad)
            try answerAll(bench)
        }
    }

    /// For all the time that she is out of the scope nothing of her is carried.
    @Test
    func `What was set while its entry was out of the scope is no older state`() throws {
        let bench = try Bench()
        let directory = bench.directories.ad
        let elsewhere = try bench.container(.ad, "Elsewhere", below: directory.top)
        let ann = try bench.create(.ad, "Ann", ["displayname": ["old"]])
        try bench.settle()
        _ = try bench.pass(milliseconds: Self.wayBack)
        let rdn = try #require(directory.entries[ann]).rdn
        #expect(directory.rename(ann, below: elsewhere, rdn) == nil)
        try bench.tell(.ad)
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.set(.ad, ann, "displayname", ["since"])
        try bench.tell(.ad)
        _ = try bench.pass(milliseconds: Self.wayBack)
        try bench.tell(.ad)
        #expect(directory.rename(ann, below: try bench.place(.ad), rdn) == nil)
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .anotherServer, reason: "a test"))
        _ = try read(.ad, bench)
        try answerAll(bench)
        for side in Side.allCases { #expect(bench.values(side, "ann", "displayname") == "[since]") }
    }

    private func answerAll(_ bench: Bench) throws {
        for _ in 0..<20 {
            for _ in 0..<20 where !bench.sent.isEmpty { try bench.answer() }
            _ = try bench.pass(milliseconds: 500)
        }
    }
}
