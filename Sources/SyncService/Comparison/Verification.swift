import Cache
import SyncEngine
import SyncModel

/// Judges all pairs of a copy of the cache in which both directories were read as a whole.
struct Verification {
    /// So many of each kind are told; all are counted.
    static let keptFindings = 10_000
    /// A daemon at work takes in what its feeds tell within this time.
    private static let patience = Duration.seconds(15)
    private static let look = Duration.milliseconds(500)

    let live: InspectedCache
    let known: InspectedCache?
    let isDaemonLive: Bool

    private struct Walk {
        var report: VerifyReport
        /// Pairs of which the daemon is to show that it notices what happened.
        var awaited: [(pair: PairID, finding: Int)] = []
        var kept = (explained: 0, drift: 0)
        /// Pairs of which the engine would write something.
        var calledFor: Set<PairID>
    }

    func report() async throws -> VerifyReport {
        let calledFor = try live.read { view in
            Set(try view.transaction.intents().filter { !$0.write.operation.isRead }.map(\.write.pair))
        }
        var walk = Walk(report: VerifyReport(usedCache: known != nil, entries: .init()), calledFor: calledFor)
        var last: PairID?
        var isOver = false
        while !isOver {
            try Task.checkCancellation()
            let place = last
            (last, isOver) = try live.read { view in
                guard let known else { return try judge(after: place, view, known: nil, &walk) }
                return try known.read { try judge(after: place, view, known: $0, &walk) }
            }
        }
        try await awaitDaemon(&walk)
        return walk.report
    }

    private static let slice = 1_000

    private func judge(
        after place: PairID?,
        _ view: InspectedView,
        known: InspectedView?,
        _ walk: inout Walk
    ) throws -> (PairID?, Bool) {
        var last = place
        var seen = 0
        try view.transaction.forEachPair(after: place) { pair in
            last = pair.id
            seen += 1
            if pair.object != nil { try judge(pair, view, known, &walk) }
            return seen < Self.slice
        }
        return (last, seen < Self.slice)
    }

    private func judge(_ pair: Pair, _ view: InspectedView, _ known: InspectedView?, _ walk: inout Walk) throws {
        let isPresent = Side.allCases.filter { pair.presence[$0] == .present }
        guard !isPresent.isEmpty else { return }
        let hidden = try PairVerdict.hiddenSide(pair.id, view)
        for side in isPresent where side != hidden {
            if side == .ad { walk.report.entries.ad += 1 } else { walk.report.entries.miniorange += 1 }
        }
        let shown = try ShownPair(pair, view)
        let isCalledFor = walk.calledFor.contains(pair.id)
        let verdict = try PairVerdict(shown, view, isCalledFor: isCalledFor, known: known)
        var finding = VerifyReport.Finding(
            pair: pair.id.rawValue,
            object: pair.object ?? pair.kind.name,
            entry: "",
            differs: verdict.differs,
            isDrift: false,
            reason: ""
        )
        switch verdict.kind {
        case .equal:
            walk.report.equal += 1
            return
        case .explained(let reason): finding.reason = reason
        case .newer(let reason):
            finding.reason = reason
        case .drift(let reason):
            finding.reason = reason
            finding.isDrift = true
        }
        if finding.isDrift { walk.report.drift += 1 } else { walk.report.explained += 1 }
        let kept = finding.isDrift ? walk.kept.drift : walk.kept.explained
        guard kept < Self.keptFindings else { return }
        if finding.isDrift { walk.kept.drift += 1 } else { walk.kept.explained += 1 }
        finding.entry = try EntryNaming(view.transaction).label(of: pair.id)
        if case .newer = verdict.kind { walk.awaited.append((pair.id, walk.report.findings.count)) }
        walk.report.findings.append(finding)
    }

    /// Where a daemon is at work, it must notice what the directories show.
    private func awaitDaemon(_ walk: inout Walk) async throws {
        guard isDaemonLive, let known else { return }
        let end = ContinuousClock.now + Self.patience
        while true {
            walk.awaited = try live.read { view in
                try known.read { cache in
                    try walk.awaited.filter { try !PairVerdict.hasArrived($0.pair, view, cache) }
                }
            }
            guard !walk.awaited.isEmpty, ContinuousClock.now < end else { break }
            try await Task.sleep(for: Self.look)
        }
        for (_, index) in walk.awaited {
            walk.report.findings[index].isDrift = true
            walk.report.findings[index].reason = "the daemon is live and has not noticed it"
            walk.report.explained -= 1
            walk.report.drift += 1
        }
    }
}
