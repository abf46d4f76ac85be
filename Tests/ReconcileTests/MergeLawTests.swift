import Reconcile
import SyncModel
import Testing

/// The laws of the merge, over every combination of small domains.
struct MergeLawTests {
    struct Domain: Sendable, CustomTestStringConvertible {
        var shape: MergeRule.Shape
        var words: [String]
        var direction: Direction
        var prefer: Side

        var testDescription: String { "\(shape) \(direction) prefer \(prefer.name)" }
        var rule: MergeRule { Vocabulary.rule(shape, direction, prefer: prefer) }
        var mirroredRule: MergeRule { Vocabulary.rule(shape, direction.mirrored, prefer: prefer.opposite) }

        static let all: [Domain] = Direction.all.flatMap { direction in
            Side.allCases.flatMap { prefer in
                [
                    Domain(shape: .register, words: ["-", "x", "y", "z"], direction: direction, prefer: prefer),
                    Domain(shape: .set, words: ["-", "x", "y", "xy"], direction: direction, prefer: prefer),
                ]
            }
        }
    }

    struct Case {
        var base: Attributes?
        var ad: SideState
        var miniorange: SideState
        var text: String
    }

    private static func cases(bases: [String], sides: [String]) -> [Case] {
        bases.flatMap { base in
            sides.flatMap { ad in
                sides.map { miniorange in
                    Case(
                        base: Vocabulary.base(base),
                        ad: Vocabulary.state(ad),
                        miniorange: Vocabulary.state(miniorange),
                        text: "\(base): \(ad) | \(miniorange)"
                    )
                }
            }
        }
    }

    /// Every existence, and every value of the domain, on both sides.
    private static func everyCase(_ domain: Domain) -> [Case] {
        cases(bases: ["none"] + domain.words, sides: ["missing", "deleted", "out", "?"] + domain.words)
    }

    private static func existenceRules(_ direction: Direction) -> [ExistenceRule] {
        [true, false].map { ExistenceRule(direction: direction, changeWins: $0) }
    }

    @Test(arguments: Domain.all, Direction.all)
    func `Swapping the sides mirrors the result`(_ domain: Domain, _ direction: Direction) {
        for rule in Self.existenceRules(direction) {
            let mirroredRule = ExistenceRule(direction: direction.mirrored, changeWins: rule.changeWins)
            for one in Self.everyCase(domain) {
                let result = Reconciler(rules: [domain.rule], existence: rule)
                    .reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
                let swapped = Reconciler(rules: [domain.mirroredRule], existence: mirroredRule)
                    .reconcile(base: one.base, ad: one.miniorange, miniorange: one.ad)
                #expect(result.mirrored == swapped, "\(one.text)")
            }
        }
    }

    @Test(arguments: Domain.all, Direction.all)
    func `What was carried out calls for nothing more`(_ domain: Domain, _ direction: Direction) {
        for rule in Self.existenceRules(direction) {
            let reconciler = Reconciler(rules: [domain.rule], existence: rule)
            for one in Self.everyCase(domain) {
                let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
                let shown = SideState.present(result.target, unknown: [])
                switch result.existence {
                case .both where isKnown(one):
                    let again = reconciler.reconcile(base: result.base, ad: shown, miniorange: shown)
                    #expect(again.changes == PerSide(both: []) && again.conflicts.isEmpty, "\(one.text)")
                    #expect(again.base == again.target, "\(one.text)")
                case .create where isKnown(one):
                    let again = reconciler.reconcile(base: result.target, ad: shown, miniorange: shown)
                    #expect(again == Reconciliation(existence: .both, base: result.target, target: result.target))
                case .delete:
                    let again = reconciler.reconcile(base: result.base, ad: .deleted, miniorange: .deleted)
                    #expect(again.existence == .forget, "\(one.text)")
                case .both, .create, .forget, .suspended:
                    break
                }
            }
        }
    }

    @Test(arguments: Domain.all)
    func `No value is lost where both sides have the entry`(_ domain: Domain) {
        let reconciler = Reconciler(rules: [domain.rule])
        for one in Self.cases(bases: ["none"] + domain.words, sides: domain.words) {
            let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
            let base = one.base?[Vocabulary.name] ?? []
            for state in [one.ad, one.miniorange] {
                for value in values(state) where !base.contains(value) {
                    let isReported = result.conflicts.contains {
                        $0.values.ad.contains(value) || $0.values.miniorange.contains(value)
                    }
                    #expect(result.target[Vocabulary.name].contains(value) || isReported, "\(one.text)")
                }
            }
        }
    }

    @Test(arguments: Domain.all, Direction.all)
    func `No value is lost by a delete`(_ domain: Domain, _ direction: Direction) {
        for rule in Self.existenceRules(direction) {
            let reconciler = Reconciler(rules: [domain.rule], existence: rule)
            for one in Self.everyCase(domain) {
                let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
                guard case .delete(let side) = result.existence else { continue }
                let base = one.base?[Vocabulary.name] ?? []
                for value in values(side == .ad ? one.ad : one.miniorange) where !base.contains(value) {
                    #expect(result.conflicts.contains { $0.values[side].contains(value) }, "\(one.text)")
                }
            }
        }
    }

    @Test(arguments: Domain.all)
    func `Nothing is invented`(_ domain: Domain) {
        let reconciler = Reconciler(rules: [domain.rule])
        for one in Self.cases(bases: ["none"] + domain.words, sides: domain.words) {
            let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
            let held = values(one.ad) + values(one.miniorange)
            #expect(result.target[Vocabulary.name].allSatisfy { held.contains($0) }, "\(one.text)")
        }
    }

    @Test(arguments: Domain.all, Direction.all)
    func `The base moves only to what both sides show`(_ domain: Domain, _ direction: Direction) {
        for rule in Self.existenceRules(direction) {
            let reconciler = Reconciler(rules: [domain.rule], existence: rule)
            for one in Self.everyCase(domain) {
                let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
                guard case .both = result.existence, let moved = result.base else { continue }
                guard moved != one.base ?? Attributes() else { continue }
                let old = one.base?[Vocabulary.name] ?? []
                // A register moves as a whole, a set value by value.
                let words: [Octets] = domain.shape == .set ? ["x", "y"] : []
                for value in words where moved[Vocabulary.name].contains(value) != old.contains(value) {
                    let isThere = moved[Vocabulary.name].contains(value)
                    #expect(values(one.ad).contains(value) == isThere, "\(one.text)")
                    #expect(values(one.miniorange).contains(value) == isThere, "\(one.text)")
                }
                guard domain.shape == .register else { continue }
                let shown = moved[Vocabulary.name]
                #expect(shown == values(one.ad) && shown == values(one.miniorange), "\(one.text)")
            }
        }
    }

    @Test(arguments: Domain.all, Direction.all)
    func `A delete needs a proven deletion on the other side`(_ domain: Domain, _ direction: Direction) {
        for rule in Self.existenceRules(direction) {
            let reconciler = Reconciler(rules: [domain.rule], existence: rule)
            for one in Self.everyCase(domain) {
                let result = reconciler.reconcile(base: one.base, ad: one.ad, miniorange: one.miniorange)
                guard case .delete(let side) = result.existence else { continue }
                #expect((side == .ad ? one.miniorange : one.ad) == .deleted, "\(one.text)")
                #expect(direction.permits(writingTo: side), "\(one.text)")
            }
        }
    }

    @Test
    func `Attributes merge on their own`() {
        let rules = ["a", "b", "c"].map { MergeRule(name: $0, shape: .register) }
        let result = Reconciler(rules: rules.reversed()).reconcile(
            base: ["a": ["1"], "b": ["1"], "c": ["1"], "unmapped": ["1"]],
            ad: .present(["a": ["2"], "b": ["1"], "c": ["1"]], unknown: ["c"]),
            miniorange: .present(["a": ["1"], "b": ["2"], "c": ["2"]], unknown: [])
        )
        #expect(result.target == ["a": ["2"], "b": ["2"], "c": ["1"]])
        #expect(result.changes == PerSide(ad: ["b"], miniorange: ["a"]))
        // What no rule is for is agreed on as it was.
        #expect(result.base == ["a": ["1"], "b": ["1"], "c": ["1"], "unmapped": ["1"]])
    }

    private func values(_ state: SideState) -> [Octets] {
        if case .present(let attributes, _) = state { return attributes[Vocabulary.name] }
        return []
    }

    private func isKnown(_ one: Case) -> Bool {
        [one.ad, one.miniorange].allSatisfy { state in
            if case .present(_, let unknown) = state { return unknown.isEmpty }
            return true
        }
    }
}
