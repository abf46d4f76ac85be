import Cache
import Foundation
import SyncModel
import Testing

@testable import SyncService

/// `syncline cache rekey`, and the inspector on an encrypted cache.
@Suite struct CacheRekeyTests {
    private typealias Command = @Sendable (InspectorOptions, InspectorOutput) -> Int32

    /// Those whose answers are the same whatever the cache is encrypted with.
    private static let commands: [Command] = [
        { CacheGetCommand($0, entry: "anna").run($1) },
        { CacheGetCommand($0, entry: "staff").run($1) },
        { CacheSearchCommand($0, filter: "(sn=*)").run($1) },
        { CacheSearchCommand($0, filter: "(uid=bert)", namesOnly: true).run($1) },
        { CacheDiffCommand($0).run($1) },
        { CacheHistoryCommand($0, entry: "anna").run($1) },
        { CacheVerifyCommand($0).run($1) },
        { CacheExportCommand($0, format: .ldif(side: "ad")).run($1) },
        { CacheExportCommand($0, format: .jsonLines).run($1) },
    ]

    private let folder: InspectorFolder

    init() throws {
        folder = try InspectorFolder()
        try makeKey("first.key")
        try makeKey("second.key")
    }

    private func file(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func makeKey(_ name: String) throws {
        let octets = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        try Data((Data(octets).base64EncodedString() + "\n").utf8).write(to: URL(fileURLWithPath: file(name)))
        chmod(file(name), 0o600)
    }

    /// Writes what the configuration says of the cache.
    private func configure(_ cache: String) throws {
        let text = try String(contentsOfFile: file("syncline.yaml"), encoding: .utf8)
        let lines = text.components(separatedBy: "\n").map { $0.hasPrefix("cache:") ? "cache: \(cache)" : $0 }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: file("syncline.yaml")))
        chmod(file("syncline.yaml"), 0o600)
    }

    private func rekey(_ goal: CacheRekeyCommand.Goal, old: String? = nil) throws -> InspectorFolder.Answer {
        try folder.run { CacheRekeyCommand(folder.options, goal: goal, oldKeyFile: old.map(file)).run($0) }
    }

    private func answers() throws -> [String] {
        try Self.commands.map { command in
            let answer = try folder.run { command(folder.options, $0) }
            // What a cache is encrypted with is one record more.
            let output = answer.output.replacing(/[0-9]+ records in/, with: "records in")
            return "\(answer.code) \(output) \(answer.errors)"
        }
    }

    private func expect(_ found: [String], _ expected: [String]) {
        for (found, expected) in zip(found, expected) { #expect(found == expected) }
    }

    private func isInFile(_ text: String) throws -> Bool {
        try Data(contentsOf: URL(fileURLWithPath: folder.cachePath + "/data.mdb")).range(of: Data(text.utf8)) != nil
    }

    @Test func allCommandsAnswerTheSameThroughAllKeys() throws {
        let expected = try answers()
        #expect(try isInFile("anna"))
        var answer = try rekey(.encrypted(keyFile: file("first.key")))
        #expect(answer.code == 0 && answer.flat.contains("keyFile: \(file("first.key"))"), "\(answer)")
        try configure("{path: cache, encrypt: true, keyFile: first.key}")
        expect(try answers(), expected)
        #expect(try !isInFile("anna"))

        answer = try rekey(.encrypted(keyFile: file("second.key")))
        #expect(answer.code == 0, "\(answer)")
        try configure("{path: cache, encrypt: true, keyFile: second.key}")
        expect(try answers(), expected)

        answer = try rekey(.plain)
        #expect(answer.code == 0, "\(answer)")
        try configure("{path: cache}")
        expect(try answers(), expected)
        #expect(try isInFile("anna"))
    }

    @Test func theConfigurationMayNameTheNewKeyAlready() throws {
        let expected = try answers()
        try configure("{path: cache, encrypt: true, keyFile: first.key}")
        #expect(try rekey(.encrypted(keyFile: file("first.key"))).code == 0)
        expect(try answers(), expected)
        try configure("{path: cache, encrypt: true, keyFile: second.key}")
        let answer = try rekey(.encrypted(keyFile: file("second.key")))
        #expect(answer.code == 2 && answer.errors.contains("another key"), "\(answer)")
        #expect(try rekey(.encrypted(keyFile: file("second.key")), old: "first.key").code == 0)
        expect(try answers(), expected)
    }

    @Test func aSecondRunHasNothingToDo() throws {
        #expect(try rekey(.encrypted(keyFile: file("first.key"))).code == 0)
        let answer = try rekey(.encrypted(keyFile: file("first.key")))
        #expect(answer.code == 0 && answer.flat.contains("nothing to do"), "\(answer)")
        let json = try folder.run {
            CacheRekeyCommand(folder.jsonOptions, goal: .encrypted(keyFile: file("first.key"))).run($0)
        }
        #expect(try json.object()["changed"] as? Bool == false)
    }

    @Test("Every command says which key is wrong or missing", arguments: commands.indices)
    func wrongKey(_ index: Int) throws {
        let command = Self.commands[index]
        #expect(try rekey(.encrypted(keyFile: file("first.key"))).code == 0)
        let missing = try folder.run { command(folder.options, $0) }
        #expect(missing.code == 2 && missing.errors.contains("it is encrypted, and no key was given"), "\(missing)")
        #expect(missing.errors.contains("cache.keyFile") && missing.output.isEmpty)
        try configure("{path: cache, encrypt: true, keyFile: second.key}")
        let wrong = try folder.run { command(folder.options, $0) }
        #expect(wrong.code == 2 && wrong.errors.contains("than the one in \(file("second.key"))"), "\(wrong)")
    }

    @Test func aCacheInTheClearIsToldApart() throws {
        try configure("{path: cache, encrypt: true, keyFile: first.key}")
        let answer = try folder.run { CacheStatsCommand(folder.options).run($0) }
        #expect(answer.code == 2 && answer.errors.contains("it is not encrypted"), "\(answer)")
        #expect(answer.errors.contains("syncline cache rekey --new-key-file \(file("first.key"))"), "\(answer)")
        // Another one than the configured may be.
        var options = folder.options
        options.cachePath = folder.cachePath
        #expect(try folder.run { CacheStatsCommand(options).run($0) }.code == 0)
    }

    @Test func aBackupStaysEncrypted() throws {
        #expect(try rekey(.encrypted(keyFile: file("first.key"))).code == 0)
        try configure("{path: cache, encrypt: true, keyFile: first.key}")
        let answer = try folder.run { CacheBackupCommand(folder.options, destination: file("copy")).run($0) }
        #expect(answer.code == 0, "\(answer)")
        var options = folder.options
        options.cachePath = file("copy")
        #expect(try folder.run { CacheGetCommand(options, entry: "anna").run($0) }.code == 0)
    }

    @Test(
        "A key file that does not serve is refused, and the cache stays",
        arguments: [
            ("none.key", nil, 0o600, "make one"), ("short.key", "short", 0o600, "no key of 256 bits"),
            ("open.key", String(repeating: "k", count: 40), 0o644, "chmod 600"),
        ] as [(String, String?, mode_t, String)]
    )
    func unfit(_ name: String, _ contents: String?, _ mode: mode_t, _ words: String) throws {
        if let contents {
            try Data(contents.utf8).write(to: URL(fileURLWithPath: file(name)))
            chmod(file(name), mode)
        }
        let expected = try answers()
        let answer = try rekey(.encrypted(keyFile: file(name)))
        #expect(answer.code == 2 && answer.errors.contains(words) && answer.errors.contains(file(name)), "\(answer)")
        #expect(!answer.errors.contains("kkkk"))
        expect(try answers(), expected)
    }
}
