import Cache
import Configuration
import Foundation
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
        let configuration: Configuration
        do throws(ConfigurationErrors) {
            configuration = try Configuration.load(path: configurationPath)
        } catch {
            return CommandOutput.fail("\(error)")
        }
        do {
            let report = try await AdminClient(socket: configuration.adminSocket).status()
            print(report)
            return report.isHealthy ? 0 : 1
        } catch let error as AdminClient.Failure {
            CommandOutput.complain("\(error)")
            if let cache = try? Cache.open(at: configuration.cachePath, mode: .readOnly),
                let report = try? StatusReport(cache: cache, now: .now)
            {
                print(report)
            }
            return 2
        } catch {
            return CommandOutput.fail("the daemon's answer can't be read: \(error)")
        }
    }

    private func print(_ report: StatusReport) {
        if json { CommandOutput.json(report) } else { CommandOutput.text(report.text) }
    }
}

/// `syncline pause`, `resume`, `resync`: one request to the daemon.
package struct SteeringCommand {
    private let configurationPath: String
    private let path: String
    private let entry: String?

    package init(configurationPath: String, path: String, entry: String? = nil) {
        self.configurationPath = configurationPath
        self.path = path
        self.entry = entry
    }

    package func run() async -> Int32 {
        let configuration: Configuration
        do throws(ConfigurationErrors) {
            configuration = try Configuration.load(path: configurationPath)
        } catch {
            return CommandOutput.fail("\(error)")
        }
        var target = path
        if let entry, let escaped = entry.addingPercentEncoding(withAllowedCharacters: .alphanumerics) {
            target += "?entry=\(escaped)"
        }
        do {
            CommandOutput.text(try await AdminClient(socket: configuration.adminSocket).post(target))
            return 0
        } catch {
            return CommandOutput.fail("\(error)")
        }
    }
}

/// Where commands print.
enum CommandOutput {
    static func text(_ text: String) {
        FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    static func json(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        text(String(decoding: data, as: UTF8.self))
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data("syncline: \(text)\n".utf8))
    }

    /// Says why and returns the exit code of "could not tell".
    static func fail(_ text: String) -> Int32 {
        complain(text)
        return 2
    }
}
