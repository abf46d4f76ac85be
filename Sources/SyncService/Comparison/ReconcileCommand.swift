import Foundation

/// `syncline reconcile`: has the daemon compare everything now, and tells what it found.
package struct ReconcileCommand {
    private static let look = Duration.milliseconds(500)
    private static let patience = Duration.seconds(10)

    private let configurationPath: String
    private let json: Bool

    package init(configurationPath: String, json: Bool) {
        self.configurationPath = configurationPath
        self.json = json
    }

    /// 0: no drift; 1: drift was found; 2: it could not be told.
    package func run() async -> Int32 {
        guard let client = CommandOutput.daemon(at: configurationPath) else { return CommandOutput.untold }
        do {
            let before = try await client.status().reconcile?.last?.began
            CommandOutput.note(try await client.post("/reconcile").trimmingCharacters(in: .whitespacesAndNewlines))
            let result = try await wait(client, before)
            let setAside = try await client.status().quarantined
            if json { CommandOutput.json(result) } else { CommandOutput.text(text(result, setAside)) }
            return result.drift > 0 ? 1 : 0
        } catch {
            return CommandOutput.fail("\(error)")
        }
    }

    /// Waits as long as it goes on. Ctrl-C ends the waiting, not the compare.
    private func wait(_ client: AdminClient, _ before: String?) async throws -> StatusReport.Comparison {
        var told = ""
        var toldAt = ContinuousClock.now
        while true {
            try await Task.sleep(for: Self.look)
            let status = try await client.status()
            guard let reconcile = status.reconcile else { throw Failure("the daemon is of another version") }
            if let problem = reconcile.problem { throw Failure("interrupted, it goes on later: \(problem)") }
            if let running = reconcile.running {
                if running.line != told, ContinuousClock.now - toldAt > .seconds(1) {
                    told = running.line
                    toldAt = .now
                    CommandOutput.note(told)
                }
            } else if let last = reconcile.last, last.began != before {
                return last
            } else if reconcile.isRequested, ContinuousClock.now - toldAt > Self.patience {
                let why = status.problems.isEmpty ? status.state : status.problems.joined(separator: "; ")
                throw Failure("both sides must be live before they can be compared; it begins then: \(why)")
            }
        }
    }

    /// What is set aside is no drift, and not in agreement either.
    private func text(_ result: StatusReport.Comparison, _ setAside: Int) -> String {
        let words = setAside > 0 ? "; \(setAside) set aside, of which syncline status tells" : ""
        return "Compared everything in \(StatusReport.duration(result.seconds)): \(result.line)\(words)"
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}
