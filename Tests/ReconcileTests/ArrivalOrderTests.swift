import Reconcile
import SyncModel
import Testing

/// Two servers that people write to, and a daemon that hears of it in some order: every order must end in the same.
struct ArrivalOrderTests {
    /// What is heard between two writes: of which sides, and in which order.
    static let hearings: [[Side]] = [[], [.ad], [.miniorange], [.ad, .miniorange], [.miniorange, .ad]]

    struct Held: Equatable {
        var value: String
        var stamp: Stamp
    }

    struct World {
        var servers: PerSide<Held>
        /// What the daemon believes.
        var replicas = PerSide(both: "x")
        var base = "x"
        var now: Int64 = 0
        /// Each write of ours takes effect and its answer is lost.
        var losesAnswers: Bool
        let reconciler = Reconciler(rules: [Vocabulary.rule(.register, .both, .newest)])
        let judge: StampJudge

        init(losesAnswers: Bool = false, judge: StampJudge = StampJudge()) {
            servers = PerSide(both: Held(value: "x", stamp: StampJudgeTests.stamp(0)))
            self.losesAnswers = losesAnswers
            self.judge = judge
        }

        mutating func hear(_ side: Side) {
            replicas[side] = servers[side].value
            settle()
        }

        /// Reconciles until there is nothing to do, as the engine does: writes are compare-and-set, stamps come with what the entry now holds.
        private mutating func settle() {
            var evidence = Evidence(judge: judge)
            // Far more turns than any path needs.
            for _ in 0..<20 {
                let result = reconciler.reconcile(
                    base: Vocabulary.base(base),
                    ad: Vocabulary.state(replicas.ad),
                    miniorange: Vocabulary.state(replicas.miniorange),
                    evidence
                )
                if let agreed = result.base { base = Vocabulary.word(agreed[Vocabulary.name]) }
                if !result.needsStamps.isEmpty {
                    for side in Side.allCases { replicas[side] = servers[side].value }
                    evidence.stamps[Vocabulary.name] = PerSide(
                        ad: servers.ad.stamp,
                        miniorange: servers.miniorange.stamp
                    )
                    continue
                }
                guard let side = Side.allCases.first(where: { !result.changes[$0].isEmpty }) else { return }
                if servers[side].value != replicas[side] {
                    // Refused: it moved unseen.
                    replicas[side] = servers[side].value
                    evidence = Evidence(judge: judge)
                    continue
                }
                let value = Vocabulary.word(result.target[Vocabulary.name])
                servers[side] = Held(value: value, stamp: StampJudgeTests.stamp(now, isOurs: true))
                if losesAnswers { return }
                replicas[side] = value
            }
            Issue.record("no end")
        }
    }

    /// Three writes on any sides, well apart in time, and everything that may be heard in between: the last one stands.
    @Test(arguments: [false, true])
    func `the later write wins, whatever was heard when`(_ losesAnswers: Bool) {
        var wrong: [String] = []
        for sides in Self.words(Side.allCases, count: 3) {
            for hearings in Self.words(Self.hearings, count: 2) {
                for last in [[Side.ad, .miniorange], [.miniorange, .ad]] {
                    var world = World(losesAnswers: losesAnswers)
                    for (number, side) in sides.enumerated() {
                        world.now += 60_000
                        let value = String("abc".dropFirst(number).prefix(1))
                        world.servers[side] = Held(value: value, stamp: StampJudgeTests.stamp(world.now))
                        world.now += 30_000
                        for heard in number < 2 ? hearings[number] : last { world.hear(heard) }
                    }
                    // What was lost is read again.
                    for heard in [Side.ad, .miniorange, .ad] { world.hear(heard) }
                    let values = (world.servers.ad.value, world.servers.miniorange.value)
                    if values != ("c", "c") || world.base != "c" {
                        wrong.append("\(sides) \(hearings) \(last) \(values)")
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    /// Two writes behind the daemon's back, at any distance: each order of hearing of them gives what the judge says.
    @Test(arguments: [nil, -1, 1])
    func `writes that are as good as simultaneous end the same in each order`(_ rank: Int?) {
        let ranks = rank.map { [ProvenanceRank(subject: .author, pattern: "cn=feed", rank: $0)] } ?? []
        let judge = StampJudge(tolerance: 2, ranks: ranks)
        var wrong = 0
        for ad in Int64(100)...110 {
            for miniorange in Int64(100)...110 {
                for granularity in [1, 5] as [Int64] {
                    let stamps = PerSide(
                        ad: StampJudgeTests.stamp(ad, granularity: granularity),
                        miniorange: StampJudgeTests.stamp(miniorange, author: "cn=feed")
                    )
                    let winner = judge.judge(PerSide(ad: stamps.ad, miniorange: stamps.miniorange), prefer: .ad).winner
                    for order in Self.hearings.dropFirst() {
                        var world = World(judge: judge)
                        world.servers = PerSide(
                            ad: Held(value: "a", stamp: stamps.ad),
                            miniorange: Held(value: "b", stamp: stamps.miniorange)
                        )
                        world.now = 100_000
                        for side in order { world.hear(side) }
                        for side in Side.allCases { world.hear(side) }
                        let expected = winner == .ad ? "a" : "b"
                        if world.servers.ad.value != expected || world.servers.miniorange.value != expected {
                            wrong += 1
                        }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    /// All sequences of `count` of these.
    static func words<Letter>(_ letters: [Letter], count: Int) -> [[Letter]] {
        (0..<count).reduce([[]]) { words, _ in words.flatMap { word in letters.map { word + [$0] } } }
    }
}
