import Cache
import SyncModel

/// `syncline conflicts export`: the report for other programs, and for people who have none of ours.
package struct ConflictExportCommand {
    package enum Format: String, CaseIterable, Sendable { case json, csv, html }

    private static let pageRows = 1_000

    private let options: InspectorOptions
    private let selection: ConflictSelection
    private let format: Format
    private let order: ConflictSelection.Order
    private let isReversed: Bool

    package init(
        _ options: InspectorOptions,
        _ selection: ConflictSelection,
        format: Format,
        order: ConflictSelection.Order = .time,
        isReversed: Bool = false
    ) {
        self.options = options
        self.selection = selection
        self.format = format
        self.order = order
        self.isReversed = isReversed
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output, isStream: true) {
            let inspected = try InspectedCache(options)
            let now = Timestamp.now
            switch format {
            case .csv:
                output.text(ConflictCSV.head)
                try forEach(inspected, now, output) { output.text(ConflictCSV.row($0)) }
            case .html:
                let page = ConflictPage(
                    selection: selection.words.joined(separator: ", "),
                    made: now,
                    order: order,
                    isReversed: isReversed
                )
                output.text(page.head(try census(inspected, now)))
                try forEach(inspected, now, output) { output.text(ConflictPage.row($0)) }
                output.text(ConflictPage.tail)
            case .json:
                var separator = "["
                try forEach(inspected, now, output) { conflict in
                    output.text(separator + "\n")
                    separator = ","
                    conflict.json.append(to: &output.pending, indent: nil)
                }
                output.text(separator == "[" ? "[]\n" : "\n]\n")
            }
            return 0
        }
    }

    /// In many short views: what is printed is read at the reader's pace.
    private func forEach(
        _ inspected: InspectedCache,
        _ now: Timestamp,
        _ output: InspectorOutput,
        _ body: (ShownConflict) -> Void
    ) throws {
        // What is sorted by name is put in order once for all.
        let rows = order == .time ? Self.pageRows : Int.max - 1
        var after: ConflictID?
        repeat {
            let page = try inspected.read { view in
                let filter = try ConflictFilter(selection, view, now: now)
                return try ConflictPages(filter: filter, order: order, isReversed: isReversed)
                    .page(view, after: after, limit: rows)
            }
            for conflict in page.conflicts {
                body(conflict)
                if output.isFull { try output.flush() }
            }
            try output.refuseInterruption()
            after = page.next
        } while after != nil
    }

    private func census(_ inspected: InspectedCache, _ now: Timestamp) throws -> ConflictCensus {
        try inspected.read { view in
            let filter = try ConflictFilter(selection, view, now: now)
            var census = ConflictCensus()
            try view.transaction.forEachConflict(filter.query) { conflict in
                if filter.matches(conflict) { census.add(conflict) }
                return true
            }
            return census
        }
    }
}
