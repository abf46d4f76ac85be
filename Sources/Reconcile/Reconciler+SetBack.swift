package import SyncModel

/// A side whose server was set back shows values that are nobody's change.
extension Reconciler {
    /// Holds: both sides differ, and a side may hold an older state. Nil where its value is a change like any other.
    func decideBySetBack(
        _ rule: MergeRule,
        _ base: [Octets],
        _ values: PerSide<[Octets]>,
        _ evidence: Evidence,
        _ result: inout Reconciliation
    ) -> Verdict? {
        // A side from which nothing is carried can't do harm.
        let doubtful = Side.allCases.filter {
            evidence.isDoubtful(rule.name, on: $0) && values[$0] != base
                && rule.direction.permits(writingTo: $0.opposite)
        }
        guard !doubtful.isEmpty else { return nil }
        guard let stamps = evidence.stamps[rule.name] else {
            result.needsStamps.append(rule.name)
            return Verdict(values: nil, winner: rule.prefer, decision: nil)
        }
        var effective = values
        var returned: Side?
        for side in doubtful {
            guard let known = evidence.known(rule.name, on: side) else { continue }
            let isEmpty = values[side].isEmpty || evidence.unset[side].contains(rule.name)
            switch Age(of: stamps[side], isEmpty: isEmpty, known, present: evidence.present[side]) {
            case .older:
                effective[side] = base
                returned = side
            case .later:
                let lacked = base.filter { !values[side].contains($0) }
                guard rule.shape == .set, !lacked.isEmpty else { continue }
                // Something was set since; what it lacks may be from before.
                effective[side] = (values[side] + lacked).sorted()
                returned = side
            case .unknown where rule.isStandIn:
                return Verdict(values: nil, winner: side.opposite, decision: nil)
            case .unknown:
                // Whoever may be barred is, and everything else is not guessed.
                if let bar = rule.bar, values[side] == bar { continue }
                if let bar = rule.bar, base == bar {
                    effective[side] = base
                    returned = side
                    continue
                }
                return Verdict(values: nil, winner: side.opposite, decision: .held)
            }
        }
        guard let returned else { return nil }
        // What was agreed can't be written back against the rule's direction, and the older value must not be carried. What stands in goes with what it is taken from.
        guard rule.direction.permits(writingTo: returned) else {
            return Verdict(values: nil, winner: returned.opposite, decision: rule.isStandIn ? nil : .held)
        }
        // As if the older state were not there: what both agreed on, or what the other side made of it since.
        var verdict =
            effective.ad == effective.miniorange
            ? Verdict(values: effective.ad, winner: returned.opposite, decision: nil)
            : decide(
                rule,
                base: base,
                ad: effective.ad,
                miniorange: effective.miniorange,
                evidence,
                needs: &result.needsStamps
            )
        if verdict.decision == nil, verdict.values != nil {
            verdict.decision = .older
            verdict.winner = returned.opposite
        }
        return verdict
    }

    /// Whether a value that could stand against a deletion is from before its side was set back. Where something of the entry was set since, it may be this; where
    /// nobody can tell, nobody who is gone comes back by it.
    func age(
        of rule: MergeRule,
        _ values: Attributes,
        on side: Side,
        _ evidence: Evidence
    ) -> Age {
        guard let known = evidence.known(rule.name, on: side) else { return .later }
        let stamp = evidence.stamps[rule.name]?[side] ?? nil
        let isEmpty = values[rule.name].isEmpty || evidence.unset[side].contains(rule.name)
        let age = Age(of: stamp, isEmpty: isEmpty, known, present: evidence.present[side])
        guard age == .unknown, let stamp, stamp.source == .entry, stamp.time > known.upperBound else { return age }
        // By a clock that was set back since, nobody knows when that was either.
        return evidence.present[side].map { stamp.time > $0 } == true ? .unknown : .later
    }
}

/// Whether what a side shows that may have been set back is from before.
package enum Age: Hashable, Sendable {
    case older, later
    /// It may have been set in the moment up to which everything was known, or something of its entry was set since, maybe this.
    case unknown

    /// `stamp` nil: its server knows of nobody who ever set it, which says something of what is empty only.
    /// `present`: what its server's clock shows now. What was set later than that was set before the clock was, and nobody knows when.
    package init(of stamp: Stamp?, isEmpty: Bool, _ known: ClosedRange<Timestamp>, present: Timestamp?) {
        guard let stamp else {
            self = isEmpty ? .older : .unknown
            return
        }
        if let present, stamp.time > present {
            self = .unknown
            return
        }
        let latest = stamp.time.advanced(byMilliseconds: max(0, stamp.granularity - 1))
        if latest < known.lowerBound {
            self = .older
        } else {
            self = stamp.time > known.upperBound && stamp.source != .entry ? .later : .unknown
        }
    }
}
