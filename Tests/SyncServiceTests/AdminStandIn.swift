import Foundation
import Logging
import ServiceLifecycle
import SyncEngine
import SyncModel
import Testing

@testable import SyncService

/// The daemon's admin API with nothing behind it but what a test answers.
enum AdminStandIn {
    static func run(
        _ folder: InspectorFolder,
        fetchStamps: @escaping @Sendable (PairID) -> Void = { _ in },
        ask: @escaping @Sendable (EngineEvent) throws -> EngineAnswer,
        _ body: () async throws -> Void
    ) async throws {
        let server = AdminServer(
            status: { throw CancellationError() },
            isAlive: { true },
            setPaused: { _ in },
            resync: { _ in "" },
            metrics: { "" },
            ask: { try ask($0) },
            fetchStamps: { fetchStamps($0) },
            reconcile: { "" }
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = server.socketApplication(path: folder.socketPath, logger: logger)
        let running = Task { try await service.run() }
        defer { running.cancel() }
        // Other tests of the same process may keep both processors for a while.
        let end = ContinuousClock.now + .seconds(180)
        while !UnixSocket.isOpen(folder.socketPath) {
            try #require(ContinuousClock.now < end)
            try await Task.sleep(for: .milliseconds(10))
        }
        try await body()
    }
}
