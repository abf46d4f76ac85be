import Cache

/// `syncline cache get ENTRY`: all that the cache knows of one entry, both sides next to each other.
package struct CacheGetCommand {
    private let options: InspectorOptions
    private let entry: String
    private let memberLimit: Int

    /// - Parameter memberLimit: at most so many names of members or groups a side.
    package init(_ options: InspectorOptions, entry: String, memberLimit: Int = 20) {
        self.options = options
        self.entry = entry
        self.memberLimit = memberLimit
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            try InspectedCache(options).read { view in
                let report = try PairReport(try view.pair(entry), view, memberLimit: memberLimit)
                if options.isJSON {
                    output.json(try report.json(), isPretty: true)
                } else {
                    for line in try report.lines(width: ScreenWidth.columns) { output.line(line) }
                }
                return 0
            }
        }
    }
}
