import SyncModel

/// `syncline approve`, `syncline reject`: has a person's decision carried out by the daemon, which leaves alone what is no longer waiting for one.
package struct HoldDecisionCommand: ConfirmedDecision, Sendable {
    package enum Decision: Sendable { case approve, reject }

    /// What is decided about.
    package enum Subject: Codable, Sendable {
        /// All that a hold stops, what has this cause, or these entries of it.
        case hold(UInt64, cause: String?, entries: [String])
        /// All deletions that are held.
        case allDeletions
        /// Entries that a side, by its name, does not show any more; all of them if none is named.
        case vanished(side: String, entries: [String])
    }

    private static let pairsPerRequest = 2_000

    let options: InspectorOptions
    let query: HoldDecisionQuery
    let isConfirmed: Bool

    /// - Parameter isConfirmed: whether more than one write may be let go, or taken back, at once.
    package init(_ options: InspectorOptions, _ decision: Decision, _ subject: Subject, isConfirmed: Bool) {
        self.options = options
        query = HoldDecisionQuery(
            verdict: decision == .approve ? .approve : .reject,
            subject: subject,
            isJSON: options.isJSON
        )
        self.isConfirmed = isConfirmed
    }

    /// 0: done; 1: not, or not all; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await decide(output)
    }

    func count(of request: HoldDecisionQuery.Request) -> Int { request.pairs.count }

    func confirmation(of _: [HoldDecisionQuery.Request]) -> String { "does it" }

    func carryOut(
        _ requests: [HoldDecisionQuery.Request],
        _ client: AdminClient,
        _ output: InspectorOutput
    ) async -> Int32 {
        var results: [(HoldDecisionQuery.Request, HoldDecisionReply)] = []
        do {
            for request in requests {
                var total: HoldDecisionReply?
                var rest = request.pairs[...]
                repeat {
                    let part = Array(rest.prefix(Self.pairsPerRequest))
                    rest = rest.dropFirst(part.count)
                    let reply = try await client.decide(request.question, query.verdict, part)
                    total = total?.adding(reply) ?? reply
                } while !rest.isEmpty
                if let total { results.append((request, total)) }
            }
        } catch {
            output.complain("\(error)")
            return CommandOutput.untold
        }
        return InspectorRun.perform(output) {
            if options.isJSON {
                output.json(
                    .array(results.map { .object($0.question.json + $1.json(entries: $0.pairs.count)) }),
                    isPretty: true
                )
            } else {
                if results.isEmpty { output.line("nothing waits for a decision") }
                for (request, reply) in results {
                    output.line("\(request.question.label)  \(reply.words(of: request.pairs.count))")
                }
            }
            return results.allSatisfy { $0.1.isDecided && $0.1.leftAlone == 0 } ? 0 : InspectorRun.found
        }
    }
}
