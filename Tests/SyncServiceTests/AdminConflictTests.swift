import Foundation
import SyncEngine
import SyncModel
import Synchronization
import Testing

@testable import SyncService

/// The commands that ask a daemon, against its admin API with nothing behind it.
struct AdminConflictTests {
    /// What was asked for.
    private final class Asked: Sendable {
        private let state = Mutex<(choices: [ConflictID: ConflictChoice], pairs: [PairID])>(([:], []))
        var choices: [ConflictID: ConflictChoice] { state.withLock { $0.choices } }
        var pairs: [PairID] { state.withLock { $0.pairs } }

        func note(_ id: ConflictID, _ choice: ConflictChoice) { state.withLock { $0.choices[id] = choice } }
        func note(_ pair: PairID) { state.withLock { $0.pairs.append(pair) } }
    }

    private func withDaemon(
        _ folder: InspectorFolder,
        answers: [ConflictID: ResolutionAnswer] = [:],
        _ body: (Asked) async throws -> Void
    ) async throws {
        let asked = Asked()
        try await AdminStandIn.run(folder) {
            asked.note($0)
        } ask: { event in
            guard case .resolve(let id, let choice) = event else { throw CancellationError() }
            asked.note(id, choice)
            return .resolution(answers[id] ?? .accepted)
        } _: {
            try await body(asked)
        }
    }

    @Test(
        arguments: [
            (.accepted, 0, "1  done"), (.alreadySo, 0, "1  nothing to do"),
            (.moved(.ad), 1, "1  not done: ad has moved"),
            (.moved(.miniorange), 1, "1  not done: miniorange has moved"),
            (.noSuchConflict, 1, "1  not done: there is no"),
            (.entryGone, 1, "1  not done: the entry"), (.notPossible("no place"), 1, "1  not done: no place"),
        ] as [(ResolutionAnswer, Int32, String)]
    )
    func theAnswerDecidesTheExitCode(_ row: (answer: ResolutionAnswer, code: Int32, line: String)) async throws {
        let folder = try ConflictFolder.filled()
        try await withDaemon(folder, answers: [ConflictID(1): row.answer]) { asked in
            let command = ConflictResolveCommand(folder.options, .ids([1]), .take("miniorange"), isConfirmed: false)
            let answer = try await folder.finish { await command.run($0) }
            #expect(answer.code == row.code, "\(answer.errors)")
            #expect(answer.lines.last?.hasPrefix(row.line) == true, "\(answer.output)")
            #expect(asked.choices == [ConflictID(1): .side(.miniorange)])
        }
    }

    @Test func manyAreSettledByTheSameFilters() async throws {
        let folder = try ConflictFolder.filled()
        try await withDaemon(folder, answers: [ConflictID(11): .moved(.ad)]) { asked in
            var selection = ConflictSelection()
            selection.attribute = "sn"
            let command = ConflictResolveCommand(
                folder.jsonOptions,
                .all(selection),
                .values(["b", "a"], isBase64: false),
                isConfirmed: true
            )
            let answer = try await folder.finish { await command.run($0) }
            #expect(answer.code == 1)
            let results = try #require(try answer.object()["results"] as? [[String: Any]])
            #expect(results.map { $0.keys.sorted() } == [["answer", "id", "reason"], ["answer", "id", "reason"]])
            #expect(results.map { $0["id"] as? Int } == [3, 11])
            #expect(results.map { $0["answer"] as? String } == ["accepted", "moved-ad"])
            let wanted = ConflictChoice.values(["a", "b"])
            #expect(asked.choices == [ConflictID(3): wanted, ConflictID(11): wanted])
        }
    }

    @Test func aReferenceIsSentAsThePairThatItNames() async throws {
        let folder = try ConflictFolder.filled()
        try await withDaemon(folder) { asked in
            let command = ConflictResolveCommand(
                folder.options,
                .ids([12]),
                .values(["dora"], isBase64: false),
                isConfirmed: false
            )
            let answer = try await folder.finish { await command.run($0) }
            #expect(answer.code == 0, "\(answer.errors)")
            let dora = Octets(PairID(4).rawValue.bigEndianOctets)
            #expect(asked.choices == [ConflictID(12): .values([dora])])
        }
    }

    @Test func explainAsksTheServersFirst() async throws {
        let folder = try ConflictFolder.filled()
        try await withDaemon(folder) { asked in
            let command = ExplainCommand(folder.jsonOptions, entry: "staff", attribute: "member", member: "bert")
            let answer = try await folder.finish { await command.run($0) }
            #expect(answer.code == 0, "\(answer.errors)")
            #expect(try answer.object()["stampsNote"] is NSNull)
            #expect(asked.pairs == [PairID(5), PairID(2)])
        }
    }

    @Test(arguments: [
        ("/conflicts/x/resolve", "a conflict is named by its number"), ("/conflicts/1/resolve", "send {\"take\""),
        ("/stamps", "a pair is named by its number"), ("/stamps?pair=x", "a pair is named by its number"),
    ])
    func whatIsNoRequestIsRefused(_ row: (path: String, words: String)) async throws {
        let folder = try ConflictFolder.filled()
        try await withDaemon(folder) { asked in
            do {
                _ = try await AdminClient(socket: folder.socketPath).post(row.path)
                Issue.record("it was taken")
            } catch {
                #expect("\(error)".hasPrefix(row.words), "\(error)")
            }
            #expect(asked.choices.isEmpty)
        }
    }
}
