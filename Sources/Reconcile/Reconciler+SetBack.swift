import SyncModel

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
            evidence.knownUntil[$0] != nil && values[$0] != base && rule.direction.permits(writingTo: $0.opposite)
        }
        guard !doubtful.isEmpty else { return nil }
        guard let stamps = evidence.stamps[rule.name] else {
            result.needsStamps.append(rule.name)
            return Verdict(values: nil, winner: rule.prefer, decision: nil)
        }
        var effective = values
        var returned: Side?
        for side in doubtful {
            guard let time = evidence.knownUntil[side], let stamp = stamps[side] else { continue }
            if stamp.time <= time {
                effective[side] = base
                returned = side
            } else if stamp.source == .entry {
                // Something of the entry was set later; whether this was, nobody can tell, and it is not guessed.
                return Verdict(values: nil, winner: side.opposite, decision: .held)
            }
        }
        guard let returned else { return nil }
        // What was agreed can't be written back against the rule's direction, and the older value must not be carried.
        guard rule.direction.permits(writingTo: returned) else {
            return Verdict(values: nil, winner: returned.opposite, decision: .held)
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
}
