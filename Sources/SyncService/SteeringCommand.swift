import Configuration
import Foundation

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
        guard let configuration = CommandOutput.configuration(at: configurationPath) else {
            return CommandOutput.untold
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
