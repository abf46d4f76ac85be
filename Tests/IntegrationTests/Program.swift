import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Other programs, run to their end. Foundation's Process takes a child for alive as long as the servers that it left behind are, so that it won't do.
enum Program {
    struct Answer: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// `input` is what the program reads from its standard input.
    static func run(_ words: [String], input: String = "") async throws -> Answer {
        let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["in", "out", "err"].map { folder.appendingPathComponent($0).path }
        try Data(input.utf8).write(to: URL(fileURLWithPath: paths[0]))
        let process = try RunningProgram.start(words, input: paths[0], output: paths[1], errors: paths[2])
        let status = await process.ended()
        return Answer(
            status: status,
            output: String(decoding: try Data(contentsOf: URL(fileURLWithPath: paths[1])), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: paths[2])), as: UTF8.self)
        )
    }

    /// As `run`, for programs that must succeed.
    @discardableResult
    static func succeed(_ words: [String], input: String = "") async throws -> String {
        let answer = try await run(words, input: input)
        guard answer.status == 0 else {
            throw ProgramFailure(
                words: "\(words.joined(separator: " ")) ended with \(answer.status): \(answer.output)\(answer.errors)"
            )
        }
        return answer.output
    }
}

struct ProgramFailure: Error, CustomStringConvertible {
    let words: String
    var description: String { words }
}
