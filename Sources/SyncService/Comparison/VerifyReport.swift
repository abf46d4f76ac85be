/// What `verify` found. `verify --json` prints this.
package struct VerifyReport: Codable, Sendable {
    /// A pair that is not equal on both sides.
    package struct Finding: Codable, Hashable, Sendable {
        package var pair: UInt64
        package var object: String
        /// The DN on the side that has the entry, AD first.
        package var entry: String
        /// Names of the attributes that differ, `place`, `members` or `existence`. Values are not shown: `explain` shows those of one entry.
        package var differs: [String]
        package var isDrift: Bool
        /// Why, or, of drift, what is known of it.
        package var reason: String
    }

    /// Whether there was a cache that could explain anything.
    package var usedCache: Bool
    package var entries: Entries
    package var equal = 0
    package var explained = 0
    package var drift = 0
    /// At most ``Verification/keptFindings`` of each kind.
    package var findings: [Finding] = []

    /// Entries that belong to an object, by side.
    package struct Entries: Codable, Hashable, Sendable {
        package var ad = 0
        package var miniorange = 0
    }

    /// For a person; at most `limit` pairs of each kind are listed, all with 0.
    func text(limit: Int) -> String {
        var lines: [String] = []
        if !usedCache {
            lines.append(
                "There is no cache yet: pairs were made by the match rules, and nothing explains a difference."
            )
        }
        for isDrift in [false, true] {
            let all = findings.filter { $0.isDrift == isDrift }
            let shown = limit == 0 ? all[...] : all.prefix(limit)
            for finding in shown {
                lines.append("\(isDrift ? "DRIFT    " : "explained") \(finding.object): \(finding.entry)")
                lines.append("          \(finding.differs.joined(separator: ", ")): \(finding.reason)")
            }
            let count = isDrift ? drift : explained
            if count > shown.count {
                lines.append("… and \(count - shown.count) more\(limit == 0 ? "" : "; --limit 0 lists all")")
            }
        }
        lines.append(
            "\(entries.ad) entries of ad and \(entries.miniorange) of miniorange were compared; nothing was written."
        )
        lines.append("\(equal) pairs equal, \(explained) explained, \(drift) drift")
        return lines.joined(separator: "\n")
    }
}
