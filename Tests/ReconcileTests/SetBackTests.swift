import Reconcile
import SyncModel
import Testing

/// A server that was set back: what it shows from before is nobody's change.
struct SetBackTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var ad: String
        var miniorange: String
        /// When AD's value was set; everything there was known until 10,000.
        var stamp: Int64?
        var source = Stamp.Source.attribute
        var outcome: String

        init(
            _ ad: String,
            _ miniorange: String,
            _ stamp: Int64?,
            _ outcome: String,
            _ source: Stamp.Source = .attribute
        ) {
            (self.ad, self.miniorange, self.stamp, self.outcome, self.source) = (ad, miniorange, stamp, outcome, source)
        }
        var testDescription: String { "\(ad) | \(miniorange) at \(stamp.map(String.init) ?? "?") by \(source)" }
    }

    private static func known(_ time: Int64, orLater doubt: Int64 = 0) -> ClosedRange<Timestamp> {
        Timestamp(milliseconds: time)...Timestamp(milliseconds: time + doubt)
    }

    private func evidence(_ stamp: Int64?, _ source: Stamp.Source, known: Bool = true) -> Evidence {
        var evidence = Evidence()
        evidence.knownUntil.ad = Self.known(10_000)
        guard known else { return evidence }
        var told = NewestTests.stamp(stamp)
        told?.source = source
        evidence.stamps[Vocabulary.name] = PerSide(ad: told, miniorange: NewestTests.stamp(50_000))
        return evidence
    }

    @Test(arguments: [
        // From before: what was agreed stands, and is written back.
        Row("y", "x", 9_000, "=x, write ad, conflict(value older miniorange), base x"),
        Row("y", "x", 9_999, "=x, write ad, conflict(value older miniorange), base x"),
        Row("-", "x", 9_000, "=x, write ad, conflict(value older miniorange), base x"),
        // From before, and the other side has moved on.
        Row("y", "z", 9_000, "=z, write ad, conflict(value older miniorange), base x"),
        // In that very moment, before or after what was told last: left to a person.
        Row("y", "x", 10_000, "=x, hold(held), base x"),
        // Set since: a change like any other.
        Row("y", "x", 10_001, "=y, write miniorange, base x"),
        Row("y", "z", 60_000, "=y, write miniorange, conflict(value later ad), base x"),
        // As agreed: the other side's change is carried.
        Row("x", "z", 9_000, "=z, write ad, base x"),
        // As the other side shows it, whenever that was.
        Row("y", "y", 9_000, "=y, base y"),
        // Only that something of the entry was set since is known: left to a person.
        Row("y", "x", 20_000, "=x, hold(held), base x", .entry),
        Row("y", "x", 9_000, "=x, write ad, conflict(value older miniorange), base x", .entry),
        // As far as AD knows it was never set there: it was set after the older state.
        Row("-", "x", nil, "=x, write ad, conflict(value older miniorange), base x"),
        // Nothing is known.
        Row("y", "x", nil, "=x, hold(held), base x"),
    ])
    func `what is from before does not win`(_ row: Row) {
        let rule = Vocabulary.rule(.register, .both, .newest)
        let line = NewestTests.line(rule, "x", row.ad, row.miniorange, evidence(row.stamp, row.source))
        #expect(line == row.outcome)
    }

    @Test(arguments: [
        // Set up to a second later than its stamp says, and everything was known until 10,000 or half a second later.
        (9_000, "=x, write ad, conflict(value older miniorange), base x"), (9_001, "=x, hold(held), base x"),
        (10_500, "=x, hold(held), base x"), (10_501, "=y, write miniorange, base x"),
    ])
    func `what may be from before or from since is left to a person`(_ stamp: Int64, _ outcome: String) {
        var evidence = evidence(stamp, .attribute)
        evidence.knownUntil.ad = Self.known(10_000, orLater: 500)
        evidence.stamps[Vocabulary.name]?.ad?.granularity = 1_000
        #expect(NewestTests.line(Vocabulary.rule(.register, .both, .newest), "x", "y", "x", evidence) == outcome)
    }

    @Test(arguments: [(9_000, true), (10_001, false), (nil as Int64?, true)])
    func `what came back does not stand against a deletion`(_ stamp: Int64?, _ isDeleted: Bool) {
        let result = Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: Vocabulary.base("x"),
            ad: Vocabulary.state(stamp == nil ? "-" : "y"),
            miniorange: Vocabulary.state("deleted"),
            evidence(stamp, .attribute)
        )
        #expect((result.existence == .delete(.ad)) == isDeleted)
    }

    @Test(arguments: [
        // Set in the moment up to which everything was known, or nobody can tell when: what goes is reported.
        (9_500 as Int64?, Stamp.Source.attribute, false, true, 1), (nil, .attribute, false, true, 1),
        // It stands in for what the side does not hold, and nobody ever set there.
        (nil, .attribute, true, true, 0),
        // Something of the entry was set in that moment: nor is it known that anything was set since.
        (9_500, .entry, false, true, 1),
        // Something of the entry was set since.
        (20_000, .entry, false, false, 1),
    ])
    func `where it can't be known, nobody who was deleted comes back`(
        _ stamp: Int64?,
        _ source: Stamp.Source,
        _ isUnset: Bool,
        _ isDeleted: Bool,
        _ conflicts: Int
    ) {
        var evidence = evidence(stamp, source)
        evidence.stamps[Vocabulary.name]?.ad?.granularity = 1_000
        if isUnset { evidence.unset.ad = [Vocabulary.name] }
        let result = Self.deletedBeside(evidence)
        #expect((result.existence == .delete(.ad)) == isDeleted)
        #expect(result.conflicts.count == conflicts)
    }

    /// Deleted at the LDAP side, while AD shows another value than was agreed on.
    private static func deletedBeside(_ evidence: Evidence) -> Reconciliation {
        Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: Vocabulary.base("x"),
            ad: Vocabulary.state("y"),
            miniorange: Vocabulary.state("deleted"),
            evidence
        )
    }

    @Test(arguments: [(20_000 as Int64, false), (19_999, true)])
    func `by a clock that was set back nobody who was deleted comes back`(_ present: Int64, _ isDeleted: Bool) {
        var evidence = evidence(20_000, .entry)
        evidence.present.ad = Timestamp(milliseconds: present)
        let result = Self.deletedBeside(evidence)
        #expect((result.existence == .delete(.ad)) == isDeleted)
    }

    @Test
    func `who is made again by a change since is made as he was, but for that`() {
        let other = MergeRule(name: "other", shape: .register, direction: .both, conflict: .newest, prefer: .ad)
        var evidence = evidence(9_000, .attribute)
        evidence.stamps["other"] = PerSide(ad: NewestTests.stamp(60_000), miniorange: nil)
        var base = Attributes()
        base[Vocabulary.name] = ["agreed"]
        var shown = base
        shown[Vocabulary.name] = ["old"]
        shown["other"] = ["since"]
        let result = Reconciler(rules: [Vocabulary.rule(.register), other]).reconcile(
            base: base,
            ad: .present(shown, unknown: []),
            miniorange: .deleted,
            evidence
        )
        #expect(result.existence == .create(.miniorange))
        #expect(result.target[Vocabulary.name] == ["agreed"] && result.target["other"] == ["since"])
    }

    @Test(arguments: [
        // What can't be dated is as agreed on the other side, and a person decides; but whoever may be barred is.
        ("x", "y", nil as String?, "x", true), ("x", "y", "y", "y", false), ("x", "y", "x", "x", false),
    ])
    func `who is made again by a change since is not made with what can't be dated`(
        _ agreed: String,
        _ shown: String,
        _ bar: String?,
        _ made: String,
        _ isUndecided: Bool
    ) {
        var rule = Vocabulary.rule(.register)
        rule.bar = bar.map(Vocabulary.values)
        let other = MergeRule(name: "other", shape: .register, direction: .both, conflict: .newest, prefer: .ad)
        var evidence = evidence(nil, .attribute)
        evidence.stamps["other"] = PerSide(ad: NewestTests.stamp(60_000), miniorange: nil)
        var values = Vocabulary.attributes(shown)
        values["other"] = ["since"]
        let result = Reconciler(rules: [rule, other]).reconcile(
            base: Vocabulary.base(agreed),
            ad: .present(values, unknown: []),
            miniorange: .deleted,
            evidence
        )
        #expect(result.existence == .create(.miniorange))
        #expect(Vocabulary.word(result.target[Vocabulary.name]) == made)
        #expect(result.undecided == (isUndecided ? [Vocabulary.name] : []))
    }

    @Test
    func `what is as it was known, and had yet to be carried, is a change whatever its stamp tells`() {
        var evidence = evidence(9_000, .attribute)
        evidence.doubtful.ad = ["other"]
        let rule = Vocabulary.rule(.register, .both, .newest)
        #expect(NewestTests.line(rule, "x", "y", "x", evidence) == "=y, write miniorange, base x")
        let result = Reconciler(rules: [rule]).reconcile(
            base: Vocabulary.base("x"),
            ad: Vocabulary.state("y"),
            miniorange: .deleted,
            evidence
        )
        #expect(result.existence == .create(.miniorange))
        evidence.doubtful.ad = [Vocabulary.name]
        let older = "=x, write ad, conflict(value older miniorange), base x"
        #expect(NewestTests.line(rule, "x", "y", "x", evidence) == older)
    }

    /// The side was set back at 10,000, and once more at 20,000, when this was shown otherwise; the stamp is from between.
    @Test
    func `what was known until later is from before by that time`() {
        var evidence = evidence(15_000, .attribute)
        let rule = Vocabulary.rule(.register, .both, .newest)
        #expect(NewestTests.line(rule, "x", "y", "x", evidence) == "=y, write miniorange, base x")
        for doubtful in [nil, []] as [Set<String>?] {
            evidence.doubtful.ad = doubtful
            evidence.knownLater.ad = [Vocabulary.name: Self.known(20_000)]
            let older = "=x, write ad, conflict(value older miniorange), base x"
            #expect(NewestTests.line(rule, "x", "y", "x", evidence) == older)
            let deleted = Reconciler(rules: [rule]).reconcile(
                base: Vocabulary.base("x"),
                ad: Vocabulary.state("y"),
                miniorange: .deleted,
                evidence
            )
            #expect(deleted.existence == .delete(.ad))
        }
    }

    @Test
    func `what stands in is nobody's change`() {
        var rule = Vocabulary.rule(.register, .toMiniOrange)
        rule.isStandIn = true
        let reconciler = Reconciler(rules: [rule])
        let deleted = reconciler.reconcile(
            base: Vocabulary.base("x"),
            ad: Vocabulary.state("y"),
            miniorange: Vocabulary.state("deleted")
        )
        #expect(Vocabulary.line(deleted) == "delete ad, base x")
        for stamp in [9_000, nil] as [Int64?] {
            #expect(NewestTests.line(rule, "x", "y", "x", evidence(stamp, .attribute)) == "=x, base x")
        }
        #expect(
            NewestTests.line(rule, "x", "y", "x", evidence(60_000, .attribute)) == "=y, write miniorange, base x"
        )
    }

    @Test
    func `who is wanted back by a person is made as he was agreed on as well`() {
        var evidence = evidence(9_000, .attribute)
        evidence.isDeletionRejected = true
        let result = Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: Vocabulary.base("x"),
            ad: Vocabulary.state("y"),
            miniorange: Vocabulary.state("deleted"),
            evidence
        )
        #expect(result.existence == .create(.miniorange) && result.conflicts.isEmpty)
        #expect(Vocabulary.word(result.target[Vocabulary.name]) == "x")
    }

    @Test(arguments: [(60_000, "=y, write miniorange, base x"), (59_999, "=x, hold(held), base x")])
    func `what was set later than its server's clock shows may be from before`(_ present: Int64, _ outcome: String) {
        var evidence = evidence(60_000, .attribute)
        evidence.present.ad = Timestamp(milliseconds: present)
        #expect(NewestTests.line(Vocabulary.rule(.register, .both, .newest), "x", "y", "x", evidence) == outcome)
    }

    @Test
    func `nothing of a doubtful value moves before its stamp is known`() {
        let evidence = evidence(nil, .attribute, known: false)
        for rule in [ConflictRule.newest, .ad, .miniorange, .hold] {
            let line = NewestTests.line(Vocabulary.rule(.register, .both, rule), "x", "y", "x", evidence)
            #expect(line == "=x, needs stamps, base x")
        }
        #expect(
            NewestTests.line(Vocabulary.rule(.register), "x", "x", "z", evidence) == "=z, write ad, base x"
        )
    }

    @Test
    func `against a rule's direction nothing is written back, and nothing old is carried`() {
        let fromAD = Vocabulary.rule(.register, .toMiniOrange, .newest)
        let held = NewestTests.line(fromAD, "x", "y", "x", evidence(9_000, .attribute))
        #expect(held == "=x, hold(held), base x")
        // Also once the comparison is over, until a person decides.
        var later = Evidence(held: [Vocabulary.name])
        later.stamps[Vocabulary.name] = PerSide(ad: NewestTests.stamp(1), miniorange: NewestTests.stamp(2))
        #expect(NewestTests.line(fromAD, "x", "y", "x", later) == "=x, hold(held), base x")
        // The other way nothing of AD's is carried anyway.
        let toAD = Vocabulary.rule(.register, .toAD, .newest)
        #expect(
            NewestTests.line(toAD, "x", "y", "x", evidence(9_000, .attribute))
                == "=x, write ad, conflict(value direction miniorange), base x"
        )
    }

    @Test
    func `what was never agreed on can't have been set back`() {
        var evidence = evidence(9_000, .attribute)
        evidence.knownUntil.miniorange = Self.known(60_000)
        #expect(
            NewestTests.line(Vocabulary.rule(.register), "none", "y", "-", evidence) == "=y, write miniorange, base -"
        )
    }

    @Test
    func `the same whichever side was set back`() {
        for (ad, miniorange, stamp) in [
            ("y", "x", Int64(9_000)), ("y", "z", 9_000), ("y", "x", 20_000), ("y", "z", 60_000),
        ] {
            let rule = Vocabulary.rule(.register, .both, .newest)
            let mirrored = Vocabulary.rule(.register, .both, .newest, prefer: .miniorange)
            var swapped = Evidence()
            swapped.knownUntil.miniorange = Self.known(10_000)
            let stamps = evidence(stamp, .attribute).stamps[Vocabulary.name]
            swapped.stamps[Vocabulary.name] = PerSide(ad: stamps?.miniorange ?? nil, miniorange: stamps?.ad ?? nil)
            let one = Reconciler(rules: [rule]).reconcile(
                base: Vocabulary.base("x"),
                ad: Vocabulary.state(ad),
                miniorange: Vocabulary.state(miniorange),
                evidence(stamp, .attribute)
            )
            let other = Reconciler(rules: [mirrored]).reconcile(
                base: Vocabulary.base("x"),
                ad: Vocabulary.state(miniorange),
                miniorange: Vocabulary.state(ad),
                swapped
            )
            #expect(one.target == other.target && one.changes.ad == other.changes.miniorange)
        }
    }

    @Test(arguments: [
        (nil as Int64?, false, "suspended, needs stamps, base none", false),
        (9_000, true, "suspended, base none", true), (nil, true, "suspended, base none", true),
        (10_001, true, "create miniorange y, base none", false),
    ])
    func `an entry that was not known although everything was is not made again`(
        _ made: Int64?,
        _ isKnown: Bool,
        _ outcome: String,
        _ isReturned: Bool
    ) {
        var evidence = Evidence()
        evidence.knownUntil.ad = Self.known(10_000)
        if isKnown { evidence.stamps[Evidence.existence] = PerSide(ad: NewestTests.stamp(made), miniorange: nil) }
        let result = Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: nil,
            ad: Vocabulary.state("y"),
            miniorange: Vocabulary.state("missing"),
            evidence
        )
        #expect(Vocabulary.line(result) == outcome)
        #expect((result.returned == .ad) == isReturned)
    }

    @Test
    func `Of whom it was decided that he is made again, nobody asks whether he has come back`() {
        var evidence = Evidence()
        evidence.knownUntil.ad = Self.known(10_000)
        evidence.isWanted = true
        let result = Reconciler(rules: [Vocabulary.rule(.register)]).reconcile(
            base: nil,
            ad: Vocabulary.state("y"),
            miniorange: Vocabulary.state("missing"),
            evidence
        )
        #expect(result.existence == .create(.miniorange))
    }
}
