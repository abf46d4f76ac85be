import Cache
import Foundation
import Support
import SyncEngine
import SyncModel
import Testing

@testable import SyncService

/// What `--json` prints is what conf/schema promises, and nothing there is promised that is not printed.
struct SchemaTests {
    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "conf/schema")

    @Test func whatCommandsPrintIsPromised() async throws {
        let schema = try JSONSchema(folder: Self.folder)
        for sample in try await Self.samples() {
            let problems = try schema.problems(sample.text, sample.definition)
            #expect(problems.isEmpty, "\(sample.definition): \(problems.joined(separator: "\n"))\n\(sample.text)")
        }
        let unseen = schema.properties.subtracting(schema.seen).sorted()
        #expect(unseen.isEmpty, "promised, and printed by no sample of this test: \(unseen.joined(separator: "\n"))")
    }

    @Test(arguments: [
        (#"{"answer": "resumed"}"#, ""), (#"{"answer": 1}"#, "is not of type"), ("{}", "there is no answer"),
        (#"{"answer": "", "more": 1}"#, "does not tell of it"), ("[]", "is not of type"),
    ])
    func whatIsNotPromisedIsFound(_ row: (text: String, words: String)) throws {
        let problems = try JSONSchema(folder: Self.folder).problems(row.text, "steering.json#/$defs/answer")
        #expect(problems.isEmpty == row.words.isEmpty, "\(problems)")
        #expect(problems.allSatisfy { $0.contains(row.words) }, "\(problems)")
    }

    // MARK: Samples

    private struct Sample {
        var text: String
        var definition: String

        init(text: String, definition: String) {
            self.text = text
            self.definition = definition
        }

        init(_ value: JSONValue, _ definition: String) {
            var octets: [UInt8] = []
            value.append(to: &octets, indent: nil)
            self.init(text: String(decoding: octets, as: UTF8.self), definition: definition)
        }
    }

    private static func samples() async throws -> [Sample] {
        try reports() + (try await cacheCommands()) + (try await conflictCommands()) + (try await holdCommands())
    }

    /// Of the reports that need both servers: with all that they may hold, and with the least.
    private static func reports() throws -> [Sample] {
        let encoder = JSONEncoder()
        func sample(_ value: some Encodable, _ definition: String) throws -> Sample {
            Sample(text: String(decoding: try encoder.encode(value), as: UTF8.self), definition: definition)
        }
        let findings = [Finding(.ok, nil, "cache", "there"), Finding(.error, .ad, "base", "empty", remedy: "look")]
        var plan = SchemaSamples.plan
        var trial = SchemaSamples.trial
        var status = SchemaSamples.status
        var samples = [
            try sample(findings, "check.json#/$defs/check"), try sample(plan, "plan.json#/$defs/plan"),
            try sample(trial, "test-mapping.json#/$defs/test-mapping"),
            try sample(status, "status.json#/$defs/status"),
            try sample(SchemaSamples.verification, "verify.json#/$defs/verify"),
            try sample(SchemaSamples.comparison, "status.json#/$defs/comparison"),
            try sample(SteeringCommand.Answer(answer: "resumed"), "steering.json#/$defs/answer"),
            try sample(
                [
                    HandedPassword(
                        InitialPassword(
                            side: .ad,
                            name: try DistinguishedName(parsing: "CN=Ann,DC=test"),
                            account: "ann",
                            password: Array("secret".utf8)
                        ),
                        at: Date(timeIntervalSince1970: 0)
                    )
                ],
                "initial-passwords.json#/$defs/initial-passwords"
            ),
        ]
        plan.writes[0].newName = nil
        trial.ad = nil
        trial.memberships = nil
        trial.rules[0].base = nil
        status.progress = nil
        status.uptimeSeconds = nil
        status.reconcile = nil
        status.ad = StatusReport.SideReport(
            state: "connecting",
            feed: "",
            feedReason: "",
            loaded: false,
            entries: 0,
            writesInFlight: 0,
            changesSeen: 0,
            writesMade: 0,
            memberships: 0
        )
        samples += [
            try sample(plan, "plan.json#/$defs/plan"), try sample(trial, "test-mapping.json#/$defs/test-mapping"),
            try sample(status, "status.json#/$defs/status"),
        ]
        return samples
    }

    private static func cacheCommands() async throws -> [Sample] {
        let folder = try SchemaSamples.folder()
        let options = folder.jsonOptions
        var samples: [Sample] = []
        func add(_ definition: String, areLines: Bool = false, _ command: (InspectorOutput) -> Int32) throws {
            let answer = try folder.run(command)
            #expect(answer.code < 2, "\(answer.errors)")
            for text in areLines ? answer.lines : [answer.output] {
                samples.append(Sample(text: text, definition: "cache.json#/$defs/\(definition)"))
            }
        }
        for entry in ["anna", "bert", "carla", "dora", "staff"] {
            try add("get") { CacheGetCommand(options, entry: entry).run($0) }
            try add("history") { CacheHistoryCommand(options, entry: entry).run($0) }
            try add("past") { CacheHistoryCommand(options, entry: entry, at: "2025-12-31T12:00Z").run($0) }
        }
        try add("entry", areLines: true) { CacheSearchCommand(options, filter: "(objectGUID=*)").run($0) }
        try add("entry", areLines: true) { CacheSearchCommand(options, filter: "(sn=*)", attributes: ["sn"]).run($0) }
        try add("difference", areLines: true) { CacheDiffCommand(options).run($0) }
        try add("pair", areLines: true) { CacheExportCommand(options, format: .jsonLines).run($0) }
        for fill in [false, true] { try add("stats") { CacheStatsCommand(options, measuresFill: fill).run($0) } }
        try add("backup") { CacheBackupCommand(options, destination: folder.path + "/copy").run($0) }
        try add("upgrade") { CacheUpgradeCommand(options).run($0) }
        for _ in 0..<2 { try add("rekey") { CacheRekeyCommand(options, goal: .plain, oldKeyFile: nil).run($0) } }
        try folder.change { try $0.remove(try #require(try $0.replica(.ad, InspectorFolder.annaAtAD))) }
        try add("verify") { CacheVerifyCommand(options).run($0) }
        return samples
    }

    private static func conflictCommands() async throws -> [Sample] {
        let folder = try SchemaSamples.folder()
        let options = folder.jsonOptions
        var samples: [Sample] = []
        func add(_ definition: String, _ command: (InspectorOutput) async -> Int32) async throws {
            let answer = try await AdminStandIn.answer(folder, command)
            #expect(answer.code < 2, "\(answer.errors)")
            samples.append(Sample(text: answer.output, definition: definition))
        }
        var everything = ConflictSelection()
        everything.joins = .included
        let all = everything
        for selection in [ConflictSelection(), all] {
            try await add("conflicts.json#/$defs/list") {
                await ConflictListCommand(options, selection, limit: 3).run($0)
            }
            try await add("conflicts.json#/$defs/export") {
                ConflictExportCommand(options, selection, format: .json).run($0)
            }
        }
        for id in UInt64(1)...13 {
            try await add("conflicts.json#/$defs/conflict") { await ConflictShowCommand(options, id: id).run($0) }
        }
        try await add("conflicts.json#/$defs/preview") {
            await ConflictResolveCommand(options, .ids([1, 2]), .take("ad"), isConfirmed: false).run($0)
        }
        for entry in ["anna", "bert", "carla", "dora", "staff"] {
            try await add("explain.json#/$defs/entry") { await ExplainCommand(options, entry: entry).run($0) }
        }
        for member in ["anna", "bert", "carla"] {
            try await add("explain.json#/$defs/membership") {
                await ExplainCommand(options, entry: "staff", attribute: "member", member: member).run($0)
            }
        }
        let replies = [ResolutionReply(.accepted), ResolutionReply(.notPossible("it is gone"))]
        samples.append(
            Sample(
                JSONValue.object([("results", .array(replies.map { $0.json(of: ConflictID(1)) }))]),
                "conflicts.json#/$defs/results"
            )
        )
        return samples
    }

    private static func holdCommands() async throws -> [Sample] {
        let folder = try SchemaSamples.holds()
        let options = folder.jsonOptions
        var samples: [Sample] = []
        func add(_ definition: String, _ command: (InspectorOutput) async -> Int32) async throws {
            let answer = try await AdminStandIn.answer(folder, command)
            #expect(answer.code < 2, "\(answer.errors)")
            samples.append(Sample(text: answer.output, definition: "holds.json#/$defs/\(definition)"))
        }
        for showsEnded in [false, true] {
            try await add("holds") { await HoldsCommand(options, showsEnded: showsEnded).run($0) }
        }
        try await add("entries") { await HoldsCommand(options, id: 1).run($0) }
        let held = try await folder.finish { CacheGetCommand(options, entry: "anna").run($0) }
        samples.append(Sample(text: held.output, definition: "cache.json#/$defs/get"))
        try await add("preview") {
            await HoldDecisionCommand(options, .reject, .allDeletions, isConfirmed: false).run($0)
        }
        try await add("preview") {
            await HoldDecisionCommand(options, .approve, .vanished(side: "ad", entries: []), isConfirmed: false).run($0)
        }
        try await add("quarantine") { await QuarantineCommand(options, .list).run($0) }
        let replies = [
            (HoldDecision.hold(1), HoldDecisionReply(.decided(moved: [PairID(2)], oneWay: []))),
            (.hold(2), HoldDecisionReply(.noSuchHold)),
            (.vanished(.ad), HoldDecisionReply(.decided(moved: [], oneWay: [PairID(2)]))),
        ]
        let results = replies.map { question, reply in JSONValue.object(question.json + reply.json(entries: 3)) }
        samples += [
            Sample(.array(results), "holds.json#/$defs/results"),
            Sample(QuarantineCommand.json(["anna", "bert"], [true, false]), "holds.json#/$defs/acted"),
        ]
        return samples
    }
}
