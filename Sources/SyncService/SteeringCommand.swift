import Foundation

/// `syncline pause`, `resume`, `resync`: one request to the daemon.
package struct SteeringCommand {
    /// What `--json` prints.
    struct Answer: Encodable {
        var answer: String
    }

    private let configurationPath: String
    private let json: Bool
    private let path: String
    private let entry: String?

    package init(configurationPath: String, json: Bool, path: String, entry: String? = nil) {
        self.configurationPath = configurationPath
        self.json = json
        self.path = path
        self.entry = entry
    }

    package func run() async -> Int32 {
        guard let client = CommandOutput.daemon(at: configurationPath) else { return CommandOutput.untold }
        var target = path
        if let entry, let escaped = entry.addingPercentEncoding(withAllowedCharacters: .alphanumerics) {
            target += "?entry=\(escaped)"
        }
        do {
            let answer = try await client.post(target)
            if json {
                CommandOutput.json(Answer(answer: answer.trimmingCharacters(in: .newlines)))
            } else {
                CommandOutput.text(answer)
            }
            return 0
        } catch {
            return CommandOutput.fail("\(error)")
        }
    }
}
