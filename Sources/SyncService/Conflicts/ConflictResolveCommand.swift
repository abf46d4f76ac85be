import SyncModel

/// `syncline conflicts resolve`: has a person's decision written as a new change, by the daemon, which refuses where a side has moved since.
package struct ConflictResolveCommand: ConfirmedDecision, Sendable {
    /// What is to stand, as a person says it.
    package enum Choice: Codable, Sendable {
        /// `ad`, `miniorange`, `base`.
        case take(String)
        /// Values as text, or in base64; of a reference the name of an entry.
        case values([String], isBase64: Bool)
    }

    /// Which conflicts.
    package enum Subject: Codable, Sendable {
        case ids([UInt64])
        case all(ConflictSelection)
    }

    /// As many requests are under way at once: they share the daemon's commits.
    private static let requestsAtOnce = 32

    let options: InspectorOptions
    let query: ConflictResolveQuery
    let isConfirmed: Bool

    /// - Parameter isConfirmed: whether more than one may be settled at once.
    package init(_ options: InspectorOptions, _ subject: Subject, _ choice: Choice, isConfirmed: Bool) {
        self.options = options
        query = ConflictResolveQuery(subject: subject, choice: choice, isJSON: options.isJSON)
        self.isConfirmed = isConfirmed
    }

    /// 0: done; 1: not, or not all; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        await decide(output)
    }

    func count(of _: ConflictResolveQuery.Request) -> Int { 1 }

    func confirmation(of requests: [ConflictResolveQuery.Request]) -> String {
        "settles these \(requests.count) conflicts so"
    }

    func carryOut(
        _ requests: [ConflictResolveQuery.Request],
        _ client: AdminClient,
        _ output: InspectorOutput
    ) async -> Int32 {
        var replies: [ResolutionReply] = []
        var failure: String?
        var rest = requests[...]
        while !rest.isEmpty, failure == nil {
            let batch = rest.prefix(Self.requestsAtOnce)
            rest = rest.dropFirst(batch.count)
            let answers = await Self.send(batch, client)
            for answer in answers {
                switch answer {
                case .success(let reply): replies.append(reply)
                case .failure(let error): failure = failure ?? "\(error)"
                }
                if failure != nil { break }
            }
        }
        let told = failure
        return InspectorRun.perform(output) {
            if options.isJSON {
                let results = zip(requests, replies).map { $1.json(of: ConflictID($0.id)) }
                output.json(.object([("results", .array(results))]), isPretty: true)
            } else {
                for (request, reply) in zip(requests, replies) { output.line("\(request.id)  \(reply.words)") }
            }
            guard let told else { return replies.allSatisfy(\.isDone) ? 0 : InspectorRun.found }
            output.complain(told)
            return CommandOutput.untold
        }
    }

    private static func send(
        _ batch: ArraySlice<ConflictResolveQuery.Request>,
        _ client: AdminClient
    ) async -> [Result<ResolutionReply, any Error>] {
        await withTaskGroup(of: (Int, Result<ResolutionReply, any Error>).self) { group in
            for (index, request) in batch.enumerated() {
                group.addTask {
                    do { return (index, .success(try await client.resolve(request.id, request.choice))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            var answers: [Result<ResolutionReply, any Error>?] = Array(repeating: nil, count: batch.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers.compactMap(\.self)
        }
    }
}
