package import SyncModel

/// Which of two values was set later, and who counts more where that can't be told. The same whichever side is looked at first.
package struct StampJudge: Hashable, Sendable {
    /// Milliseconds by which a clock may be wrong that was never measured.
    package var tolerance: Int64
    package var ranks: [ProvenanceRank]
    package var clocks: PerSide<ClockEstimate?>

    package init(
        tolerance: Int64 = 2_000,
        ranks: [ProvenanceRank] = [],
        clocks: PerSide<ClockEstimate?> = PerSide(both: nil)
    ) {
        self.tolerance = tolerance
        self.ranks = ranks
        self.clocks = clocks
    }

    package struct Judgement: Hashable, Sendable {
        package var winner: Side
        package var decision: ConflictRecord.Decision

        /// Whether one value was certainly set later, or the other by nobody.
        var isByTime: Bool { decision == .later || decision == .ownWrite }
    }

    /// - Parameters:
    ///   - stamps: nil where nothing at all is known of a side's value.
    ///   - prefer: who stands where nothing else decides.
    package func judge(_ stamps: PerSide<Stamp?>, prefer: Side) -> Judgement {
        let preferred = Judgement(winner: prefer, decision: .preferredSide)
        guard let ad = stamps.ad, let miniorange = stamps.miniorange else { return preferred }
        // Exactly one was written by us: it repeats what the other side held before, and is nobody's intent.
        if ad.isOurs != miniorange.isOurs {
            return Judgement(winner: ad.isOurs ? .miniorange : .ad, decision: .ownWrite)
        }
        // Intervals of true time that do not meet: one was later, beyond all doubt.
        let spans = (ad: span(ad, .ad), miniorange: span(miniorange, .miniorange))
        if spans.ad.lowerBound > spans.miniorange.upperBound { return Judgement(winner: .ad, decision: .later) }
        if spans.miniorange.lowerBound > spans.ad.upperBound {
            return Judgement(winner: .miniorange, decision: .later)
        }
        // As good as simultaneous.
        let rankAD = ProvenanceRank.rank(of: ad, by: ranks)
        let rankMiniOrange = ProvenanceRank.rank(of: miniorange, by: ranks)
        if rankAD != rankMiniOrange {
            return Judgement(winner: rankAD > rankMiniOrange ? .ad : .miniorange, decision: .provenance)
        }
        return preferred
    }

    /// When the value was set by our clock, at the earliest and at the latest.
    private func span(_ stamp: Stamp, _ side: Side) -> ClosedRange<Int64> {
        let time = stamp.time.milliseconds
        let last = max(0, stamp.granularity - 1)
        guard let clock = clocks[side] else { return (time - tolerance)...(time + last + tolerance) }
        let drift = clock.drift(at: stamp.time)
        return (time - clock.latest - drift)...(time + last - clock.earliest + drift)
    }
}
