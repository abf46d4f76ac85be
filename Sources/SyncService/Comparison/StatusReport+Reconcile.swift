package import SyncModel

extension StatusReport {
    /// The full compares: when, and what they found.
    package struct Reconcile: Codable, Sendable {
        /// As configured: `off`, `hourly`, `daily 02:00` …
        package var schedule: String
        /// `live` or `scheduled`.
        package var mode: String
        package var next: String?
        /// One is to begin as soon as both sides can be read.
        package var isRequested: Bool
        package var running: Comparison?
        package var last: Comparison?
        /// Why the last attempt did not come to its end.
        package var problem: String?
    }

    package struct Comparison: Codable, Sendable {
        package struct Counts: Codable, Sendable {
            package var read: Int
            package var equal: Int
            package var drifted: Int
            package var deleted: Int
            package var memberships: Int
            package var driftedMemberships: Int
            package var isRead: Bool

            init(_ counts: SyncModel.Comparison.Counts) {
                read = counts.read
                equal = counts.equal
                drifted = counts.drifted
                deleted = counts.deleted
                memberships = counts.memberships
                driftedMemberships = counts.driftedMemberships
                isRead = counts.isRead
            }
        }

        package var began: String
        package var ended: String?
        package var seconds: Double
        package var ad: Counts
        package var miniorange: Counts
        package var pairs: Int
        package var driftedPairs: Int
        /// All that had drifted.
        package var drift: Int
        package var repaired: Int

        package init(_ comparison: SyncModel.Comparison, now: Timestamp) {
            began = comparison.began.text
            ended = comparison.ended?.text
            let end = comparison.ended ?? now
            seconds = Double(max(0, end.milliseconds - comparison.began.milliseconds)) / 1_000
            ad = Counts(comparison.sides.ad)
            miniorange = Counts(comparison.sides.miniorange)
            pairs = comparison.pairs
            driftedPairs = comparison.driftedPairs
            drift = comparison.drift
            repaired = comparison.repaired
        }

        /// For a person.
        package var line: String {
            let read = "\(ad.read) entries of ad and \(miniorange.read) of miniorange read"
            guard ended != nil else { return "\(read), \(pairs) pairs looked at" }
            var parts: [String] = []
            for (name, counts) in [("ad", ad), ("miniorange", miniorange)] {
                if counts.drifted > 0 { parts.append("\(counts.drifted) entries at \(name)") }
                if counts.deleted > 0 { parts.append("\(counts.deleted) deleted at \(name)") }
                if counts.driftedMemberships > 0 { parts.append("\(counts.driftedMemberships) memberships at \(name)") }
            }
            if driftedPairs > 0 { parts.append("\(driftedPairs) pairs") }
            guard drift > 0 else { return "\(read), \(pairs) pairs, no drift" }
            return "\(read), \(pairs) pairs, drift \(drift) (\(parts.joined(separator: ", "))), \(repaired) repaired"
        }
    }
}

extension StatusReport.Reconcile {
    /// The lines of `status`, without the label.
    var lines: [String] {
        var lines = [schedule + (mode == "live" ? "" : ", nothing in between") + (next.map { ", next \($0)" } ?? "")]
        if let running {
            lines.append("under way since \(running.began): \(running.line)")
        } else if isRequested {
            lines.append("begins when both sides can be read")
        }
        if let last { lines.append("last \(last.began), \(StatusReport.duration(last.seconds)): \(last.line)") }
        if let problem { lines.append("interrupted, goes on later: \(problem)") }
        return lines
    }

    var isSilent: Bool { schedule == "off" && running == nil && last == nil && problem == nil && !isRequested }
}
