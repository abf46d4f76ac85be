internal import LDAPClient
package import Logging
package import SyncModel
internal import Synchronization

/// Follows the LDAP directory, by its access log, content synchronisation or polling.
///
/// Whatever fails is tried again, at the next server and with growing delay; ``FeedStatus`` says what. Only cancellation and what `deliver` throws
/// end it. Where the bind is refused the next attempt waits five minutes, so that the account is not locked.
package struct MiniOrangeFeed: DirectoryFeed {
    static let delayAfterRefusedBind = 300_000

    let settings: MiniOrangeSettings
    let view: DirectoryView
    let logger: Logger
    let onStatus: @Sendable (FeedStatus) -> Void

    package init(
        settings: MiniOrangeSettings,
        view: DirectoryView,
        logger: Logger,
        onStatus: @escaping @Sendable (FeedStatus) -> Void = { _ in }
    ) {
        self.settings = settings
        self.view = view
        self.logger = logger
        self.onStatus = onStatus
    }

    package func run(
        from cursor: Cursor?,
        deliver: @escaping @Sendable (FeedEvent) async throws -> Void
    ) async throws {
        let delivery = Delivery(cursor: cursor, deliver: deliver)
        let shape = EntryShape(view: view)
        var delay = RetryDelay()
        var complaints: [LDAPEndpoint: Complaint] = [:]
        while true {
            var problems: [String] = []
            var isBindRefused = false
            for endpoint in settings.endpoints {
                try Task.checkCancellation()
                onStatus(FeedStatus(side: .miniorange, server: endpoint.uri, state: .connecting))
                do {
                    let server = try await DirectoryServer.connect(endpoint, settings, view, shape)
                    defer { server.connection.close() }
                    let session = FeedSession(feed: self, shape: shape, server: server, delivery: delivery)
                    defer { if session.wasLive { delay.reset() } }
                    try await session.run()
                } catch let error as Delivery.Failure {
                    onStatus(FeedStatus(side: .miniorange, state: .failed, problem: "\(error.cause)"))
                    throw error.cause
                } catch {
                    try Task.checkCancellation()
                    isBindRefused = isBindRefused || (error as? LDAPError)?.disposition == .stop
                    let problem = "\(endpoint.uri): \(error)"
                    problems.append(problem)
                    let isNews = complaints[endpoint, default: Complaint()].isWorthTelling(problem, at: .now)
                    logger.log(level: isNews ? .warning : .debug, "\(problem)")
                }
                try await delivery.disconnected()
            }
            let wait = isBindRefused ? Self.delayAfterRefusedBind : delay.next()
            onStatus(
                FeedStatus(
                    side: .miniorange,
                    state: .waiting(retryInMilliseconds: Int64(wait)),
                    problem: problems.joined(separator: "; ")
                )
            )
            try await Task.sleep(for: .milliseconds(wait))
        }
    }
}

/// Hands events to the engine and remembers how far they were taken.
final class Delivery: Sendable {
    /// What the receiver of an event threw: no fault of a server.
    struct Failure: Error {
        let cause: any Error
    }

    private struct State {
        var cursor: Cursor?
        var isConnected = false
    }

    private let state: Mutex<State>
    private let deliver: @Sendable (FeedEvent) async throws -> Void

    init(cursor: Cursor?, deliver: @escaping @Sendable (FeedEvent) async throws -> Void) {
        state = Mutex(State(cursor: cursor))
        self.deliver = deliver
    }

    /// Of the last event that was taken.
    var cursor: Cursor? { state.withLock(\.cursor) }

    func callAsFunction(_ event: FeedEvent) async throws {
        do {
            try await deliver(event)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Failure(cause: error)
        }
        state.withLock { state in
            switch event {
            case .connected: state.isConnected = true
            case .disconnected: state.isConnected = false
            case .changes(_, let cursor): state.cursor = cursor ?? state.cursor
            case .complete(_, let cursor): state.cursor = cursor
            case .clock: break
            }
        }
    }

    /// Tells that the connection is gone, if it was there.
    func disconnected() async throws {
        guard state.withLock(\.isConnected) else { return }
        do {
            try await callAsFunction(.disconnected)
        } catch let failure as Failure {
            throw failure.cause
        }
    }
}
