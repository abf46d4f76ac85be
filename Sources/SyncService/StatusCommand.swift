import Cache
import Configuration
import SyncModel

/// `syncline status`: what the daemon says; where it does not run, what the cache says of it.
package struct StatusCommand {
    private let configurationPath: String
    private let json: Bool

    package init(configurationPath: String, json: Bool) {
        self.configurationPath = configurationPath
        self.json = json
    }

    package func run() async -> Int32 {
        guard let client = CommandOutput.daemon(at: configurationPath) else { return CommandOutput.untold }
        do {
            let report = try await client.status()
            print(report)
            return report.isHealthy ? 0 : 1
        } catch let error as AdminClient.Failure {
            CommandOutput.complain("\(error)")
            // Only who may read the passwords and the cache has more to be told.
            if case .notRunning = error, let configuration = try? Configuration.load(path: configurationPath),
                let cache = try? Cache.open(
                    at: configuration.cachePath,
                    mode: .readOnly,
                    key: configuration.cacheKey
                ),
                let report = try? StatusReport(cache: cache, census: cache.read { try Census($0) }, now: .now)
            {
                print(report)
            }
            return 2
        } catch {
            return CommandOutput.fail("the daemon's answer can't be read: \(error)")
        }
    }

    private func print(_ report: StatusReport) {
        if json { return CommandOutput.json(report) }
        CommandOutput.text(TextWrap.report(report.text, label: 12, width: ScreenWidth.columns))
    }
}
