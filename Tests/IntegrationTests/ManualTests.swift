import ArgumentParser
import Foundation
import Testing

@testable import syncline

/// The manual pages that tools/manual makes from the programs.
struct ManualTests {
    private static let programs = ["syncline", "synclined"]

    /// As `--experimental-dump-help` tells it.
    private struct Told: Decodable {
        struct Command: Decodable {
            var commandName: String
            var arguments: [Argument]?
            var subcommands: [Command]?

            /// This one and those below it.
            var all: [Command] { [self] + (subcommands ?? []).flatMap(\.all) }
        }
        struct Argument: Decodable {
            struct Name: Decodable { var name: String }
            var kind: String
            var preferredName: Name?
        }
        var command: Command
    }

    private func page(_ program: String) async throws -> (text: String, path: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "manual-\(UUID().uuidString)").path
        let generator = "\(Daemon.folder)/generate-manual"
        try #require(
            FileManager.default.isExecutableFile(atPath: generator),
            "swift build --product generate-manual makes it, as tools/test does"
        )
        let tool = Lab.repository.appending(path: "tools/manual").path
        try await Program.succeed([tool, folder, "--binaries", Daemon.folder, "--date", "2026-01-31"])
        let path = "\(folder)/man8/\(program).8"
        return (try String(contentsOfFile: path, encoding: .utf8), path)
    }

    @Test(
        "a page tells all commands and options of its program, and what no program tells of itself",
        arguments: programs
    )
    func complete(program: String) async throws {
        let (text, path) = try await page(program)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let lines = Set(text.split(separator: "\n"))
        let dump = try await Program.succeed(["\(Daemon.folder)/\(program)", "--experimental-dump-help"])
        let told = try JSONDecoder().decode(Told.self, from: Data(dump.utf8)).command
        for command in told.all where command.commandName != "help" {
            #expect(command.commandName == program || lines.contains(".It Em \(command.commandName)"))
            for argument in command.arguments ?? [] {
                guard let name = argument.preferredName?.name else { continue }
                let isTold = lines.contains { $0.hasPrefix(".It Fl ") && $0.contains("-\(name)") }
                #expect(isTold, "\(command.commandName) --\(name)")
            }
        }
        var rest = text[...]
        for section in [
            "NAME", "SYNOPSIS", "DESCRIPTION", "ENVIRONMENT", "FILES", "\"?EXIT STATUS\"?", "EXAMPLES", "SEE ALSO",
        ] {
            let found = rest.range(of: "\n.Sh \(section)\n", options: .regularExpression)
            rest = rest[try #require(found, "\(section), in its place").lowerBound...].dropFirst()
        }
        let set = try await Program.run(["groff", "-mdoc", "-ww", "-z", path])
        #expect(set.status == 0 && set.errors.isEmpty, "\(set.errors)")
    }

    @Test("every example of syncline is a command that there is")
    func examples() throws {
        let source = Lab.repository.appending(path: "conf/manual/syncline.mdoc")
        let lines = try String(contentsOf: source, encoding: .utf8).split(separator: "\n")
        let examples = lines.filter { $0.hasPrefix("syncline ") }
        #expect(examples.count > 10)
        for line in examples {
            // Quotes stand around whole words.
            let parts = line.split(separator: "'", omittingEmptySubsequences: false)
            let words = parts.enumerated().flatMap { index, part in
                index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
            }
            #expect(throws: Never.self, "\(line)") { try Syncline.parseAsRoot(Array(words.dropFirst())) }
        }
    }
}
