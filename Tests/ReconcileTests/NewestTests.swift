import Reconcile
import SyncModel
import Testing

/// The rule `newest`, holds, and what persons decide.
struct NewestTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: ConflictRule
        var ad: Int64?
        var miniorange: Int64?
        var outcome: String
        var isFrozen = false

        init(_ rule: ConflictRule, _ ad: Int64?, _ miniorange: Int64?, _ outcome: String, isFrozen: Bool = false) {
            (self.rule, self.ad, self.miniorange, self.outcome, self.isFrozen) = (
                rule, ad, miniorange, outcome, isFrozen
            )
        }
        var testDescription: String { "\(rule.name) \(String(describing: ad)) | \(String(describing: miniorange))" }
    }

    static func stamp(_ milliseconds: Int64?) -> Stamp? {
        milliseconds.map { Stamp(time: Timestamp(milliseconds: $0), granularity: 1, source: .log) }
    }

    static func line(_ rule: MergeRule, _ base: String, _ ad: String, _ miniorange: String, _ evidence: Evidence)
        -> String
    {
        Vocabulary.line(
            Reconciler(rules: [rule]).reconcile(
                base: Vocabulary.base(base),
                ad: Vocabulary.state(ad),
                miniorange: Vocabulary.state(miniorange),
                evidence
            )
        )
    }

    @Test(arguments: [
        Row(.newest, 10_000, 20_000, "=z, write ad, conflict(value later miniorange), base x"),
        Row(.newest, 20_000, 10_000, "=y, write miniorange, conflict(value later ad), base x"),
        Row(.newest, 20_000, 19_999, "=y, write miniorange, conflict(value preferredSide ad), base x"),
        Row(.newest, nil, 19_999, "=y, write miniorange, conflict(value preferredSide ad), base x"),
        Row(.newest, nil, nil, "=y, write miniorange, conflict(value preferredSide ad), base x"),
        Row(.ad, 1, 90_000, "=y, write miniorange, conflict(value configuredSide ad), base x"),
        Row(.miniorange, 90_000, 1, "=z, write ad, conflict(value configuredSide miniorange), base x"),
        Row(.hold, 1, 90_000, "=x, hold(held), base x"),
        Row(.newest, 1, 90_000, "=x, hold(oscillation), base x", isFrozen: true),
        Row(.ad, 1, 90_000, "=x, hold(oscillation), base x", isFrozen: true),
    ])
    func `both moved`(_ row: Row) {
        var evidence = Evidence(frozen: row.isFrozen ? [Vocabulary.name] : [])
        evidence.stamps[Vocabulary.name] = PerSide(ad: Self.stamp(row.ad), miniorange: Self.stamp(row.miniorange))
        #expect(Self.line(Vocabulary.rule(.register, .both, row.rule), "x", "y", "z", evidence) == row.outcome)
    }

    @Test(arguments: [ConflictRule.newest, .hold])
    func `nothing moves before the stamps are known`(_ rule: ConflictRule) {
        let line = Self.line(Vocabulary.rule(.register, .both, rule), "x", "y", "z", Evidence())
        #expect(line == "=x, needs stamps, base x")
    }

    @Test(arguments: ConflictRule.allCases)
    func `where one side moved, or both agree, no rule is asked`(_ rule: ConflictRule) {
        let merge = Vocabulary.rule(.register, .both, rule)
        #expect(Self.line(merge, "x", "y", "x", Evidence()) == "=y, write miniorange, base x")
        #expect(Self.line(merge, "x", "x", "y", Evidence()) == "=y, write ad, base x")
        #expect(Self.line(merge, "x", "y", "y", Evidence()) == "=y, base y")
    }

    @Test(arguments: [
        // (ad, miniorange) now, of a decision for v made when they showed y and z.
        ("y", "z", "=v, write ad, write miniorange, base x"),
        ("v", "z", "=v, write miniorange, base x"),
        ("y", "v", "=v, write ad, base x"),
        ("v", "v", "=v, settled, base v"),
        // Somebody was faster than the decision.
        ("w", "z", "=w, write miniorange, conflict(value configuredSide ad), settled, base x"),
        ("y", "w", "=y, write miniorange, conflict(value configuredSide ad), settled, base x"),
        ("w", "w", "=w, settled, base w"),
    ])
    func `a person's decision stands until somebody writes after it`(
        _ ad: String,
        _ miniorange: String,
        _ outcome: String
    ) {
        let settlement = Settlement(
            conflict: ConflictID(1),
            values: Vocabulary.values("v"),
            seen: PerSide(ad: Vocabulary.values("y"), miniorange: Vocabulary.values("z")),
            time: Timestamp(milliseconds: 0)
        )
        let evidence = Evidence(settlements: [Vocabulary.name: settlement])
        #expect(Self.line(Vocabulary.rule(.register), "x", ad, miniorange, evidence) == outcome)
    }

    /// The later write stands on both sides for every order of two times beyond the uncertainty, whoever is preferred.
    @Test(arguments: Side.allCases)
    func `the later write wins whichever side is preferred`(_ prefer: Side) {
        for ad in stride(from: Int64(0), through: 60_000, by: 5_000) {
            for miniorange in stride(from: Int64(0), through: 60_000, by: 5_000) where ad != miniorange {
                var evidence = Evidence()
                evidence.stamps[Vocabulary.name] = PerSide(ad: Self.stamp(ad), miniorange: Self.stamp(miniorange))
                let rule = Vocabulary.rule(.register, .both, .newest, prefer: prefer)
                let result = Reconciler(rules: [rule]).reconcile(
                    base: Vocabulary.base("x"),
                    ad: Vocabulary.state("y"),
                    miniorange: Vocabulary.state("z"),
                    evidence
                )
                #expect(result.target[Vocabulary.name] == Vocabulary.values(ad > miniorange ? "y" : "z"))
            }
        }
    }
}
