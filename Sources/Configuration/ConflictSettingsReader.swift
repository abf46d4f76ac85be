import SyncModel

/// Reads what the file says of all conflicts alike.
struct ConflictSettingsReader {
    /// `conflicts` at the top of the file.
    let section: Section

    private static let day: Duration = .seconds(86_400)
    private static let maximumRanks = 256

    func read() -> ConflictSettings {
        var settings = ConflictSettings()
        if let tolerance = section["clockTolerance"]?.asDuration(in: .zero...(.seconds(3600))) {
            settings.clockTolerance = tolerance.milliseconds
        }
        if let retention = section["retention"] { settings.retention = retention.asRetention() }
        if let provenance = section["provenance"] { settings.ranks = readRanks(provenance) }
        if let oscillation = section["oscillation"]?.asSection() {
            // Two writers that correct each other once are no endless quarrel.
            if let changes = oscillation["changes"]?.asInteger(in: 3...1000) { settings.oscillationLimit = changes }
            if let within = oscillation["within"]?.asDuration(in: .seconds(1)...Self.day) {
                settings.oscillationWindow = within.milliseconds
            }
        }
        return settings
    }

    // MARK: Provenance

    private func readRanks(_ value: Value) -> [ProvenanceRank] {
        guard let items = value.asList() else { return [] }
        if items.isEmpty {
            value.report("`\(value.path)` is empty", remedy: "remove it, or write `\(Grammar.example(of: value.path))`")
        }
        // Each is tried for every conflict.
        guard items.count <= Self.maximumRanks else {
            value.report(
                "`\(value.path)` has \(items.count) lines, and \(Self.maximumRanks) are the most",
                remedy: "name many at once by a pattern: `\(Grammar.example(of: "\(value.path).author"))`"
            )
            return []
        }
        var ranks: [(rank: ProvenanceRank, line: Int)] = []
        for item in items {
            guard let rank = readRank(item) else { continue }
            if let earlier = ranks.first(where: { Self.covers($0.rank, rank) }) {
                item.report(
                    "`\(rank.pattern)` is never looked at: whom it names has a rank already, by line \(earlier.line)",
                    remedy: "the first that fits counts: put it above that line, or remove it"
                )
            }
            ranks.append((rank, item.position.line))
        }
        return ranks.map(\.rank)
    }

    private func readRank(_ item: Value) -> ProvenanceRank? {
        guard let section = item.asSection() else { return nil }
        let rank = section.require("rank")?.asInteger(in: -1000...1000)
        let subjects: [(String, ProvenanceRank.Subject)] = [("author", .author), ("server", .server)]
        let given = subjects.filter { section.mentions($0.0) }
        guard given.count == 1, let (key, subject) = given.first else {
            item.report(
                given.isEmpty
                    ? "a rank needs the author or the server that has it"
                    : "a rank is an author's or a server's, not both",
                remedy: given.isEmpty
                    ? "add `\(Grammar.example(of: "\(section.path).author"))` or "
                        + "`\(Grammar.example(of: "\(section.path).server"))`" : "write two lines, each with its `rank`"
            )
            return nil
        }
        guard let rank, let pattern = section[key]?.asText() else { return nil }
        return ProvenanceRank(subject: subject, pattern: pattern, rank: rank)
    }

    /// Whether whoever `later` names is named by `earlier` as well: its pattern fits the other one, whose `*` only another `*` can take in.
    private static func covers(_ earlier: ProvenanceRank, _ later: ProvenanceRank) -> Bool {
        guard earlier.subject == later.subject else { return false }
        var probe = earlier
        probe.rank = 1
        let name = later.pattern
        let stamp = Stamp(
            time: Timestamp(milliseconds: 0),
            granularity: 1,
            source: .attribute,
            server: later.subject == .server ? name : nil,
            author: later.subject == .author ? name : nil
        )
        return ProvenanceRank.rank(of: stamp, by: [probe]) == 1
    }
}
