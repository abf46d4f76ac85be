/// What a command prints of the cache.
protocol InspectorReport: Codable, Sendable {
    /// The last part of its path in the admin API.
    static var name: String { get }

    /// Prints it, and gives the exit code.
    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32
}

/// A report as it was printed elsewhere.
struct PrintedReport: Codable, Sendable {
    var code: Int32
    var text: String
    var complaints: [String]
}

/// A report that somebody else prints.
struct ReportQuery<Report: InspectorReport>: CacheQuery {
    static var name: String { Report.name }

    var report: Report
    var screen: Screen

    func answer(_ inspected: InspectedCache) throws -> PrintedReport {
        let output = InspectorOutput(keeping: .answer)
        let code = try report.print(inspected, screen.bounded, output)
        return PrintedReport(code: code, text: try output.kept(), complaints: output.complaints)
    }
}

extension InspectorOptions {
    /// Prints a report from the cache, or has the daemon print it where only the daemon may read the cache. Gives the exit code.
    func show(_ report: some InspectorReport, _ output: InspectorOutput) async -> Int32 {
        let screen = Screen.current(isJSON: isJSON)
        let printed: PrintedReport
        do {
            guard case .daemon(let client) = try reader() else {
                return InspectorRun.perform(output) { try report.print(InspectedCache(self), screen, output) }
            }
            printed = try await client.answer(ReportQuery(report: report, screen: screen))
        } catch {
            return InspectorRun.perform(output) { throw error }
        }
        return InspectorRun.perform(output) {
            printed.complaints.forEach(output.complain)
            output.text(printed.text)
            return printed.code
        }
    }
}
