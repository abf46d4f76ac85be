import Reconcile
import SyncModel
import Testing

/// The judge over a small world, exhaustively.
struct StampJudgeTests {
    static func stamp(
        _ time: Int64,
        granularity: Int64 = 1,
        author: String? = nil,
        server: String? = nil,
        isOurs: Bool = false
    ) -> Stamp {
        Stamp(
            time: Timestamp(milliseconds: time),
            granularity: granularity,
            source: .log,
            server: server,
            author: author,
            isOurs: isOurs
        )
    }

    static func clock(_ range: ClosedRange<Int64>) -> ClockEstimate {
        ClockEstimate(earliest: range.lowerBound, latest: range.upperBound, measured: Timestamp(milliseconds: 0))
    }

    static let ranks = [
        ProvenanceRank(subject: .author, pattern: "cn=feed*", rank: -1),
        ProvenanceRank(subject: .server, pattern: "main", rank: 1),
    ]

    static let stamps: [Stamp?] = {
        var all: [Stamp?] = [nil]
        for time in Int64(0)...5 {
            for granularity in [0, 1, 3] as [Int64] {
                for author in [nil, "cn=feed 1", "cn=person"] {
                    all.append(stamp(time, granularity: granularity, author: author))
                }
                all.append(stamp(time, granularity: granularity, server: "main", isOurs: true))
            }
        }
        return all
    }()

    static let clocks: [ClockEstimate?] = [nil, clock(0...0), clock(-1...2), clock(2...2)]

    static func mirrored<Value>(_ sides: PerSide<Value>) -> PerSide<Value> {
        PerSide(ad: sides.miniorange, miniorange: sides.ad)
    }

    /// Each judgement is one of this with its reason; the same one, with the sides exchanged, of the mirror image; and the same when asked again.
    @Test(arguments: [0, 1, 2] as [Int64])
    func `the same judgement whichever side is which`(_ tolerance: Int64) {
        var wrong = 0
        for adClock in Self.clocks {
            for miniorangeClock in Self.clocks {
                let clocks = PerSide(ad: adClock, miniorange: miniorangeClock)
                let judge = StampJudge(tolerance: tolerance, ranks: Self.ranks, clocks: clocks)
                let mirror = StampJudge(tolerance: tolerance, ranks: Self.ranks, clocks: Self.mirrored(clocks))
                for ad in Self.stamps {
                    for miniorange in Self.stamps {
                        let pair = PerSide(ad: ad, miniorange: miniorange)
                        let judgement = judge.judge(pair, prefer: .ad)
                        let image = mirror.judge(Self.mirrored(pair), prefer: .miniorange)
                        if image.winner.opposite != judgement.winner || image.decision != judgement.decision {
                            wrong += 1
                        }
                        let otherwise = judge.judge(pair, prefer: .miniorange)
                        if judgement.decision == .preferredSide {
                            if judgement.winner != .ad || otherwise.winner != .miniorange { wrong += 1 }
                        } else if otherwise != judgement {
                            wrong += 1
                        }
                        if !Self.reasons.contains(judgement.decision) { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    static let reasons: Set<ConflictRecord.Decision> = [.later, .provenance, .ownWrite, .preferredSide]

    /// Writes at true times, read off clocks that are off by what the estimate allows.
    @Test(arguments: [(1, 1), (1, 4), (4, 4)] as [(Int64, Int64)])
    func `whoever is said to be later was, and whoever was much later is said to be`(
        _ granularityAD: Int64,
        _ granularityMiniOrange: Int64
    ) {
        let ranges = [0...0, -1...1, 0...3] as [ClosedRange<Int64>]
        var wrong = 0
        func shown(_ time: Int64, _ offset: Int64, _ granularity: Int64) -> Stamp {
            let exact = time + offset + 100
            return Self.stamp(exact - exact % granularity - 100, granularity: granularity)
        }
        for rangeAD in ranges {
            for rangeMiniOrange in ranges {
                let clocks = PerSide<ClockEstimate?>(ad: Self.clock(rangeAD), miniorange: Self.clock(rangeMiniOrange))
                let judge = StampJudge(clocks: clocks)
                let doubt =
                    rangeAD.upperBound - rangeAD.lowerBound + rangeMiniOrange.upperBound - rangeMiniOrange.lowerBound
                    + granularityAD + granularityMiniOrange
                for ad in Int64(0)...20 {
                    for miniorange in Int64(0)...20 {
                        for offsetAD in rangeAD {
                            for offsetMiniOrange in rangeMiniOrange {
                                let judgement = judge.judge(
                                    PerSide(
                                        ad: shown(ad, offsetAD, granularityAD),
                                        miniorange: shown(miniorange, offsetMiniOrange, granularityMiniOrange)
                                    ),
                                    prefer: .ad
                                )
                                let isLater = judgement.winner == .ad ? ad > miniorange : miniorange > ad
                                if judgement.decision == .later, !isLater { wrong += 1 }
                                if abs(ad - miniorange) > doubt, judgement.decision != .later { wrong += 1 }
                            }
                        }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }

    @Test(
        arguments: [
            // Last instants: [10, 10] and [11, 11]; then [10, 12] against 12 and 13.
            (10, 1, 11, 1, ConflictRecord.Decision.later), (10, 1, 10, 1, .preferredSide),
            (10, 3, 12, 1, .preferredSide),
            (10, 3, 13, 1, .later), (10, 0, 11, 0, .later), (10, 1000, 1009, 1, .preferredSide),
            (10, 1000, 1010, 1, .later),
        ] as [(Int64, Int64, Int64, Int64, ConflictRecord.Decision)]
    )
    func `intervals that touch are simultaneous`(
        _ ad: Int64,
        _ granularityAD: Int64,
        _ miniorange: Int64,
        _ granularityMiniOrange: Int64,
        _ decision: ConflictRecord.Decision
    ) {
        let exact = StampJudge(clocks: PerSide(both: Self.clock(0...0)))
        let stamps = PerSide<Stamp?>(
            ad: Self.stamp(ad, granularity: granularityAD),
            miniorange: Self.stamp(miniorange, granularity: granularityMiniOrange)
        )
        let expected = decision == .later ? Side.miniorange : .ad
        let judgement = exact.judge(stamps, prefer: .ad)
        #expect(judgement.winner == expected && judgement.decision == decision)
        // Without a measurement each clock may be wrong by the tolerance.
        for tolerance in Int64(1)...3 {
            let far = abs(miniorange - ad - max(0, granularityAD - 1)) > 2 * tolerance
            let judge = StampJudge(tolerance: tolerance)
            #expect((judge.judge(stamps, prefer: .ad).decision == .later) == (far && decision == .later))
        }
    }

    @Test(
        arguments: [
            ("cn=feed", nil, "cn=person", nil, Side.miniorange, ConflictRecord.Decision.provenance),
            ("cn=person", nil, "cn=feed", nil, .ad, .provenance),
            ("cn=person", "main", "cn=person", nil, .ad, .provenance),
            ("cn=person", nil, "cn=other", nil, .miniorange, .preferredSide),
            // The first rank that fits is the one: the author's, here.
            ("cn=feed", "main", "cn=person", nil, .miniorange, .provenance),
        ] as [(String?, String?, String?, String?, Side, ConflictRecord.Decision)]
    )
    func `of two at once the one who counts more stands`(
        _ authorAD: String?,
        _ serverAD: String?,
        _ authorMiniOrange: String?,
        _ serverMiniOrange: String?,
        _ winner: Side,
        _ decision: ConflictRecord.Decision
    ) {
        let stamps = PerSide<Stamp?>(
            ad: Self.stamp(1000, author: authorAD, server: serverAD),
            miniorange: Self.stamp(1000, author: authorMiniOrange, server: serverMiniOrange)
        )
        let judgement = StampJudge(ranks: Self.ranks).judge(stamps, prefer: .miniorange)
        #expect(judgement.winner == winner && judgement.decision == decision)
    }

    @Test func `our own write is nobody's intent, however late it was`() {
        let judge = StampJudge(ranks: Self.ranks)
        let own = Self.stamp(90_000, author: "cn=boss", server: "main", isOurs: true)
        let person = Self.stamp(0, author: "cn=feed")
        #expect(judge.judge(PerSide(ad: own, miniorange: person), prefer: .ad).winner == .miniorange)
        #expect(judge.judge(PerSide(ad: person, miniorange: own), prefer: .miniorange).winner == .ad)
        // Both ours: times decide as ever.
        let earlier = Self.stamp(0, isOurs: true)
        let judgement = judge.judge(PerSide(ad: earlier, miniorange: own), prefer: .ad)
        #expect(judgement.winner == .miniorange && judgement.decision == .later)
    }
}
