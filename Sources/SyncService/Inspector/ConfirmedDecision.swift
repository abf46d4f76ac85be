/// What a person's decision comes to. The daemon tells it, since it may be the only one that may read the cache.
protocol DecisionQuery: CacheQuery where Answer == PlannedDecision<Request> {
    /// What the daemon is then asked for.
    associatedtype Request: Codable, Sendable

    /// Prints what is to be done, and gives it.
    func plan(_ view: InspectedView, _ output: InspectorOutput) throws -> [Request]
}

struct PlannedDecision<Request: Codable & Sendable>: Codable, Sendable {
    /// What is to be done: for a person, or as `--json` promises it.
    var text: String
    var complaints: [String]
    var requests: [Request]
}

extension DecisionQuery {
    func answer(_ inspected: InspectedCache) throws -> PlannedDecision<Request> {
        let output = InspectorOutput(keeping: .answer)
        let requests = try inspected.read { try plan($0, output) }
        return PlannedDecision(text: try output.kept(), complaints: output.complaints, requests: requests)
    }
}

/// A person's decision on what the cache shows. What is to be done is shown first; more than one thing is done only where that is confirmed.
protocol ConfirmedDecision {
    associatedtype Query: DecisionQuery

    var options: InspectorOptions { get }
    var query: Query { get }
    var isConfirmed: Bool { get }

    /// Of how many things a request decides.
    func count(of request: Query.Request) -> Int
    /// What `--yes` does with them.
    func confirmation(of requests: [Query.Request]) -> String
    /// Asks the daemon for it, prints what came of that, and gives the exit code.
    func carryOut(_ requests: [Query.Request], _ client: AdminClient, _ output: InspectorOutput) async -> Int32
}

extension ConfirmedDecision {
    /// 0: done; 1: not, or not all; 2: it can't be told.
    func decide(_ output: InspectorOutput) async -> Int32 {
        let client: AdminClient
        let planned: PlannedDecision<Query.Request>
        do {
            client = try AdminClient(configurationPath: options.configurationPath)
            planned = try await client.answer(query)
        } catch {
            return InspectorRun.perform(output) { throw error }
        }
        let isDone = isConfirmed || planned.requests.reduce(0, { $0 + count(of: $1) }) < 2
        let code = InspectorRun.perform(output) {
            planned.complaints.forEach(output.complain)
            if !options.isJSON || !isDone { output.text(planned.text) }
            guard isDone else {
                output.complain("nothing was done; --yes \(confirmation(of: planned.requests))")
                return InspectorRun.found
            }
            return 0
        }
        return isDone && code == 0 ? await carryOut(planned.requests, client, output) : code
    }
}
