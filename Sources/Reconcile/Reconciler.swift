package import SyncModel

/// The three-way merge of one pair: (base, ad, miniorange) → what both are to show. It knows no server, clock or store; the same arguments give the
/// same answer, whichever side moved first.
package struct Reconciler: Sendable {
    /// Sorted by name.
    private let rules: [MergeRule]
    private let existence: ExistenceRule

    package init(rules: [MergeRule], existence: ExistenceRule = ExistenceRule()) {
        self.rules = rules.sorted { $0.name < $1.name }
        self.existence = existence
    }

    /// Whether an attribute is merged at all.
    package func hasRule(_ name: String) -> Bool { rules.contains { $0.name == name } }

    /// Whether an attribute is merged, and carried to this side.
    package func writes(_ name: String, to side: Side) -> Bool {
        rules.contains { $0.name == name && $0.direction.permits(writingTo: side) }
    }

    package func reconcile(
        base: Attributes?,
        ad: SideState,
        miniorange: SideState,
        _ evidence: Evidence = Evidence()
    ) -> Reconciliation {
        switch (ad, miniorange) {
        // Both sides have the entry.
        case (.present(let a, let unknownA), .present(let m, let unknownM)):
            return merge(base: base, ad: a, miniorange: m, unknown: union(unknownA, unknownM), evidence)

        // One side has it, the other does not.
        case (.present(let values, let unknown), let other):
            return reconcile(base: base, present: values, unknown: unknown, on: .ad, other: other, evidence)
        case (let other, .present(let values, let unknown)):
            return reconcile(base: base, present: values, unknown: unknown, on: .miniorange, other: other, evidence)

        // No side has it, but one still may: out of scope proves nothing.
        case (.outOfScope, _), (_, .outOfScope):
            return Reconciliation(existence: .suspended, base: base)

        // Gone from wherever it was.
        case (.missing, .missing), (.missing, .deleted), (.deleted, .missing), (.deleted, .deleted):
            return Reconciliation(existence: .forget, base: nil)
        }
    }

    /// Holds: `side` has the entry with `values`, and the other side does not.
    private func reconcile(
        base: Attributes?,
        present values: Attributes,
        unknown: [String],
        on side: Side,
        other: SideState,
        _ evidence: Evidence
    ) -> Reconciliation {
        let mayCreate = existence.direction.permits(writingTo: side.opposite)
        let mayDelete = existence.direction.permits(writingTo: side)
        switch other {
        case .outOfScope, .present:
            return Reconciliation(existence: .suspended, base: base)

        case .missing:
            guard mayCreate else { return Reconciliation(existence: .suspended, base: base) }
            if let known = evidence.knownUntil[side], base == nil, !evidence.isWanted {
                // It was not known, though everything was: unless it is younger, it was deleted since and has come back.
                var held = Reconciliation(existence: .suspended, base: base)
                guard let stamps = evidence.stamps[Evidence.existence] else {
                    held.needsStamps = [Evidence.existence]
                    return held
                }
                if Age(of: stamps[side], isEmpty: true, known, present: evidence.present[side]) == .older {
                    held.returned = side
                    return held
                }
            }
            return Reconciliation(existence: .create(side.opposite), base: nil, target: values)

        case .deleted:
            var movedNames = moved(values, unknown: unknown, from: base)
            var undated: [MergeRule] = []
            var restored = values
            if evidence.knownUntil[side] != nil, base != nil, mayCreate, mayDelete {
                // What came back with an older state is no change that could stand against the deletion.
                let missing = movedNames.map(\.name).filter {
                    evidence.stamps[$0] == nil && evidence.isDoubtful($0, on: side)
                }
                guard missing.isEmpty else {
                    var held = Reconciliation(existence: .suspended, base: base)
                    held.needsStamps = missing
                    return held
                }
                let ages = movedNames.map { age(of: $0, values, on: side, evidence) }
                undated = zip(movedNames, ages).filter { $1 == .unknown }.map(\.0)
                let returned = zip(movedNames, ages).filter { $1 != .later }.map(\.0)
                movedNames.removeAll(where: returned.contains)
                for rule in returned { restored[rule.name] = base?[rule.name] ?? [] }
                // Whoever may be barred is.
                for rule in undated where rule.bar == values[rule.name] { restored[rule.name] = values[rule.name] }
            }
            let isCarried = movedNames.contains { $0.direction.permits(writingTo: side.opposite) }
            let decision: ConflictRecord.Decision?
            let restores: Bool
            if evidence.isDeletionRejected && mayCreate {
                // A person wants it back: nothing conflicts.
                (restores, decision) = (true, nil)
            } else if !mayDelete {
                // The source of a one-way object still has it: the other side's delete does not count.
                (restores, decision) = (mayCreate, mayCreate ? .direction : nil)
                guard mayCreate else { return Reconciliation(existence: .suspended, base: base) }
            } else if !mayCreate {
                // The source deleted it, so nothing that happened here counts.
                (restores, decision) = (false, movedNames.isEmpty ? nil : .direction)
            } else if !isCarried && base != nil {
                // Nothing was written here since both sides agreed.
                (restores, decision) = (false, nil)
            } else {
                (restores, decision) = (existence.changeWins, existence.changeWins ? .changeWins : .deleteWins)
            }
            var result = Reconciliation(existence: restores ? .create(side.opposite) : .delete(side), base: base)
            if restores {
                result.target = restored
                result.base = nil
                result.undecided = undated.filter { $0.bar == nil || $0.bar != restored[$0.name] }.map(\.name)
            }
            if let decision {
                result.conflicts = [
                    Conflict(
                        subject: .existence,
                        base: [],
                        values: PerSide(both: []),
                        winner: restores ? side : side.opposite,
                        decision: decision
                    )
                ]
            }
            if !restores {
                result.conflicts += lost(movedNames, values, on: side, from: base, decision ?? .direction)
                result.conflicts += lost(undated, values, on: side, from: base, .deleteWins)
            }
            return result
        }
    }

    /// What goes with a deleted entry although it was written since both sides agreed.
    private func lost(
        _ rules: [MergeRule],
        _ values: Attributes,
        on side: Side,
        from base: Attributes?,
        _ decision: ConflictRecord.Decision
    ) -> [Conflict] {
        rules.map { rule in
            var held = PerSide<[Octets]>(both: [])
            held[side] = values[rule.name]
            return Conflict(
                subject: .attribute(rule.name),
                base: base?[rule.name] ?? [],
                values: held,
                winner: side.opposite,
                decision: decision
            )
        }
    }

    /// The rules by which one side's values differ from the base. What stands in is no change of its own; nor is that a reference is lacking, which is so where its server
    /// takes it away with who is named, and is told of him later.
    private func moved(_ values: Attributes, unknown: [String], from base: Attributes?) -> [MergeRule] {
        var baseWalk = AttributeWalk(base ?? Attributes())
        var valueWalk = AttributeWalk(values)
        return rules.filter { rule in
            let was = baseWalk.values(of: rule.name)
            let holds = valueWalk.values(of: rule.name)
            return holds != was && !rule.isStandIn && !unknown.contains(rule.name)
                && !existence.unheeded.contains(rule.name)
                && !(rule.isReference && holds.allSatisfy(was.contains))
        }
    }

    /// Holds: both sides have the entry.
    private func merge(
        base: Attributes?,
        ad: Attributes,
        miniorange: Attributes,
        unknown: [String],
        _ evidence: Evidence
    ) -> Reconciliation {
        // Most pairs are looked at when nothing moved at all.
        if unknown.isEmpty, evidence.settlements.isEmpty, let base, ad == miniorange, ad == base {
            return Reconciliation(existence: .both, base: base, target: base)
        }
        var evidence = evidence
        // What was never agreed on can't have been set back.
        if base == nil {
            evidence.knownUntil = PerSide(both: nil)
            evidence.knownLater = PerSide(both: [:])
        }
        var walks = (
            base: AttributeWalk(base ?? Attributes()), ad: AttributeWalk(ad), miniorange: AttributeWalk(miniorange)
        )
        var newBase: [Attributes.Item] = []
        var target: [Attributes.Item] = []
        newBase.reserveCapacity(rules.count)
        target.reserveCapacity(rules.count)
        var result = Reconciliation(existence: .both, base: nil)

        for rule in rules {
            let b = walks.base.values(of: rule.name)
            let a = walks.ad.values(of: rule.name)
            let m = walks.miniorange.values(of: rule.name)
            var agreed = b
            var wanted = b
            if !unknown.isEmpty && unknown.contains(rule.name) {
                // Known: nothing can be said of one side. Nothing moves.
            } else if a == m, evidence.settlements.isEmpty {
                agreed = a
                wanted = a
            } else {
                let verdict = decide(rule, base: b, ad: a, miniorange: m, evidence, &result)
                agreed = a == m ? a : rule.shape == .set ? agreedValues(base: b, ad: a, miniorange: m) : b
                if let values = verdict.values {
                    wanted = values
                    if wanted != a { result.changes.ad.append(rule.name) }
                    if wanted != m { result.changes.miniorange.append(rule.name) }
                }
                if let decision = verdict.decision {
                    result.conflicts.append(
                        Conflict(
                            subject: .attribute(rule.name),
                            base: b,
                            values: PerSide(ad: a, miniorange: m),
                            winner: verdict.winner,
                            decision: decision,
                            rule: rule.conflict,
                            stamps: evidence.stamps[rule.name] ?? PerSide(both: nil)
                        )
                    )
                }
            }
            if !agreed.isEmpty { newBase.append(Attributes.Item(name: rule.name, values: agreed)) }
            if !wanted.isEmpty { target.append(Attributes.Item(name: rule.name, values: wanted)) }
        }
        result.base = Attributes(sorted: newBase)
        result.target = Attributes(sorted: target)
        // What both agreed on of an attribute that is not looked at any more is still what they agreed on when it is again.
        for item in walks.base.unasked { result.base?[item.name] = item.values }
        return result
    }

    struct Verdict {
        /// What both are to show; nil: nothing moves.
        var values: [Octets]?
        var winner: Side
        var decision: ConflictRecord.Decision?
    }

    private func decide(
        _ rule: MergeRule,
        base: [Octets],
        ad: [Octets],
        miniorange: [Octets],
        _ evidence: Evidence,
        _ result: inout Reconciliation
    ) -> Verdict {
        if !evidence.settlements.isEmpty, let settlement = evidence.settlements[rule.name] {
            // A person decided, and each side shows what it did then, or already what he wants.
            let stands =
                (ad == settlement.seen.ad || ad == settlement.values)
                && (miniorange == settlement.seen.miniorange || miniorange == settlement.values)
            if stands && (ad != settlement.values || miniorange != settlement.values) {
                return Verdict(values: settlement.values, winner: rule.prefer, decision: nil)
            }
            result.endedSettlements.append(rule.name)
        }
        if ad == miniorange { return Verdict(values: ad, winner: rule.prefer, decision: nil) }
        if evidence.knownUntil != PerSide(both: nil),
            let verdict = decideBySetBack(rule, base, PerSide(ad: ad, miniorange: miniorange), evidence, &result)
        {
            return verdict
        }
        return decide(rule, base: base, ad: ad, miniorange: miniorange, evidence, needs: &result.needsStamps)
    }

    /// Holds: `ad` and `miniorange` differ, and no person decided.
    func decide(
        _ rule: MergeRule,
        base: [Octets],
        ad: [Octets],
        miniorange: [Octets],
        _ evidence: Evidence,
        needs: inout [String]
    ) -> Verdict {
        if !evidence.held.isEmpty, evidence.held.contains(rule.name) {
            return hold(rule, .held, evidence, needs: &needs)
        }
        switch rule.direction {
        // One way: the source stands. Where the other side moved, its value goes to the conflict report.
        case .toMiniOrange:
            return Verdict(values: ad, winner: .ad, decision: miniorange == base ? nil : .direction)
        case .toAD:
            return Verdict(values: miniorange, winner: .miniorange, decision: ad == base ? nil : .direction)
        case .both:
            break
        }
        if !evidence.frozen.isEmpty, evidence.frozen.contains(rule.name) {
            return hold(rule, .oscillation, evidence, needs: &needs)
        }
        // Only one side moved.
        if ad == base { return Verdict(values: miniorange, winner: .miniorange, decision: nil) }
        if miniorange == base { return Verdict(values: ad, winner: .ad, decision: nil) }
        // Both moved, to different values.
        if rule.shape == .set {
            return Verdict(
                values: mergeSets(base: base, ad: ad, miniorange: miniorange),
                winner: rule.prefer,
                decision: nil
            )
        }
        switch rule.conflict {
        case .ad: return Verdict(values: ad, winner: .ad, decision: .configuredSide)
        case .miniorange: return Verdict(values: miniorange, winner: .miniorange, decision: .configuredSide)
        case .hold: return hold(rule, .held, evidence, needs: &needs)
        case .newest:
            guard let stamps = evidence.stamps[rule.name] else {
                needs.append(rule.name)
                return Verdict(values: nil, winner: rule.prefer, decision: nil)
            }
            var judgement = evidence.judge.judge(stamps, prefer: rule.prefer)
            if let bar = rule.bar, !judgement.isByTime, ad == bar || miniorange == bar {
                judgement = StampJudge.Judgement(winner: ad == bar ? .ad : .miniorange, decision: .disableWins)
            }
            return Verdict(
                values: judgement.winner == .ad ? ad : miniorange,
                winner: judgement.winner,
                decision: judgement.decision
            )
        }
    }

    /// Nothing moves until a person decides, who wants to know whose the values are.
    private func hold(
        _ rule: MergeRule,
        _ decision: ConflictRecord.Decision,
        _ evidence: Evidence,
        needs: inout [String]
    ) -> Verdict {
        let isKnown = evidence.stamps[rule.name] != nil
        if !isKnown { needs.append(rule.name) }
        return Verdict(values: nil, winner: rule.prefer, decision: isKnown ? decision : nil)
    }

    /// Per value: what either side added is there, what either side removed is not.
    private func mergeSets(base: [Octets], ad: [Octets], miniorange: [Octets]) -> [Octets] {
        var merged = base.filter { ad.contains($0) && miniorange.contains($0) }
        for side in [ad, miniorange] {
            for value in side where !base.contains(value) && !merged.contains(value) { merged.append(value) }
        }
        return merged.sorted()
    }

    /// The base of a set moves value by value: where both sides have one, or neither has.
    private func agreedValues(base: [Octets], ad: [Octets], miniorange: [Octets]) -> [Octets] {
        let kept = base.filter { ad.contains($0) || miniorange.contains($0) }
        return (kept + ad.filter { miniorange.contains($0) && !base.contains($0) }).sorted()
    }

    private func union(_ first: [String], _ second: [String]) -> [String] {
        if first.isEmpty { return second }
        if second.isEmpty { return first }
        return first + second.filter { !first.contains($0) }
    }
}
