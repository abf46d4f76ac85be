import Reconcile
import SyncModel
import Testing

struct MergeRow: Sendable, CustomTestStringConvertible {
    var base: String
    var ad: String
    var miniorange: String
    var outcome: String

    init(_ base: String, _ ad: String, _ miniorange: String, _ outcome: String) {
        (self.base, self.ad, self.miniorange, self.outcome) = (base, ad, miniorange, outcome)
    }

    var testDescription: String { "\(base): \(ad) | \(miniorange)" }

    func line(_ rule: MergeRule, _ existence: ExistenceRule = ExistenceRule()) -> String {
        let reconciler = Reconciler(rules: [rule], existence: existence)
        return Vocabulary.line(
            reconciler.reconcile(
                base: Vocabulary.base(base),
                ad: Vocabulary.state(ad),
                miniorange: Vocabulary.state(miniorange)
            )
        )
    }
}

struct MergeTableTests {
    @Test(arguments: [
        // Nothing moved, or both moved to the same.
        MergeRow("x", "x", "x", "=x, base x"),
        MergeRow("x", "y", "y", "=y, base y"),
        MergeRow("x", "-", "-", "=-, base -"),
        MergeRow("none", "x", "x", "=x, base x"),
        MergeRow("none", "-", "-", "=-, base -"),
        // One side moved.
        MergeRow("x", "y", "x", "=y, write miniorange, base x"),
        MergeRow("x", "x", "y", "=y, write ad, base x"),
        MergeRow("x", "-", "x", "=-, write miniorange, base x"),
        MergeRow("x", "x", "-", "=-, write ad, base x"),
        MergeRow("-", "x", "-", "=x, write miniorange, base -"),
        MergeRow("none", "x", "-", "=x, write miniorange, base -"),
        MergeRow("none", "-", "x", "=x, write ad, base -"),
        // Both moved, differently.
        MergeRow("x", "y", "z", "=y, write miniorange, conflict(value configuredSide ad), base x"),
        MergeRow("x", "-", "z", "=-, write miniorange, conflict(value configuredSide ad), base x"),
        MergeRow("none", "x", "y", "=x, write miniorange, conflict(value configuredSide ad), base -"),
        // One side can't be said to hold anything.
        MergeRow("x", "?", "y", "=x, base x"),
        MergeRow("x", "y", "?", "=x, base x"),
    ])
    func `A register merges`(_ row: MergeRow) {
        #expect(row.line(Vocabulary.rule(.register)) == row.outcome)
    }

    @Test(arguments: [
        MergeRow("x", "x", "x", "=x, base x"),
        MergeRow("x", "xy", "x", "=xy, write miniorange, base x"),
        MergeRow("xy", "xy", "x", "=x, write ad, base xy"),
        MergeRow("x", "xy", "xz", "=xyz, write ad, write miniorange, base x"),
        MergeRow("xy", "x", "y", "=-, write ad, write miniorange, base xy"),
        MergeRow("xy", "xz", "y", "=z, write ad, write miniorange, base xy"),
        MergeRow("none", "x", "y", "=xy, write ad, write miniorange, base -"),
        MergeRow("x", "xy", "xy", "=xy, base xy"),
        MergeRow("x", "-", "xy", "=y, write ad, write miniorange, base x"),
    ])
    func `A set merges value by value`(_ row: MergeRow) {
        #expect(row.line(Vocabulary.rule(.set)) == row.outcome)
    }

    @Test(arguments: [
        MergeRow("x", "y", "x", "=y, write miniorange, base x"),
        MergeRow("x", "x", "y", "=x, write miniorange, conflict(value direction ad), base x"),
        MergeRow("x", "y", "z", "=y, write miniorange, conflict(value direction ad), base x"),
        MergeRow("x", "-", "x", "=-, write miniorange, base x"),
    ])
    func `A rule that goes one way keeps its source and reports the rest`(_ row: MergeRow) {
        #expect(row.line(Vocabulary.rule(.register, .toMiniOrange)) == row.outcome)
    }

    @Test(arguments: [
        MergeRow("none", "x", "missing", "create miniorange x, base none"),
        MergeRow("none", "missing", "x", "create ad x, base none"),
        MergeRow("x", "x", "deleted", "delete ad, base x"),
        MergeRow("x", "deleted", "x", "delete miniorange, base x"),
        MergeRow("x", "y", "deleted", "create miniorange y, conflict(existence changeWins ad), base none"),
        MergeRow("x", "deleted", "y", "create ad y, conflict(existence changeWins miniorange), base none"),
        MergeRow("none", "x", "deleted", "create miniorange x, conflict(existence changeWins ad), base none"),
        MergeRow("x", "deleted", "deleted", "forget, base none"),
        MergeRow("none", "missing", "deleted", "forget, base none"),
        MergeRow("x", "x", "out", "suspended, base x"),
        MergeRow("x", "out", "y", "suspended, base x"),
        MergeRow("x", "out", "deleted", "suspended, base x"),
        MergeRow("x", "out", "out", "suspended, base x"),
    ])
    func `Existence merges`(_ row: MergeRow) {
        #expect(row.line(Vocabulary.rule(.register)) == row.outcome)
    }

    @Test(arguments: [
        MergeRow("x", "x", "deleted", "delete ad, base x"),
        MergeRow(
            "x",
            "y",
            "deleted",
            "delete ad, conflict(existence deleteWins miniorange), conflict(value deleteWins miniorange), base x"
        ),
        MergeRow(
            "x",
            "deleted",
            "y",
            "delete miniorange, conflict(existence deleteWins ad), conflict(value deleteWins ad), base x"
        ),
    ])
    func `Where deletes win, what was changed meanwhile is reported`(_ row: MergeRow) {
        #expect(row.line(Vocabulary.rule(.register), ExistenceRule(changeWins: false)) == row.outcome)
    }

    /// Its server takes a reference away with who is named, which may be told later.
    @Test(arguments: [
        MergeRow("x", "-", "deleted", "delete ad, base x"),
        MergeRow("x", "deleted", "-", "delete miniorange, base x"),
        MergeRow("x", "y", "deleted", "create miniorange y, conflict(existence changeWins ad), base none"),
    ])
    func `That a reference is lacking does not stand against a delete`(_ row: MergeRow) {
        var rule = Vocabulary.rule(.register)
        rule.isReference = true
        #expect(row.line(rule) == row.outcome)
    }

    @Test(arguments: [
        MergeRow("none", "x", "missing", "create miniorange x, base none"),
        MergeRow("none", "missing", "x", "suspended, base none"),
        MergeRow("x", "x", "deleted", "create miniorange x, conflict(existence direction ad), base none"),
        MergeRow("x", "deleted", "x", "delete miniorange, base x"),
        MergeRow(
            "x",
            "deleted",
            "y",
            "delete miniorange, conflict(existence direction ad), conflict(value direction ad), base x"
        ),
    ])
    func `The source of a one-way object decides what exists`(_ row: MergeRow) {
        #expect(
            row.line(Vocabulary.rule(.register, .toMiniOrange), ExistenceRule(direction: .toMiniOrange)) == row.outcome
        )
    }

    @Test(arguments: [
        (Direction.toAD, "deleted", "y", "create ad y, conflict(existence changeWins miniorange), base none"),
        (.toMiniOrange, "y", "deleted", "create miniorange y, conflict(existence changeWins ad), base none"),
        (.toAD, "y", "deleted", "delete ad, conflict(value direction miniorange), base x"),
    ])
    func `A change counts against a delete where its rule carries it over`(
        _ direction: Direction,
        _ ad: String,
        _ miniorange: String,
        _ outcome: String
    ) {
        #expect(MergeRow("x", ad, miniorange, outcome).line(Vocabulary.rule(.register, direction)) == outcome)
    }

    @Test(arguments: ["x", "y"])
    func `What was agreed on stays agreed while the attribute is not configured`(_ shown: String) {
        let base: Attributes = ["0": ["before"], "a": ["x"], "z": ["after"]]
        let result = Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: base,
            ad: Vocabulary.state(shown),
            miniorange: Vocabulary.state(shown)
        )
        #expect(result.base == ["0": ["before"], "a": [Octets(shown)], "z": ["after"]])
        #expect(result.target == ["a": [Octets(shown)]])
    }
}
