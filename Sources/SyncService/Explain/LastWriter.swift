package import Reconcile
package import SyncModel

/// Who set the value that stands, told by the stamps of both sides: whose write was not ours, and the later one of two.
package struct LastWriter: Hashable, Sendable {
    /// Where it was set; nil where it was set on both sides as good as at once.
    package var side: Side?
    /// Nil where it is known that it came from there, and no more.
    package var stamp: Stamp?

    /// Nil where nothing is known, or where we wrote both sides.
    package init?(_ stamps: PerSide<Stamp?>, _ judge: StampJudge) {
        switch (stamps.ad, stamps.miniorange) {
        case (nil, nil): return nil
        case (let ad?, let miniorange?):
            if ad.isOurs && miniorange.isOurs { return nil }
            let judgement = judge.judge(stamps, prefer: .ad)
            switch judgement.decision {
            case .later, .ownWrite: self.init(judgement.winner, stamps[judgement.winner])
            default: self.init(nil, nil)
            }
        case (let ad?, nil): self.init(ad, .ad)
        case (nil, let miniorange?): self.init(miniorange, .miniorange)
        }
    }

    /// Where no stamps are known, what we wrote last tells: what stands on both sides came from the other one.
    package init(writtenAt side: Side) { self.init(side.opposite, nil) }

    private init(_ side: Side?, _ stamp: Stamp?) {
        self.side = side
        self.stamp = stamp
    }

    /// Of one stamp alone: what we wrote here came from there.
    private init(_ stamp: Stamp, _ side: Side) {
        if stamp.isOurs { self.init(side.opposite, nil) } else { self.init(side, stamp) }
    }

    /// For a person.
    var words: String {
        guard let side else { return "set on both sides, as good as at once" }
        return stamp.map { "\(side.name), \(StampText($0).line)" }
            ?? "\(side.name); Syncline wrote it to the other side"
    }

    var json: JSONValue {
        .object([
            ("side", .string(orNull: side?.name)), ("stamp", stamp.map { StampText($0).json } ?? .null),
        ])
    }
}
