import Cache
import Foundation
import SyncModel

/// `syncline cache stats`: what the cache holds and takes, and how old it is.
package struct CacheStatsCommand {
    private let options: InspectorOptions
    private let measuresFill: Bool

    /// - Parameter measuresFill: reads every row to tell how full the pages of each table are.
    package init(_ options: InspectorOptions, measuresFill: Bool = false) {
        self.options = options
        self.measuresFill = measuresFill
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            let report = try CacheReport(options.openCache(), measuresFill: measuresFill, now: .now)
            if options.isJSON {
                output.json(report.json, isPretty: true)
            } else {
                for line in report.lines { output.line(line) }
            }
            return 0
        }
    }
}
