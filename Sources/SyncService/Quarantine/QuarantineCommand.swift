/// What a person does about an entry that is set aside.
package enum QuarantineAction: String, CaseIterable, Sendable {
    case retry, drop
}

/// `syncline quarantine`: entries whose write is refused, or that nobody can decide about, each with the reason and the remedy; `retry` and `drop` by the daemon.
package struct QuarantineCommand: Sendable {
    package enum Subject: Sendable {
        case list
        case act(QuarantineAction, entries: [String])
        case retryAll
    }

    private static let pairsPerRequest = 500

    private let options: InspectorOptions
    private let subject: Subject

    package init(_ options: InspectorOptions, _ subject: Subject) {
        self.options = options
        self.subject = subject
    }

    /// 0: nothing is set aside, or what was asked for is done; 1: something is, or not all was done; 2: it can't be told.
    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        switch subject {
        case .list: await options.show(QuarantineReport(), output)
        case .act(let action, let entries):
            await perform(action, output) { client in
                zip(try await client.answer(NamedPairs(entries: entries)), entries).map {
                    QuarantinedPairs.Row(pair: $0, name: $1)
                }
            }
        case .retryAll: await perform(.retry, output) { try await $0.answer(QuarantinedPairs()) }
        }
    }

    /// - Parameter rows: which entries it is about.
    private func perform(
        _ action: QuarantineAction,
        _ output: InspectorOutput,
        _ rows: (AdminClient) async throws -> [QuarantinedPairs.Row]
    ) async -> Int32 {
        var labels: [String] = []
        var answers: [Bool] = []
        do {
            let client = try AdminClient(configurationPath: options.configurationPath)
            var rest = try await rows(client)[...]
            labels = rest.map(\.name)
            while !rest.isEmpty {
                let part = rest.prefix(Self.pairsPerRequest).map(\.pair)
                rest = rest.dropFirst(part.count)
                answers += try await client.quarantine(action, part)
            }
        } catch {
            return InspectorRun.perform(output) { throw error }
        }
        let done = action == .retry ? "is tried now" : "is not tried again before it changes"
        return InspectorRun.perform(output) {
            if options.isJSON {
                output.json(Self.json(labels, answers), isPretty: true)
            } else {
                if labels.isEmpty { output.line("nothing is set aside") }
                for (label, wasThere) in zip(labels, answers) {
                    output.line("\(label.printable): \(wasThere ? done : "not in quarantine")")
                }
            }
            return answers.allSatisfy(\.self) ? 0 : InspectorRun.found
        }
    }

    /// What became of each of the entries.
    static func json(_ labels: [String], _ answers: [Bool]) -> JSONValue {
        .array(zip(labels, answers).map { .object([("entry", .string($0)), ("done", .bool($1))]) })
    }
}
