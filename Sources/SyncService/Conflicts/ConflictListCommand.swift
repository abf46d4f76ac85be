import Cache
import SyncModel

/// `syncline conflicts list`: the report, a page at a time.
package struct ConflictListCommand {
    private let options: InspectorOptions
    private let selection: ConflictSelection
    private let order: ConflictSelection.Order
    private let isReversed: Bool
    private let limit: Int
    private let after: ConflictID?

    /// - Parameters:
    ///   - limit: at most so many conflicts; 0: all.
    ///   - after: goes on after the conflict with this number.
    package init(
        _ options: InspectorOptions,
        _ selection: ConflictSelection,
        order: ConflictSelection.Order = .time,
        isReversed: Bool = false,
        limit: Int = 50,
        after: UInt64? = nil
    ) {
        self.options = options
        self.selection = selection
        self.order = order
        self.isReversed = isReversed
        self.limit = limit <= 0 ? .max - 1 : limit
        self.after = after.map { ConflictID($0) }
    }

    /// 1 where a conflict of those asked for waits for a person.
    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            try InspectedCache(options).read { view in
                let filter = try ConflictFilter(selection, view, now: .now)
                let pages = ConflictPages(filter: filter, order: order, isReversed: isReversed)
                let page = try pages.page(view, after: after, limit: limit)
                let joins = try selection.joins == .leftOut ? countJoins(view) : 0
                if options.isJSON {
                    output.json(
                        .object([
                            ("conflicts", .array(page.conflicts.map(\.json))),
                            ("next", page.next.map { .int(Int(clamping: $0.rawValue)) } ?? .null),
                            ("joinDifferences", .int(joins)),
                        ]),
                        isPretty: true
                    )
                } else {
                    show(page, joins, output)
                }
                return page.conflicts.contains { $0.stored.state == .held } ? InspectorRun.found : 0
            }
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

    private func show(_ page: ConflictPages.Page, _ joins: Int, _ output: InspectorOutput) {
        let style = TerminalStyle.current
        if page.conflicts.isEmpty {
            output.line(after == nil ? "no conflicts" : "no more conflicts")
        }
        for line in ConflictTable(width: ScreenWidth.columns, style: style).lines(page.conflicts) { output.line(line) }
        if let next = page.next { output.line(style("there are more: --after \(next.rawValue)", .faint)) }
        if joins > 0 {
            let verb = joins == 1 ? "difference" : "differences"
            output.line(style("\(joins) \(verb) when entries were joined; --joins lists them", .faint))
        }
    }
}
