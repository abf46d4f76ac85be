/// `syncline holds`: what is stopped until a person decides, by cause; of one hold also its entries.
package struct HoldsCommand: Sendable {
    private let options: InspectorOptions
    private let report: HoldsReport

    /// - Parameters:
    ///   - id: lists the entries of this one.
    ///   - cause: only those with this cause.
    package init(_ options: InspectorOptions, id: UInt64? = nil, cause: String? = nil, showsEnded: Bool = false) {
        self.options = options
        report = HoldsReport(id: id, cause: cause, showsEnded: showsEnded)
    }

    /// 0: nothing is stopped; 1: something is; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await options.show(report, output)
    }
}
