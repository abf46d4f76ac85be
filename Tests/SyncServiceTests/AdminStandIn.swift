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
            reconcile: { "" },
            inspected: { try InspectedCache(folder.options) }
        )
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let service = server.socketApplication(path: folder.socketPath, logger: quiet)
        try await serve(service, whenReady: { UnixSocket.isOpen(folder.socketPath) }, body)
    }

    private static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// Runs a service beside a test's body and ends it as the daemon does: a server that is cancelled drops connections that it has just accepted, which NIO
    /// takes for a programming error.
    static func serve(
        _ service: any Service,
        whenReady isReady: () -> Bool,
        _ body: () async throws -> Void
    ) async throws {
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: quiet))
        let running = Task { try await group.run() }
        let result: Result<Void, any Error>
        do {
            // Other tests of the same process may keep both processors for a while.
            let end = ContinuousClock.now + .seconds(180)
            while !isReady() {
                try #require(ContinuousClock.now < end)
                try await Task.sleep(for: .milliseconds(10))
            }
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        await group.triggerGracefulShutdown()
        try await running.value
        try result.get()
    }

    /// For who asks it for no more than to look into its cache.
    static func look(_ folder: InspectorFolder, _ body: () async throws -> Void) async throws {
        try await run(folder) { _ in
            throw CancellationError()
        } _: {
            try await body()
        }
    }

    /// What a command prints that asks the daemon for no more than to look into its cache.
    static func answer(
        _ folder: InspectorFolder,
        _ command: (InspectorOutput) async -> Int32
    ) async throws -> InspectorFolder.Answer {
        var answer: InspectorFolder.Answer?
        try await look(folder) { answer = try await folder.finish(command) }
        return try #require(answer)
    }
}
