import Cache
import SyncModel

/// The report as one HTML file that can be mailed: nothing in it is loaded from elsewhere, and no value of a directory is taken for markup.
struct ConflictPage {
    /// What was asked for, for the reader; empty: everything.
    let selection: String
    let made: Timestamp
    let order: ConflictSelection.Order
    let isReversed: Bool

    func head(_ census: ConflictCensus) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>Syncline: conflicts</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <header>
        <h1>Conflicts</h1>
        <p>\(HTMLText.escaped(summary(census)))</p>
        </header>
        \(charts(census))<table id="conflicts">
        <thead><tr>\(Self.titles.map(title).joined())</tr></thead>
        <tbody>

        """
    }

    static let tail = "</tbody>\n</table>\n<script>\(script)</script>\n</body>\n</html>\n"

    private func summary(_ census: ConflictCensus) -> String {
        func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
        var parts = [count(census.total, "conflict", "conflicts")]
        if census.held > 0 { parts.append("\(census.held) waiting for a person") }
        if census.byPerson > 0 { parts.append("\(census.byPerson) settled by a person") }
        if census.joins > 0 { parts.append("\(census.joins) found when entries were joined") }
        if let first = census.first, let last = census.last { parts.append("from \(first.text) to \(last.text)") }
        if !selection.isEmpty { parts.append("selected by \(selection)") }
        parts.append("written \(made.text)")
        return parts.joined(separator: "; ") + ". All times are UTC."
    }

    private func charts(_ census: ConflictCensus) -> String {
        guard census.total > 0 else { return "" }
        return "<section class=\"charts\">\n" + ConflictChart.bars("By attribute", census.byAttribute())
            + ConflictChart.bars("Whose value stands", census.byOutcome())
            + ConflictChart.bars("By rule and deciding step", census.byRule())
            + ConflictChart.days("By day", census.byDay()) + "</section>\n"
    }

    // MARK: The table

    private static let titles: [(text: String, order: ConflictSelection.Order?)] = [
        ("ID", nil), ("Found", .time), ("Entry", .entry), ("About", .attribute), ("At ad", nil), ("At miniorange", nil),
        ("Last agreed", nil), ("Stands", nil), ("Why", nil),
    ]

    private func title(_ text: String, _ order: ConflictSelection.Order?) -> String {
        let isDescending = (order == .time) != isReversed
        let sort = order == self.order ? " aria-sort=\"\(isDescending ? "descending" : "ascending")\"" : ""
        return "<th scope=\"col\"\(sort)><button type=\"button\">\(text)</button></th>"
    }

    static func row(_ conflict: ShownConflict) -> String {
        let stored = conflict.stored
        let record = conflict.record
        var cells = cell("\(conflict.id)", key: "\(conflict.id)", name: "number")
        let time = record.time.text.replacing("T", with: " ").replacing("Z", with: "")
        cells += cell(time, key: "\(record.time.milliseconds)", name: "time")
        let kind = [conflict.kind?.name, record.object].compactMap(\.self).joined(separator: ", ")
        cells += cell(conflict.shortEntry, note: kind.isEmpty ? conflict.entry : "\(conflict.entry) (\(kind))")
        cells += cell(stored.title, name: "word", note: conflict.member ?? (record.isJoin ? "when joined" : ""))
        for side in Side.allCases {
            let stamp = record.stamps[side].map(StampText.init)
            let isNone = conflict.values[side].isEmpty
            let names = [stored.standingSide == side ? "stands" : nil, isNone ? "none" : nil]
            cells += cell(
                isNone ? "no value" : conflict.line(side),
                name: names.compactMap(\.self).joined(separator: " "),
                note: stamp.map { "\($0.line); \($0.trust)" } ?? ""
            )
        }
        let isNone = conflict.base.isEmpty
        cells += cell(isNone ? "no value" : conflict.baseLine, name: isNone ? "none" : "")
        cells += cell(stored.outcome, name: stored.state == .held ? "word held" : "word", note: stored.state.words)
        cells += cell(stored.reason, note: "rule \(record.rule.name); written: \(conflict.written)")
        return "<tr>\(cells)</tr>\n"
    }

    /// - Parameter key: what the column is sorted by, where it is not the text.
    private static func cell(_ text: String, key: String? = nil, name: String = "", note: String = "") -> String {
        let attributes = (name.isEmpty ? "" : " class=\"\(name)\"") + (key.map { " data-key=\"\($0)\"" } ?? "")
        // A value's direction of writing must not turn around what stands beside it.
        let small = note.isEmpty ? "" : "<small><bdi>\(HTMLText.breakable(note))</bdi></small>"
        return "<td\(attributes)><bdi>\(HTMLText.escaped(text))</bdi>\(small)</td>"
    }
}
