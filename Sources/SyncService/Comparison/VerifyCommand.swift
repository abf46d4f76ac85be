import Cache
import Configuration
import Foundation
import SyncModel

/// `syncline verify`: compares the live directories with each other through the mapping, with or without the daemon, and writes nothing. Both are read as a
/// whole into a copy of the cache, where the engine decides what it would write; why that is not done yet is what explains a difference.
package struct VerifyCommand {
    private let configurationPath: String
    private let json: Bool
    private let limit: Int

    package init(configurationPath: String, json: Bool, limit: Int) {
        self.configurationPath = configurationPath
        self.json = json
        self.limit = limit
    }

    /// 0: no drift; 1: drift; 2: it could not be told.
    package func run() async -> Int32 {
        guard let configuration = CommandOutput.configuration(at: configurationPath) else {
            return CommandOutput.untold
        }
        do {
            let path = configurationPath
            let report = try await TemporaryFolder.with { folder in
                try await Self.report(configuration, configurationPath: path, folder)
            }
            if json {
                CommandOutput.json(report)
            } else {
                let text = report.text(limit: max(0, limit))
                CommandOutput.text(TextWrap.report(text, label: 10, width: ScreenWidth.columns))
            }
            return report.drift == 0 ? 0 : 1
        } catch {
            return CommandOutput.fail("nothing can be said of the directories: \(error)")
        }
    }

    private static func report(
        _ configuration: Configuration,
        configurationPath: String,
        _ folder: String
    ) async throws -> VerifyReport {
        let copy = try WorkingCopy(of: configuration, in: folder)
        let wiring = try Wiring(configuration)
        let run = PlanRun(wiring: wiring, cache: copy.cache, readsAll: true) { CommandOutput.note($0) }
        _ = try await run.run()
        try copy.cache.close()
        let live = try InspectedCache(InspectorOptions(configurationPath: configurationPath, cachePath: copy.path))
        defer { try? live.cache.close() }
        let known = copy.isOfCache ? try InspectedCache(InspectorOptions(configurationPath: configurationPath)) : nil
        defer { try? known?.cache.close() }
        let status = try? await AdminClient(socket: configuration.adminSocket).status()
        let verification = Verification(live: live, known: known, isDaemonLive: status?.state == "live")
        return try await verification.report()
    }
}
