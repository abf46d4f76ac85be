import Foundation

extension StatusReport {
    /// For a person, within 80 columns where names permit.
    package var text: String {
        var lines = ["state       \(state)" + (uptimeSeconds.map { ", up \(Self.duration($0))" } ?? "")]
        for problem in problems { lines.append("PROBLEM     \(problem)") }
        lines += holdLines
        lines += side("ad", ad)
        lines += side("miniorange", miniorange)
        let kinds = [(groups, "groups"), (containers, "containers")].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        lines.append("pairs       \(pairs)" + (kinds.isEmpty ? "" : ", of them \(kinds.joined(separator: " and "))"))
        if parkedMembers > 0 {
            lines.append("parked      \(parkedMembers) memberships of entries that are not in scope")
        }
        lines.append("backlog     \(backlog)" + (backlog > 0 ? ", oldest \(Self.duration(lagSeconds))" : ", lag 0 s"))
        if let progress {
            let left = progress.secondsLeft.map { ", about \(Self.duration($0)) left" } ?? ""
            lines.append("progress    \(progress.pairsLeft) left, \(Int(progress.pairsPerSecond))/s\(left)")
        }
        let open =
            openConflicts > 0 ? ", \(openConflicts) waiting for a person: syncline conflicts list --state held" : ""
        lines.append("conflicts   \(conflicts - joinDifferences)\(open)")
        if joinDifferences > 0 { lines.append("            \(joinDifferences) differences when entries were joined") }
        if waitingReferences > 0 { lines.append("waiting     \(waitingReferences) references for their target") }
        lines.append("quarantine  \(quarantined)")
        for entry in quarantine {
            lines.append("  \(entry.entry)")
            let next = entry.nextAttempt.map { ", next \($0)" } ?? ""
            lines.append("    \(entry.reason) (attempt \(entry.attempts)\(next))")
        }
        if quarantined > quarantine.count { lines.append("  … and \(quarantined - quarantine.count) more") }
        if refusedMembers > 0 {
            lines.append("refused     \(refusedMembers) memberships")
            for member in refused {
                lines.append("  \(member.side): \(member.operation) \(member.member)")
                lines.append("    in \(member.group): \(member.reason)")
            }
            if refusedMembers > refused.count { lines.append("  … and \(refusedMembers - refused.count) more") }
        }
        if let reconcile, !reconcile.isSilent {
            for (index, line) in reconcile.lines.enumerated() {
                lines.append((index == 0 ? "reconcile" : "").padded(to: 12) + line)
            }
        }
        if let gateway { lines += gateway.lines }
        lines.append("cache       \(cachePath), \(Self.octets(cacheOctets))")
        return lines.joined(separator: "\n")
    }

    private func side(_ name: String, _ side: SideReport) -> [String] {
        let label = name.padding(toLength: 12, withPad: " ", startingAt: 0)
        var line = label + side.state
        if let server = side.server { line += ", \(server)" }
        var lines = [line]
        let indent = String(repeating: " ", count: 12)
        if !side.feed.isEmpty { lines.append("\(indent)feed: \(side.feed) (\(side.feedReason))") }
        if let read = side.entriesRead {
            lines.append("\(indent)reading: \(read)" + (side.entriesExpected.map { " of \($0)" } ?? "") + " entries")
        }
        lines.append(
            "\(indent)\(side.entries) entries\(side.memberships > 0 ? ", \(side.memberships) memberships" : ""), \(side.changesSeen) changes seen, \(side.writesMade) writes made, \(side.writesInFlight) on their way"
        )
        lines.append("\(indent)clock: \(Self.clock(side.clock))")
        if let lastSetBack = side.lastSetBack { lines.append("\(indent)last set back \(lastSetBack)") }
        return lines
    }

    private static func clock(_ clock: Clock?) -> String {
        guard let clock else { return "not measured" }
        let offset = clock.offsetMilliseconds
        let words = offset == 0 ? "as ours" : "\(duration(abs(offset))) \(offset > 0 ? "ahead of" : "behind") ours"
        return "\(words), ± \(duration(clock.uncertaintyMilliseconds))"
    }

    private static func duration(_ milliseconds: Int) -> String {
        milliseconds < 1_000 ? "\(milliseconds) ms" : duration(Double(milliseconds) / 1_000)
    }

    static func duration(_ seconds: Double) -> String {
        if seconds < 10 { return "\((seconds * 10).rounded() / 10) s" }
        if seconds < 120 { return "\(Int(seconds)) s" }
        if seconds < 7_200 { return "\(Int(seconds / 60)) min" }
        return seconds < 172_800 ? "\(Int(seconds / 3_600)) h" : "\(Int(seconds / 86_400)) days"
    }

    static func octets(_ count: Int) -> String {
        if count < 1 << 20 { return "\(count >> 10) KiB" }
        return count < 1 << 30 ? "\(count >> 20) MiB" : "\(count >> 30) GiB"
    }
}
