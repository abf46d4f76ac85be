import ArgumentParser
import Foundation

/// A command that this version does not have. It says so, and fails, instead of being an unknown word.
protocol NotYetAvailable: ParsableCommand {}

extension NotYetAvailable {
    func run() throws {
        let name = Self.configuration.commandName ?? "\(Self.self)".lowercased()
        FileHandle.standardError.write(Data("syncline \(name): not available in this version\n".utf8))
        throw ExitCode(2)
    }
}

struct Undo: NotYetAvailable {
    static let configuration = CommandConfiguration(
        abstract: "Takes a change back (not available in this version)."
    )
    @Argument(parsing: .allUnrecognized) var rest: [String] = []
}
