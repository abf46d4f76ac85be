import Cache
import SyncModel

/// Conflicts, one line each, a page at a time.
struct ConflictListReport: InspectorReport {
    static let name = "conflicts"

    var selection: ConflictSelection
    var order: ConflictSelection.Order
    var isReversed: Bool
    /// At most so many conflicts; 0: all.
    var limit: Int
    /// Goes on after the conflict with this number.
    var after: UInt64?

    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
        try inspected.read { view in
            let filter = try ConflictFilter(selection, view, now: .now)
            let pages = ConflictPages(
                filter: filter,
                order: order,
                isReversed: isReversed,
                // Values are longer as they are shown, and not all that is shown.
                octets: output.limits.octets / 4
            )
            let most = min(limit <= 0 ? .max : limit, output.limits.rows)
            let page = try pages.page(view, after: after.map { ConflictID($0) }, limit: most)
            let joins = try selection.joins == .leftOut ? countJoins(view) : 0
            if screen.isJSON {
                output.json(
                    .object([
                        ("conflicts", .array(page.conflicts.map(\.json))),
                        ("next", page.next.map { .int(Int(clamping: $0.rawValue)) } ?? .null),
                        ("joinDifferences", .int(joins)),
                    ]),
                    isPretty: true
                )
            } else {
                show(page, joins, screen, output)
            }
            return page.conflicts.contains { $0.stored.state == .held } ? InspectorRun.found : 0
        }
    }

    /// Those that would be listed as well.
    private func countJoins(_ view: InspectedView) throws -> Int {
        var selection = selection
        selection.joins = .included
        let filter = try ConflictFilter(selection, view, now: .now)
        var query = filter.query
        query.joins = .only
        var count = 0
        try view.transaction.forEachConflict(query) { conflict in
            if filter.matches(conflict) { count += 1 }
            return true
        }
        return count
    }

    private func show(_ page: ConflictPages.Page, _ joins: Int, _ screen: Screen, _ output: InspectorOutput) {
        let style = screen.style
        if page.conflicts.isEmpty {
            output.line(after == nil ? "no conflicts" : "no more conflicts")
        }
        for line in ConflictTable(width: screen.columns, style: style).lines(page.conflicts) { output.line(line) }
        if let next = page.next { output.line(style("there are more: --after \(next.rawValue)", .faint)) }
        if joins > 0 {
            let verb = joins == 1 ? "difference" : "differences"
            output.line(style("\(joins) \(verb) when entries were joined; --joins lists them", .faint))
        }
    }
}
