import BenchSamples
import Mapping
import Reconcile
import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// How many pairs a second one core reconciles. Prints one line of JSON: for each case the pairs a second of each round.
@main
struct ReconcileBench {
    /// More than the processor's caches hold, as in a directory.
    private static let pairs = 20_000
    private static let rounds = 7

    /// The pairs of these samples name nobody.
    private struct NoReferences: ReferenceResolver {
        func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? { nil }
        func anchor(_ side: Side, of pair: PairID) throws -> Anchor? { nil }
    }

    static func main() throws {
        let samples = try Samples()
        let equal = (0..<pairs).map { samples.canonicalPair($0, changes: false) }
        let changed = (0..<pairs).map { samples.canonicalPair($0, changes: true) }
        let raw = (0..<pairs).map { samples.rawPair($0) }
        let reconciler = Reconciler(rules: samples.mapping.mergeRules)

        var report: [(name: String, rates: [Double])] = []
        report.append(
            ("equal", measure(equal) { reconciler.reconcile($0, withBase: true).changes.miniorange.count })
        )
        report.append(
            (
                "equal without base",
                measure(equal) { reconciler.reconcile($0, withBase: false).changes.miniorange.count }
            )
        )
        report.append(
            ("one changed", measure(changed) { reconciler.reconcile($0, withBase: true).changes.miniorange.count })
        )
        report.append(("canonical, equal", try measure(raw) { try canonical($0, samples.mapping, withBase: true) }))
        report.append(
            ("canonical, equal without base", try measure(raw) { try canonical($0, samples.mapping, withBase: false) })
        )
        let fields = report.map { entry in
            "\"\(entry.name)\": [\(entry.rates.map { String(Int($0)) }.joined(separator: ", "))]"
        }
        print("{\(fields.joined(separator: ", "))}")
    }

    private static func canonical(_ pair: Samples.RawPair, _ mapping: ObjectMapping, withBase: Bool) throws -> Int {
        let sides = try mapping.canonical(
            ad: pair.ad,
            miniorange: pair.miniorange,
            base: withBase ? pair.base : nil,
            nameCounter: 0,
            resolver: NoReferences()
        )
        return sides.ad?.values.items.count ?? 0
    }

    /// What this thread has had of a core, whatever else the machine does.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Pairs a second, of each round. The sum keeps the optimizer from leaving the work out.
    private static func measure<Pair>(_ pairs: [Pair], _ work: (Pair) throws -> Int) rethrows -> [Double] {
        var sum = 0
        var rates: [Double] = []
        for _ in 0..<rounds {
            let begin = processorSeconds()
            for pair in pairs { sum &+= try work(pair) }
            rates.append(Double(pairs.count) / (processorSeconds() - begin))
        }
        precondition(sum >= 0)
        return rates
    }
}

extension Reconciler {
    fileprivate func reconcile(_ pair: Samples.CanonicalPair, withBase: Bool) -> Reconciliation {
        reconcile(
            base: withBase ? pair.base : nil,
            ad: .present(pair.ad, unknown: []),
            miniorange: .present(pair.miniorange, unknown: [])
        )
    }
}
