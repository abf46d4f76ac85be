import Foundation
import Testing

/// What the pure targets promise, read from their sources: the compiler holds part of it only.
struct PurityTests {
    struct Target: Sendable, CustomTestStringConvertible {
        var name: String
        var imports: Set<String>
        var testDescription: String { name }
    }

    static let targets = [
        Target(name: "SyncModel", imports: []),
        Target(name: "Mapping", imports: ["SyncModel"]),
        Target(name: "Reconcile", imports: ["SyncModel"]),
        Target(name: "SyncEngine", imports: ["SyncModel", "Mapping", "Reconcile", "DequeModule", "HeapModule"]),
    ]

    /// What reaches for a clock, chance, a console, a file, a thread or an order that differs on each run.
    static let forbidden = [
        "Date(", "ContinuousClock", "SuspendingClock", "SystemRandomNumberGenerator", ".random(", ".randomElement(",
        ".shuffled(", "print(", "debugPrint(", "dump(", "readLine(", "FileHandle", "ProcessInfo", "getenv", "Task {",
        "Task.sleep", "try!", "fatalError(",
    ]

    private static func lines(of target: String) throws -> [(file: String, text: String)] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/\(target)").standardizedFileURL
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return try files.filter { $0.pathExtension == "swift" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
            .flatMap { file in
                try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
                    .map { (file.lastPathComponent, $0.trimmingCharacters(in: .whitespaces)) }
            }
    }

    @Test(arguments: targets)
    func `A pure target imports only what lies below it`(_ target: Target) throws {
        let lines = try Self.lines(of: target.name)
        #expect(!lines.isEmpty)
        for line in lines where !line.text.hasPrefix("//") {
            let words = line.text.split(separator: " ").map(String.init)
            guard let position = words.firstIndex(of: "import"), let module = words.dropFirst(position + 1).first
            else { continue }
            let isFolding =
                target.name == "SyncModel" && line.file == "CaseFolding.swift" && module == "Swift"
            #expect(isFolding || target.imports.contains(module), "\(line.file): \(line.text)")
        }
    }

    @Test(arguments: targets)
    func `A pure target has no clock, no chance and no console`(_ target: Target) throws {
        for line in try Self.lines(of: target.name) where !line.text.hasPrefix("//") {
            for word in Self.forbidden {
                #expect(!line.text.contains(word), "\(line.file): \(line.text)")
            }
        }
    }
}
