import Cache
import Configuration
import Foundation
import SyncModel

/// `syncline plan`: what the daemon would write now, and why. The engine decides as it always does, on a copy of the cache, and no writer writes.
package struct PlanCommand {
    private let configurationPath: String
    private let json: Bool
    private let limit: Int

    package init(configurationPath: String, json: Bool, limit: Int) {
        self.configurationPath = configurationPath
        self.json = json
        self.limit = limit
    }

    /// 0: nothing to write; 1: something; 2: it could not be told.
    package func run() async -> Int32 {
        guard let configuration = CommandOutput.configuration(at: configurationPath) else {
            return CommandOutput.untold
        }
        do {
            let report = try await PlanCommand.report(configuration)
            if json {
                CommandOutput.json(report)
            } else {
                let text = report.text(limit: max(0, limit))
                CommandOutput.text(TextWrap.report(text, label: 4, width: ScreenWidth.columns))
            }
            return report.total == 0 ? 0 : 1
        } catch {
            return CommandOutput.fail("nothing can be planned: \(error)")
        }
    }

    static func report(_ configuration: Configuration) async throws -> PlanReport {
        let wiring = try Wiring(configuration)
        return try await TemporaryFolder.with { folder in
            let copy = try WorkingCopy(of: configuration, in: folder)
            let conflictsBefore = try copy.cache.read { try $0.count(.conflicts) }
            let writes = try await PlanRun(wiring: wiring, cache: copy.cache) { CommandOutput.note($0) }.run()
            return try PlanReport(
                writes,
                cache: copy.cache,
                usedCache: copy.isOfCache,
                conflictsBefore: conflictsBefore,
                wiring: wiring
            )
        }
    }
}

extension CommandOutput {
    /// Tells a person who waits what is going on; not where the output is a file.
    static func note(_ text: String) {
        guard isatty(FileHandle.standardError.fileDescriptor) == 1 else { return }
        FileHandle.standardError.write(Data("\(text) …\n".utf8))
    }
}
