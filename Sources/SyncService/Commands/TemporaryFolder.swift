import Foundation
import Synchronization
import UnixSignals

/// A folder for this user alone that is gone when the work is, however it ends.
enum TemporaryFolder {
    /// Runs `body`, cancelled by SIGINT and SIGTERM, with a new folder, and removes the folder.
    static func with<Result: Sendable>(
        _ body: @escaping @Sendable (String) async throws -> Result
    ) async throws -> Result {
        // From here on nothing ends the process but its own end: there is no folder yet that would be left behind.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("syncline-\(UUID().uuidString.lowercased())").path
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body(folder) }
            group.addTask {
                for await _ in signals { throw Interrupted() }
                return nil
            }
            defer { group.cancelAll() }
            while let next = try await group.next() {
                if let result = next { return result }
            }
            throw CancellationError()
        }
    }

    struct Interrupted: Error, CustomStringConvertible {
        var description: String { "interrupted" }
    }
}
