import Cache
import Foundation
import Mapping
import SyncModel
import Testing

@testable import SyncService

/// A configuration and a cache that was filled by hand, in a folder of their own. No server is there.
///
/// anna is in agreement, bert's title was changed at ad, carla is at ad only and set aside, dora's base is behind. The group staff holds anna and bert at ad, at
/// miniorange anna alone, and at ad somebody who is not in scope.
final class InspectorFolder: Sendable {
    struct Answer {
        var code: Int32
        var output: String
        var errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// With one space wherever lines were broken or indented.
        var flat: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        }

        /// One object a line.
        func objects() throws -> [[String: Any]] {
            try lines.map { line in
                try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }
    }

    static let annaAtAD = Anchor(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
    static let peopleAtAD = Anchor(high: 0, low: 1)
    let path: String

    var options: InspectorOptions { InspectorOptions(configurationPath: path + "/syncline.yaml") }
    var jsonOptions: InspectorOptions {
        InspectorOptions(configurationPath: path + "/syncline.yaml", isJSON: true)
    }
    var cachePath: String { path + "/cache" }
    var socketPath: String { path + "/admin.sock" }

    init(filled: Bool = true) throws {
        path = FileManager.default.temporaryDirectory.path + "/inspector-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try write("password", "secret\n")
        try write("syncline.yaml", Self.configuration)
        guard filled else { return }
        let cache = try Cache.open(at: cachePath)
        try cache.write { try InspectorContents($0).fill() }
        try cache.close()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        chmod("\(path)/\(name)", 0o600)
    }

    /// Changes the cache as a daemon would.
    func change(_ body: (CacheTransaction) throws -> Void) throws {
        let cache = try Cache.open(at: cachePath)
        try cache.write(body)
        try cache.close()
    }

    /// Runs a command and gives what it printed.
    func run(_ command: (InspectorOutput) -> Int32) throws -> Answer {
        let files = try Files(path)
        defer { files.close() }
        return try files.answer(command(files.terminal))
    }

    /// The same of a command that asks the daemon.
    func finish(_ command: (InspectorOutput) async -> Int32) async throws -> Answer {
        let files = try Files(path)
        defer { files.close() }
        return try files.answer(await command(files.terminal))
    }

    /// Where a command prints.
    private struct Files {
        private let name: String
        private let output: FileHandle
        private let errors: FileHandle
        let terminal: InspectorOutput

        init(_ folder: String) throws {
            name = "\(folder)/\(UUID().uuidString)"
            for end in [".out", ".err"] { try Data().write(to: URL(fileURLWithPath: name + end)) }
            output = try #require(FileHandle(forWritingAtPath: name + ".out"))
            errors = try #require(FileHandle(forWritingAtPath: name + ".err"))
            terminal = InspectorOutput(
                descriptor: output.fileDescriptor,
                errorDescriptor: errors.fileDescriptor,
                isInterrupted: { false }
            )
        }

        func answer(_ code: Int32) throws -> Answer {
            Answer(
                code: code,
                output: try String(contentsOfFile: name + ".out", encoding: .utf8),
                errors: try String(contentsOfFile: name + ".err", encoding: .utf8)
            )
        }

        func close() {
            try? output.close()
            try? errors.close()
        }
    }

    private static let configuration = """
        version: 1
        cache: {path: cache}
        admin: {socket: admin.sock}
        ad:
          servers: [ldaps://127.0.0.1:9]
          base: DC=syncline,DC=test
          bind: {dn: svc@syncline.test, passwordFile: password}
        miniorange:
          servers: [ldaps://127.0.0.1:9]
          base: dc=syncline,dc=test
          bind: {dn: "cn=syncline,dc=syncline,dc=test", passwordFile: password}
        objects:
          - name: people
            kind: user
            ad: {base: "OU=People,DC=syncline,DC=test"}
            miniorange: {base: "ou=people,dc=syncline,dc=test"}
            match: [{ad: sAMAccountName, miniorange: uid}]
            attributes:
              - {ad: sAMAccountName, miniorange: uid}
              - {ad: sn, miniorange: sn}
              - {ad: title, miniorange: title}
              - {ad: mail, miniorange: mail}
              - {ad: thumbnailPhoto, miniorange: jpegPhoto}
              - {ad: manager, miniorange: manager, type: reference}
          - name: teams
            kind: group
            ad: {base: "OU=Teams,DC=syncline,DC=test"}
            miniorange: {base: "ou=teams,dc=syncline,dc=test", membership: member}
            match: [{ad: sAMAccountName, miniorange: cn}]
            attributes: [{ad: sAMAccountName, miniorange: cn}]
        """
}
