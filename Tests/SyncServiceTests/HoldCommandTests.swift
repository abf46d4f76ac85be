import SyncEngine
import SyncModel
import Synchronization
import Testing

@testable import SyncService

/// `syncline holds`, `approve`, `reject` and `quarantine`: what they print, and what they ask the daemon for.
struct HoldCommandTests {
    private final class Asked: Sendable {
        private let state = Mutex<[EngineEvent]>([])
        var events: [String] { state.withLock { $0.map { "\($0)" } } }
        func note(_ event: EngineEvent) { state.withLock { $0.append(event) } }
    }

    private func asking(
        _ folder: InspectorFolder,
        _ answer: HoldAnswer = .decided(moved: [], oneWay: []),
        _ body: () async throws -> Void
    ) async throws -> [String] {
        let asked = Asked()
        try await AdminStandIn.run(folder) { event in
            asked.note(event)
            switch event {
            case .drop, .retry: return .isQuarantined(true)
            default: return .hold(answer)
            }
        } _: {
            try await body()
        }
        return asked.events
    }

    @Test func `holds are listed by cause, with the commands that decide them`() async throws {
        let folder = try SchemaSamples.holds()
        let answer = try await folder.finish { await HoldsCommand(folder.options).run($0) }
        #expect(answer.code == 1)
        for words in [
            "hold 1: deletions of people on miniorange are stopped since 2026-01-01T12:00:00Z",
            "more than 500 in an hour",
            "1: deleted on ad one by one by CN=HR, from", "--cause 'CN=HR'", "--cause none",
            "entries: syncline holds 1", "decide: syncline approve 1 or syncline reject 1",
        ] { #expect(answer.flat.contains(words), "\(words): \(answer.output)") }
        #expect(!answer.output.contains("hold 2"))
        let ended = try await folder.finish { await HoldsCommand(folder.options, showsEnded: true).run($0) }
        #expect(ended.output.contains("hold 2") && ended.output.contains("approved at 2026-01-01T12:00:00Z"))
    }

    @Test func `who is asked about is said to wait for the hold`() async throws {
        let folder = try SchemaSamples.holds()
        let words = "its deletion is held: syncline holds 1"
        let explained = try await folder.finish {
            await ExplainCommand(folder.options, entry: "anna", attribute: nil, member: nil).run($0)
        }
        #expect(explained.flat.contains("waiting \(words)"), "\(explained.output)")
        let shown = try folder.run { CacheGetCommand(folder.options, entry: "anna").run($0) }
        #expect(shown.flat.contains("waiting \(words)"), "\(shown.output)")
        let json = try folder.run { CacheGetCommand(folder.jsonOptions, entry: "anna").run($0) }
        #expect(json.flat.contains(#""deletion": { "state": "held", "hold": 1 }"#), "\(json.output)")
    }

    @Test(
        arguments: [
            (nil, ["CN=HR  CN=anna", "none  CN=bert"]), ("CN=HR", ["CN=HR  CN=anna"]), ("none", ["none  CN=bert"]),
        ] as [(String?, [String])]
    )
    func `the entries of a hold are listed, those of one cause alone too`(_ cause: String?, _ lines: [String])
        async throws
    {
        let folder = try SchemaSamples.holds()
        let answer = try await folder.finish { await HoldsCommand(folder.options, id: 1, cause: cause).run($0) }
        #expect(answer.code == 1 && answer.lines.count == lines.count)
        for (shown, wanted) in zip(answer.lines, lines) { #expect(shown.hasPrefix(wanted), "\(shown)") }
    }

    @Test(
        arguments: [
            (1, "other", "hold 1 has no cause other"), (7, nil, "there is no hold 7"), (2, nil, "hold 2 is approved"),
        ] as [(UInt64, String?, String)]
    )
    func `what is not there is named`(_ id: UInt64, _ cause: String?, _ words: String) async throws {
        let folder = try SchemaSamples.holds()
        let listed = try await folder.finish { await HoldsCommand(folder.options, id: id, cause: cause).run($0) }
        #expect(listed.errors.contains(words), "\(listed.errors)")
        let subject = HoldDecisionCommand.Subject.hold(id, cause: cause, entries: [])
        let answer = try await AdminStandIn.answer(folder) {
            await HoldDecisionCommand(folder.options, .approve, subject, isConfirmed: true).run($0)
        }
        #expect(answer.code == 2 && answer.errors.contains(words), "\(answer.errors)")
    }

    @Test(
        arguments: [
            (.approve, .allDeletions, "hold 1: 2 of people are deleted on miniorange as well:"),
            (
                .reject, .hold(1, cause: nil, entries: []),
                "hold 1: 2 of people are made again on ad, from what miniorange has:"
            ),
            (.reject, .allDeletions, "does not: objectGUID, objectSid"),
            (
                .approve, .vanished(side: "ad", entries: []),
                "2 that ad does not show any more were deleted there; the other side follows:"
            ),
            (.reject, .vanished(side: "ad", entries: []), "2 that ad does not show any more are made again there:"),
        ] as [(HoldDecisionCommand.Decision, HoldDecisionCommand.Subject, String)]
    )
    func `more than one is only shown`(
        _ decision: HoldDecisionCommand.Decision,
        _ subject: HoldDecisionCommand.Subject,
        _ words: String
    ) async throws {
        let folder = try SchemaSamples.holds()
        let asked = try await asking(folder) {
            let answer = try await folder.finish {
                await HoldDecisionCommand(folder.options, decision, subject, isConfirmed: false).run($0)
            }
            #expect(answer.code == 1 && answer.flat.contains(words), "\(answer.output)")
            #expect(answer.errors.contains("nothing was done; --yes does it"))
        }
        #expect(asked.isEmpty)
    }

    @Test(
        arguments: [
            (.approve, .allDeletions, true, .decide(HoldID(1), .approve, [PairID(1), PairID(2)])),
            (.reject, .hold(1, cause: "CN=HR", entries: []), false, .decide(HoldID(1), .reject, [PairID(1)])),
            (.approve, .hold(1, cause: nil, entries: ["bert"]), false, .decide(HoldID(1), .approve, [PairID(2)])),
            (
                .reject, .vanished(side: "ad", entries: []), true,
                .judge(.reject, vanishedAt: .ad, [PairID(4), PairID(5)])
            ),
            (
                .approve, .vanished(side: "ad", entries: ["staff"]), false,
                .judge(.approve, vanishedAt: .ad, [PairID(5)])
            ),
        ] as [(HoldDecisionCommand.Decision, HoldDecisionCommand.Subject, Bool, EngineEvent)]
    )
    func `the daemon is asked for just what was chosen`(
        _ decision: HoldDecisionCommand.Decision,
        _ subject: HoldDecisionCommand.Subject,
        _ isConfirmed: Bool,
        _ event: EngineEvent
    ) async throws {
        let folder = try SchemaSamples.holds()
        let asked = try await asking(folder) {
            let answer = try await folder.finish {
                await HoldDecisionCommand(folder.options, decision, subject, isConfirmed: isConfirmed).run($0)
            }
            #expect(answer.code == 0 && answer.output.contains("done for"), "\(answer)")
        }
        #expect(asked == ["\(event)"])
    }

    @Test(
        arguments: [
            (.decided(moved: [PairID(2)], oneWay: []), "done for 1; 1 do not wait any more"),
            (.decided(moved: [], oneWay: [PairID(1), PairID(2)]), "done for 0; 2 can't be made again"),
            (.noSuchHold, "not done: the hold is not open any more"),
        ] as [(HoldAnswer, String)]
    )
    func `what the daemon left alone is told`(_ reply: HoldAnswer, _ words: String) async throws {
        let folder = try SchemaSamples.holds()
        _ = try await asking(folder, reply) {
            let answer = try await folder.finish {
                await HoldDecisionCommand(folder.options, .reject, .allDeletions, isConfirmed: true).run($0)
            }
            #expect(answer.code == 1 && answer.output.contains(words), "\(answer)")
        }
    }

    @Test func `whoever does not wait for a decision is named`() async throws {
        let folder = try SchemaSamples.holds()
        for (subject, words) in [
            (HoldDecisionCommand.Subject.hold(1, cause: nil, entries: ["dora"]), "dora is not held by hold 1"),
            (.vanished(side: "ad", entries: ["anna"]), "anna is not missed at ad"),
        ] {
            let answer = try await AdminStandIn.answer(folder) {
                await HoldDecisionCommand(folder.options, .approve, subject, isConfirmed: true).run($0)
            }
            #expect(answer.code == 2 && answer.errors.contains(words), "\(answer.errors)")
        }
    }

    @Test func `what is set aside is listed with its reason and what mends it`() async throws {
        let folder = try SchemaSamples.holds()
        let answer = try await folder.finish { await QuarantineCommand(folder.options, .list).run($0) }
        #expect(answer.code == 1)
        for words in [
            "too long", "2 attempts since 2026-01-01T12:00:00Z; next 2026-01-01T12:00:00Z",
            "ad does not show the entry any more", "syncline reject --vanished ad has it made again",
        ] { #expect(answer.flat.contains(words), "\(words): \(answer.output)") }
        let asked = try await asking(folder) {
            let dropped = try await folder.finish {
                await QuarantineCommand(folder.options, .act(.drop, entries: ["carla"])).run($0)
            }
            #expect(dropped.code == 0 && dropped.output == "carla: is not tried again before it changes\n")
            let retried = try await folder.finish { await QuarantineCommand(folder.options, .retryAll).run($0) }
            #expect(retried.code == 0 && retried.lines.count == 3)
        }
        #expect(asked.count == 4 && asked.first?.hasPrefix("drop") == true && asked.last?.hasPrefix("retry") == true)
    }
}
