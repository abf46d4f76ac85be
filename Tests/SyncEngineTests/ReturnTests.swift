import Mapping
import Support
import SyncEngine
import SyncModel
import Testing

/// Who was deleted and is made again before the other side has followed is one person there, and nobody's second.
struct ReturnTests {
    private static func people(_ side: Side, _ bench: Bench) -> [Anchor] {
        let account = side == .ad ? "samaccountname" : "uid"
        return bench.directories[side].sorted.filter { !$0.attributes[account].isEmpty }.map(\.anchor)
    }

    /// One person on both sides; his entries on `side` and on the other.
    private static func bench(
        _ side: Side,
        _ specify: (inout ObjectSpecification) -> Void = { _ in }
    ) throws -> (Bench, here: Anchor, there: Anchor) {
        let bench = try Bench(specify)
        let here = try bench.create(side, "Ann")
        try bench.settle()
        return (bench, here, try #require(bench.counterpart(side.opposite, "ann")))
    }

    @Test(arguments: Side.allCases)
    func `Where a change there would bring him back, he is joined with it instead`(_ side: Side) throws {
        let (bench, here, there) = try Self.bench(side)
        try bench.delete(side, here)
        try bench.set(side.opposite, there, "displayname", ["Changed"])
        try bench.create(side, "Ann", ["mail": ["back@syncline.test"]])
        try bench.tell(side.opposite)
        try bench.tell(side)
        try bench.settle()
        for side in Side.allCases {
            #expect(Self.people(side, bench).count == 1)
            #expect(bench.values(side, "ann", "displayname") == "[Changed]")
            #expect(bench.values(side, "ann", "mail") == "[back@syncline.test]")
        }
        #expect(Self.people(side.opposite, bench) == [there])
    }

    @Test(arguments: Side.allCases)
    func `While his deletion is on its way he waits for it, and is made new`(_ side: Side) throws {
        let (bench, here, there) = try Self.bench(side)
        try bench.delete(side, here)
        #expect(try bench.tell(side).count == 1)
        try bench.create(side, "Ann")
        #expect(try bench.tell(side).isEmpty)
        try bench.answer()
        _ = try bench.pass(milliseconds: 200)
        try bench.settle()
        for side in Side.allCases { #expect(Self.people(side, bench).count == 1) }
        #expect(Self.people(side.opposite, bench) != [there])
    }

    @Test(arguments: Side.allCases)
    func `Where his deletion comes too late for a change, he is joined with what was changed`(_ side: Side) throws {
        let (bench, here, there) = try Self.bench(side)
        try bench.delete(side, here)
        try bench.tell(side)
        try bench.set(side.opposite, there, "displayname", ["Changed"])
        try bench.create(side, "Ann")
        try bench.tell(side)
        try bench.settle()
        _ = try bench.pass(milliseconds: 200)
        try bench.settle()
        for side in Side.allCases {
            #expect(Self.people(side, bench).count == 1)
            #expect(bench.values(side, "ann", "displayname") == "[Changed]")
        }
        #expect(Self.people(side.opposite, bench) == [there])
    }

    @Test(arguments: Side.allCases)
    func `A deletion from before his return, told after it, is not his`(_ side: Side) throws {
        let (bench, here, there) = try Self.bench(side) { $0.deletions.grace = 60_000 }
        try bench.delete(side, here)
        try bench.tell(side)
        try bench.delete(side.opposite, there)
        try bench.create(side, "Ann")
        try bench.tell(side)
        while try !bench.sent.isEmpty && bench.answer() != ["never"] {}
        _ = try bench.pass(milliseconds: 200)
        try bench.settle()
        _ = try bench.pass(milliseconds: 120_000)
        try bench.settle()
        for side in Side.allCases { #expect(Self.people(side, bench).count == 1) }
    }

    /// Ann is made on each side for the other's, and what she was made for is deleted: two pairs, of which each has lost one side.
    private static func makeCrosswise(_ bench: Bench) throws {
        let late = try bench.create(.ad, "Ann")
        let told = try #require(bench.directories.ad.snapshot(late))
        try bench.delete(.ad, late)
        let there = try bench.create(.miniorange, "Ann")
        try bench.tell(.miniorange)
        try bench.answer()
        try bench.delete(.miniorange, there)
        try bench.step(.feed(.ad, .changes([.present(told)], cursor: nil)))
        try bench.answer()
    }

    /// Both are to be made again.
    @Test
    func `Two of whom each has lost his counterpart, and whose deletions a person takes back, are one`() throws {
        let bench = try Bench { $0.deletions.limit = DeletionLimit(count: 1, percent: 100, window: 3_600_000) }
        let others = try ["Bo", "Cy", "Dee", "Eve"].map { try bench.create(.ad, $0) }
        try bench.settle()
        try Self.makeCrosswise(bench)
        // With others, so that they are held.
        for account in ["dee", "eve"] {
            try bench.delete(.miniorange, try #require(bench.counterpart(.miniorange, account)))
        }
        for other in others.prefix(2) { try bench.delete(.ad, other) }
        for side in Side.allCases { try bench.tell(side) }
        try bench.settle()
        #expect(bench.store.holds().count == 2)
        for hold in bench.store.holds().map(\.id) {
            let pairs = bench.store.contents.deletions.keys.filter {
                bench.store.deletion(of: $0)?.state == .held(hold)
            }
            try bench.step(.decide(hold, .reject, pairs.sorted()))
        }
        try bench.settle(rounds: 5, milliseconds: 200)
        #expect(bench.engine.isQuiet)
        for side in Side.allCases { #expect(Self.people(side, bench).count == 5) }
    }

    /// As above, and both are to be made again since they are changed where they are left.
    @Test
    func `Two of whom each has lost his counterpart, and has changed since, are one`() throws {
        let bench = try Bench()
        try Self.makeCrosswise(bench)
        for side in Side.allCases { try bench.disconnect(side) }
        try bench.set(.ad, Self.people(.ad, bench)[0], "displayname", ["Ann Lee"])
        try bench.set(.miniorange, Self.people(.miniorange, bench)[0], "mail", ["ann@syncline.test"])
        for side in Side.allCases { try bench.tell(side) }
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.settle(rounds: 5, milliseconds: 200)
        let isQuiet = bench.engine.isQuiet
        #expect(isQuiet && bench.quarantine.isEmpty)
        for side in Side.allCases {
            #expect(Self.people(side, bench).count == 1)
            #expect(bench.values(side, "ann", "displayname") == "[Ann Lee]")
            #expect(bench.values(side, "ann", "mail") == "[ann@syncline.test]")
        }
    }

    /// Bo is deleted at AD, and Ann gets his account there; on the other side she is deleted, and he is changed. Both are to be made again, by one account.
    private static func namesakes(_ specify: (inout ObjectSpecification) -> Void = { _ in }) throws -> (
        Bench, ann: Anchor, bo: Anchor
    ) {
        let bench = try Bench(specify)
        let (ann, bo) = (try bench.create(.ad, "Ann"), try bench.create(.ad, "Bo"))
        try bench.settle()
        let others = try ["ann", "bo"].map { try #require(bench.counterpart(.miniorange, $0)) }
        for side in Side.allCases { try bench.disconnect(side) }
        try bench.delete(.ad, bo)
        try bench.set(.ad, ann, "samaccountname", ["bo"])
        try bench.delete(.miniorange, others[0])
        try bench.set(.miniorange, others[1], "displayname", ["Bo"])
        for side in Side.allCases { try bench.tell(side) }
        for side in Side.allCases { _ = try bench.connect(side) }
        try bench.settle(rounds: 5, milliseconds: 200)
        return (bench, ann, others[1])
    }

    /// Whether each waits for the other's deletion to go first, or that has its time.
    @Test(arguments: Side.allCases, [0, 60_000])
    func `Two who are to be made again by one account are not made one, and wait for a person`(
        _ side: Side,
        grace: Int64
    ) throws {
        let (bench, ann, bo) = try Self.namesakes { $0.deletions.grace = grace }
        #expect(bench.quarantine == Array(repeating: "ambiguous by rule 0: 1", count: 2))
        let isQuiet = bench.engine.isQuiet
        #expect(isQuiet)
        for side in Side.allCases { #expect(Self.people(side, bench).count == 1) }
        // Whichever of them gets another one: both are made.
        if side == .ad {
            try bench.set(.ad, ann, "samaccountname", ["anna"])
        } else {
            try bench.move(.miniorange, bo, to: "", rdn: RelativeDistinguishedName(type: "uid", value: "bob"))
        }
        try bench.settle(rounds: 5, milliseconds: 200)
        #expect(bench.quarantine.isEmpty)
        for other in Side.allCases {
            #expect(Self.people(other, bench).count == 2)
            #expect(bench.values(other, side == .ad ? "anna" : "bo", "cn") == "[Ann]")
            #expect(bench.values(other, side == .ad ? "bo" : "bob", "displayname") == "[Bo]")
        }
    }

    /// They exchange their accounts, and AD is restored from before that. Then each is deleted on another side, and changed on the other one.
    @Test
    func `Two of whom a restored server shows the one by the other's account are made again as two`() throws {
        let bench = try Bench()
        let directory = bench.directories.ad
        let (ann, bo) = (try bench.create(.ad, "Ann"), try bench.create(.ad, "Bo"))
        try bench.settle()
        let others = try ["ann", "bo"].map { try #require(bench.counterpart(.miniorange, $0)) }
        _ = try bench.pass(milliseconds: 3_600_000)
        let backup = directory.backUp()
        let names: [(Anchor, Octets)] = [(ann, "spare"), (bo, "ann"), (ann, "bo")]
        for (person, account) in names { try bench.set(.ad, person, "samaccountname", [account]) }
        try bench.settle(rounds: 5, milliseconds: 1_000)
        #expect(bench.counterpart(.miniorange, "bo") == others[0])
        _ = try bench.pass(milliseconds: 3_600_000)
        directory.restore(backup)
        try bench.delete(.ad, bo)
        try bench.set(.ad, ann, "displayname", ["A"])
        try bench.delete(.miniorange, others[0])
        try bench.set(.miniorange, others[1], "mail", ["bo@syncline.test"])
        _ = try bench.connect(.ad, stepBack: StepBack(cause: .restored, reason: "a test"))
        let shown = directory.sorted.compactMap { directory.snapshot($0.anchor) }
        try bench.step(.feed(.ad, .changes(shown.map { .present($0) }, cursor: nil)))
        try bench.complete(.ad)
        try bench.tell(.miniorange)
        try bench.answerAll()
        let isQuiet = bench.engine.isQuiet
        #expect(isQuiet)
        for side in Side.allCases {
            #expect(Self.people(side, bench).count == 2)
            #expect(bench.values(side, "bo", "displayname") == "[A]")
            #expect(bench.values(side, "ann", "mail") == "[bo@syncline.test]")
        }
    }
}
