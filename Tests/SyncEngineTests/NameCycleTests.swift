import Support
import SyncEngine
import SyncModel
import Testing

/// Who wants a name that another one has, who wants his in turn.
struct NameCycleTests {
    private static func people() throws -> (bench: Bench, ann: Anchor, bo: Anchor) {
        let bench = try Bench()
        let (ann, bo) = (try bench.create(.ad, "Ann"), try bench.create(.ad, "Bo"))
        try bench.settle()
        return (bench, ann, bo)
    }

    /// Two take each other's account at AD.
    private static func swap(_ bench: Bench, _ one: Anchor, _ other: Anchor) throws {
        let accounts = [one, other].map { bench.directories.ad.entries[$0]?.attributes["samaccountname"] ?? [] }
        try bench.set(.ad, one, "samaccountname", ["spare"])
        try bench.set(.ad, other, "samaccountname", accounts[0])
        try bench.set(.ad, one, "samaccountname", accounts[1])
    }

    private static func common(_ bench: Bench, _ account: String) -> String {
        bench.values(.miniorange, account, "cn")
    }

    @Test
    func `Two who swap accounts have each other's at the other side, and one of them another name for a moment`() throws
    {
        let (bench, ann, bo) = try Self.people()
        try Self.swap(bench, ann, bo)
        let lines = try bench.settle()
        #expect(lines.filter { $0.contains("uid=syncline-") && $0.contains(" rename ") }.count == 2, "\(lines)")
        #expect(Self.common(bench, "ann") == "[Bo]")
        #expect(Self.common(bench, "bo") == "[Ann]")
        #expect(bench.quarantine.isEmpty)
    }

    @Test(arguments: [false, true])
    func `Who is called by the name that is kept for him stands aside by another`(_ isFirst: Bool) throws {
        let (bench, ann, bo) = try Self.people()
        let called = isFirst ? ann : bo
        let pair = try #require(try bench.store.write { try $0.pairID(.ad, called) })
        let kept = "syncline-\(pair.rawValue)"
        try bench.set(.ad, called, "samaccountname", [Octets(kept)])
        try bench.settle()
        try Self.swap(bench, ann, bo)
        let lines = try bench.settle()
        #expect(lines.count < 10, "\(lines)")
        #expect(Self.common(bench, isFirst ? "bo" : kept) == "[Ann]")
        #expect(Self.common(bench, isFirst ? kept : "ann") == "[Bo]")
        #expect(bench.quarantine.isEmpty)
    }

    /// What a server shows that is behind can't be told from what it showed before.
    @Test
    func `Who stands aside for what a person decided gets the name that this one chose, and is asked for no more`()
        throws
    {
        let (bench, ann, bo) = try Self.people()
        try Self.swap(bench, ann, bo)
        let stepBack = StepBack(cause: .anotherServer, reason: "a test")
        #expect(try bench.connect(.ad, stepBack: stepBack).isEmpty)
        let shown = try [ann, bo].map { Change.present(try #require(bench.directories.ad.snapshot($0))) }
        try bench.step(.feed(.ad, .changes(shown, cursor: nil)))
        try bench.complete(.ad)
        try Self.answerWithoutStamps(bench)
        let held = try bench.store.write { store in
            try [ann, bo].flatMap { try store.heldConflicts(of: try #require(try store.pairID(.ad, $0))) }
        }
        #expect(held.map(\.name) == ["samaccountname", "samaccountname"])
        for conflict in held { try bench.step(.resolve(conflict.id, .side(.ad))) }
        try Self.answerWithoutStamps(bench)
        #expect(Self.common(bench, "ann") == "[Bo]")
        #expect(Self.common(bench, "bo") == "[Ann]")
        #expect(bench.store.count(.heldConflicts) == 0)
    }

    /// As of a server that knows nothing of when its values were set.
    private static func answerWithoutStamps(_ bench: Bench) throws {
        for _ in 0..<30 where !bench.sent.isEmpty {
            let write = bench.sent[0]
            if case .readStamps(let anchor, _) = write.operation {
                try bench.answer(.stamped(try #require(bench.directories[write.side].snapshot(anchor)), []))
            } else {
                try bench.answer()
            }
        }
    }
}
