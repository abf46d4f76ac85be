import Reconcile
import SyncModel
import Testing

/// One side disabled an account, the other enabled it, and they never agreed on either. `n` is disabled, `y` is enabled.
struct DisableWinsTests {
    static func rule(_ conflict: ConflictRule, prefer: Side) -> MergeRule {
        MergeRule(
            name: Vocabulary.name,
            shape: .register,
            conflict: conflict,
            prefer: prefer,
            bar: Vocabulary.values("n")
        )
    }

    static func outcome(
        _ rule: MergeRule,
        _ ad: String,
        _ miniorange: String,
        _ stamps: PerSide<Stamp?>,
        ranks: [ProvenanceRank] = [],
        base: String = "none"
    ) -> String {
        let evidence = Evidence(stamps: [Vocabulary.name: stamps], judge: StampJudge(ranks: ranks))
        return NewestTests.line(rule, base, ad, miniorange, evidence)
    }

    @Test(
        arguments: [
            // As good as at once, by two seconds of uncertainty on either side.
            (10_000, 10_000, "=n, write miniorange, conflict(value disableWins ad), base "),
            (10_000, 13_000, "=n, write miniorange, conflict(value disableWins ad), base "),
            (13_000, 10_000, "=n, write miniorange, conflict(value disableWins ad), base "),
            (nil, 13_000, "=n, write miniorange, conflict(value disableWins ad), base "),
            (nil, nil, "=n, write miniorange, conflict(value disableWins ad), base "),
            // Clearly later.
            (10_000, 20_000, "=y, write ad, conflict(value later miniorange), base "),
            (20_000, 10_000, "=n, write miniorange, conflict(value later ad), base "),
        ] as [(Int64?, Int64?, String)]
    )
    func `A disable stands against an enable of the same time, whatever side is preferred`(
        _ disabled: Int64?,
        _ enabled: Int64?,
        _ outcome: String
    ) {
        let mirrored =
            outcome.replacing("ad", with: "#").replacing("miniorange", with: "ad").replacing("#", with: "miniorange")
        for prefer in Side.allCases {
            let rule = Self.rule(.newest, prefer: prefer)
            let stamps = PerSide(ad: NewestTests.stamp(disabled), miniorange: NewestTests.stamp(enabled))
            #expect(Self.outcome(rule, "n", "y", stamps).hasPrefix(outcome))
            let swapped = PerSide(ad: stamps.miniorange, miniorange: stamps.ad)
            #expect(Self.outcome(rule, "y", "n", swapped).hasPrefix(mirrored))
        }
    }

    @Test func `Nobody's rank is above a disable`() throws {
        var enabled = try #require(NewestTests.stamp(10_000))
        enabled.author = "uid=idp"
        let stamps = PerSide(ad: NewestTests.stamp(10_000), miniorange: enabled)
        let rank = ProvenanceRank(subject: .author, pattern: "uid=idp", rank: 10)
        let rule = Self.rule(.newest, prefer: .miniorange)
        #expect(Self.outcome(rule, "n", "y", stamps, ranks: [rank]).contains("disableWins ad"))
    }

    @Test func `What Syncline wrote itself is nobody's disable`() throws {
        var own = try #require(NewestTests.stamp(10_000))
        own.isOurs = true
        let stamps = PerSide(ad: own, miniorange: NewestTests.stamp(10_000))
        let rule = Self.rule(.newest, prefer: .ad)
        #expect(Self.outcome(rule, "n", "y", stamps) == "=y, write ad, conflict(value ownWrite miniorange), base -")
    }

    @Test(arguments: [
        (ConflictRule.ad, "=y, write miniorange, conflict(value configuredSide ad), base -"),
        (.miniorange, "=n, write ad, conflict(value configuredSide miniorange), base -"),
        (.hold, "=-, hold(held), base -"),
    ])
    func `A configured rule is obeyed`(_ conflict: ConflictRule, _ outcome: String) {
        let stamps = PerSide(both: NewestTests.stamp(10_000))
        #expect(Self.outcome(Self.rule(conflict, prefer: .ad), "y", "n", stamps) == outcome)
    }

    @Test(arguments: [("y", "n", "y", "=n, write miniorange, base y"), ("n", "n", "y", "=y, write ad, base n")])
    func `Where one side moved, that is what was wanted`(
        _ base: String,
        _ ad: String,
        _ miniorange: String,
        _ outcome: String
    ) {
        let stamps = PerSide<Stamp?>(both: nil)
        #expect(Self.outcome(Self.rule(.newest, prefer: .ad), ad, miniorange, stamps, base: base) == outcome)
    }
}
