/// `syncline conflicts list`: the report, a page at a time.
package struct ConflictListCommand {
    private let options: InspectorOptions
    private let report: ConflictListReport

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
        report = ConflictListReport(
            selection: selection,
            order: order,
            isReversed: isReversed,
            limit: limit,
            after: after
        )
    }

    /// 1 where a conflict of those asked for waits for a person.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await options.show(report, output)
    }
}
