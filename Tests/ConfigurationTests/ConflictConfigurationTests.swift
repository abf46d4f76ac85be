import Mapping
import SyncModel
import Testing

@testable import Configuration

/// How conflicts are settled, for the file, an object and an attribute.
@Suite struct ConflictConfigurationTests {
    private func load(_ conflicts: String, _ piece: String = "", _ replacement: String = "") throws -> Configuration {
        var text = try Workspace.edited("{prefer: ad}", conflicts)
        if !piece.isEmpty { text = try Workspace.edited(piece, replacement, in: text) }
        return try Workspace().load(text)
    }

    @Test func aFileThatSaysNothingHasTheDefaults() throws {
        let configuration = try Workspace().load(Workspace.edited("conflicts: {prefer: ad}\n", ""))
        #expect(configuration.conflicts == ConflictSettings())
        #expect(configuration.conflicts.clockTolerance == 2_000)
        #expect(configuration.conflicts.ranks == [])
        #expect(configuration.conflicts.oscillationLimit == 6)
        #expect(configuration.conflicts.oscillationWindow == 60_000)
        #expect(configuration.conflicts.retention == 7_776_000_000)
        let object = try #require(configuration.objects.first)
        #expect(object.conflict == .newest)
        #expect(object.prefer == .ad)
        #expect(object.deleteAgainstChange == .changeWins)
    }

    @Test func everySettingIsRead() throws {
        let settings = try load(
            """
            {rule: hold, prefer: miniorange, clockTolerance: 250ms, deleteAgainstChange: delete-wins, retention: 365d,
              oscillation: {changes: 4, within: 5m}, provenance: [{author: "uid=idp,*", rank: 10}, {server: dc1*, rank: -5}]}
            """
        ).conflicts
        #expect(settings.clockTolerance == 250)
        #expect(settings.oscillationLimit == 4)
        #expect(settings.oscillationWindow == 300_000)
        #expect(settings.retention == 31_536_000_000)
        #expect(
            settings.ranks == [
                ProvenanceRank(subject: .author, pattern: "uid=idp,*", rank: 10),
                ProvenanceRank(subject: .server, pattern: "dc1*", rank: -5),
            ]
        )
    }

    @Test(arguments: [
        ("{}", 7_776_000_000), ("{history: 1d}", 86_400_000), ("{history: 3650d}", 315_360_000_000),
        ("{history: forever}", nil),
    ])
    func `history is kept for ninety days, or as long as the cache's section says`(_ cache: String, _ kept: Int64?)
        throws
    {
        let text = try Workspace.edited("conflicts: {prefer: ad}\n", "cache: \(cache)\n")
        #expect(try Workspace().load(text).historyRetention == kept)
    }

    @Test(
        "Half of the settings take their other half from the defaults",
        arguments: [
            ("{retention: forever}", ConflictSettings(retention: nil)),
            ("{clockTolerance: 0s}", ConflictSettings(clockTolerance: 0)),
            ("{oscillation: {changes: 3}}", ConflictSettings(oscillationLimit: 3)),
            ("{oscillation: {within: 1d}}", ConflictSettings(oscillationWindow: 86_400_000)),
        ]
    )
    func halves(_ text: String, _ expected: ConflictSettings) throws {
        #expect(try load(text).conflicts == expected)
    }

    @Test(
        "A narrower pattern may stand above a wider one, and beside one of the other kind",
        arguments: [
            "[{author: \"uid=idp,*\", rank: 2}, {author: \"uid=*\", rank: 1}]",
            "[{author: \"*\", rank: 2}, {server: \"*\", rank: 1}]",
            "[{server: \"a*b\", rank: 2}, {server: \"a*\", rank: 1}]",
        ]
    )
    func patternsInOrder(_ list: String) throws {
        #expect(try load("{provenance: \(list)}").conflicts.ranks.map(\.rank) == [2, 1])
    }

    @Test("There is a most to the ranks", arguments: [(256, 0), (257, 1)])
    func manyRanks(_ count: Int, _ problems: Int) throws {
        let list = (0..<count).map { "{author: a\($0), rank: 1}" }.joined(separator: ", ")
        let errors = try Workspace().errors(Workspace.edited("{prefer: ad}", "{provenance: [\(list)]}"))
        #expect(errors.count == problems)
        #expect(errors.allSatisfy { $0.message.contains("257 lines") && $0.position?.description == "13:25" })
    }

    struct Case: CustomTestStringConvertible, Sendable {
        /// Of the file, of the object, of the rule.
        var file: String
        var object: String
        var rule: String
        /// Of the object.
        var conflict: ConflictRule
        var prefer: Side
        /// Of the rule as it merges.
        var own: ConflictRule
        var ownPrefer: Side

        var testDescription: String { "\(file) \(object) \(rule)" }
    }

    @Test(
        "The nearest word counts",
        arguments: [
            Case(
                file: "{rule: newest}",
                object: "{}",
                rule: "",
                conflict: .newest,
                prefer: .ad,
                own: .newest,
                ownPrefer: .ad
            ),
            Case(
                file: "{rule: miniorange}",
                object: "{}",
                rule: "",
                conflict: .miniorange,
                prefer: .miniorange,
                own: .miniorange,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{rule: ad, prefer: ad}",
                object: "{}",
                rule: "",
                conflict: .ad,
                prefer: .ad,
                own: .ad,
                ownPrefer: .ad
            ),
            Case(
                file: "{rule: hold, prefer: miniorange}",
                object: "{}",
                rule: "",
                conflict: .hold,
                prefer: .miniorange,
                own: .hold,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{prefer: miniorange}",
                object: "{rule: hold}",
                rule: "",
                conflict: .hold,
                prefer: .miniorange,
                own: .hold,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{prefer: miniorange}",
                object: "{rule: ad}",
                rule: "",
                conflict: .ad,
                prefer: .ad,
                own: .ad,
                ownPrefer: .ad
            ),
            Case(
                file: "{rule: ad}",
                object: "{rule: newest, prefer: miniorange}",
                rule: "",
                conflict: .newest,
                prefer: .miniorange,
                own: .newest,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{rule: newest}",
                object: "{}",
                rule: ", conflict: hold",
                conflict: .newest,
                prefer: .ad,
                own: .hold,
                ownPrefer: .ad
            ),
            Case(
                file: "{rule: newest}",
                object: "{}",
                rule: ", prefer: miniorange",
                conflict: .newest,
                prefer: .ad,
                own: .newest,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{rule: newest}",
                object: "{rule: miniorange}",
                rule: ", conflict: newest",
                conflict: .miniorange,
                prefer: .miniorange,
                own: .newest,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{rule: ad}",
                object: "{}",
                rule: ", conflict: miniorange",
                conflict: .ad,
                prefer: .ad,
                own: .miniorange,
                ownPrefer: .miniorange
            ),
            Case(
                file: "{rule: ad}",
                object: "{}",
                rule: ", conflict: newest, prefer: miniorange",
                conflict: .ad,
                prefer: .ad,
                own: .newest,
                ownPrefer: .miniorange
            ),
        ]
    )
    func nearestWord(_ test: Case) throws {
        let configuration = try load(
            test.file,
            "attributes: default",
            "conflicts: \(test.object)\n    attributes: {preset: default, rules: [{ad: info, miniorange: info\(test.rule)}]}"
        )
        let object = try #require(configuration.objects.first)
        #expect(object.conflict == test.conflict)
        #expect(object.prefer == test.prefer)
        let merge = try #require(try ObjectMapping(object).mergeRules.first { $0.name == "info" })
        #expect(merge.conflict == test.own)
        #expect(merge.prefer == test.ownPrefer)
    }

    @Test(
        "An object says by itself what a delete is against a change",
        arguments: [
            ("{}", "{deleteAgainstChange: delete-wins}", DeleteAgainstChange.deleteWins),
            ("{deleteAgainstChange: delete-wins}", "{deleteAgainstChange: change-wins}", .changeWins),
            ("{deleteAgainstChange: delete-wins}", "{rule: hold}", .deleteWins),
        ]
    )
    func deletes(_ file: String, _ object: String, _ expected: DeleteAgainstChange) throws {
        let configuration = try load(file, "    kind: user", "    kind: user\n    conflicts: \(object)")
        #expect(configuration.objects.first?.deleteAgainstChange == expected)
    }

    /// Nobody relies on a default.
    @Test(
        "One way, the default and what holds anyway may be written down",
        arguments: [
            ("{rule: newest}", "{rule: newest, prefer: ad, deleteAgainstChange: change-wins}", ", conflict: newest"),
            ("{rule: hold}", "{rule: hold}", ", conflict: hold"),
            ("{rule: miniorange}", "{rule: newest}", ", prefer: miniorange"),
            ("{deleteAgainstChange: delete-wins}", "{deleteAgainstChange: delete-wins}", ""),
        ]
    )
    func oneWay(_ file: String, _ object: String, _ rule: String) throws {
        let text = try Workspace.edited("{prefer: ad}", file)
        let edited = try Workspace.edited(
            "attributes: default",
            "direction: to-ad\n    conflicts: \(object)\n    attributes: {preset: default, rules: [{ad: info, miniorange: info\(rule)}]}",
            in: text
        )
        #expect(try Workspace().errors(edited).map(\.description) == [])
    }

    @Test(
        "Only the digest of the conflicts moves with how they are settled",
        arguments: [
            ("{prefer: ad}", "{prefer: miniorange}"),
            ("{prefer: ad}", "{rule: hold}"),
            ("{prefer: ad}", "{clockTolerance: 3s}"),
            ("{prefer: ad}", "{provenance: [{author: a, rank: 1}]}"),
            ("{prefer: ad}", "{oscillation: {changes: 7}}"),
            ("{prefer: ad}", "{deleteAgainstChange: delete-wins}"),
            ("    kind: user", "    kind: user\n    conflicts: {rule: hold}"),
            (
                "attributes: default",
                "attributes: {preset: default, rules: [{ad: mail, miniorange: mail, conflict: hold}]}"
            ),
        ]
    )
    func digest(_ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let before = try workspace.load(Workspace.sound)
        let after = try workspace.load(Workspace.edited(piece, replacement))
        #expect(before.conflictDigest != after.conflictDigest)
        #expect(before.conflictDigest.count == 16)
        #expect(before.mappingDigest == after.mappingDigest)
        #expect(before.serverDigest == after.serverDigest)
    }

    @Test(
        "The digest of the conflicts stays with all else",
        arguments: [
            ("{prefer: ad}", "{rule: newest, clockTolerance: 2000ms}"),
            ("{prefer: ad}", "{retention: forever}"),
            ("attributes: default", "attributes: {preset: default, without: [pager]}"),
            ("ldaps://dc1.example.com", "ldaps://dc2.example.com"),
        ]
    )
    func digestStays(_ piece: String, _ replacement: String) throws {
        let workspace = try Workspace()
        let before = try workspace.load(Workspace.sound)
        let after = try workspace.load(Workspace.edited(piece, replacement))
        #expect(before.conflictDigest == after.conflictDigest)
    }
}
