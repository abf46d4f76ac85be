internal import LDAPClient
package import Logging
package import SyncModel
internal import Synchronization

/// Follows the LDAP directory, by its access log, content synchronisation or polling.
///
/// Whatever fails is tried again, at the next server and with growing delay; ``FeedStatus`` says what. Only cancellation and what `deliver` throws
/// end it. Where the bind is refused the next attempt waits five minutes, so that the account is not locked.
package struct MiniOrangeFeed: DirectoryFeed {
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
        _ demand: ReadingDemand,
        deliver: @escaping @Sendable (FeedEvent) async throws -> Void
    ) async throws {
        let delivery = Delivery(cursor: cursor, demand, deliver: deliver)
        let shape = EntryShape(view: view)
        var delay = RetryDelay()
        var complaints: [LDAPEndpoint: Complaint] = [:]
        while true {
            var failures: [any Error] = []
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
                    let failure = failure(error, at: endpoint)
                    failures.append(failure)
                    let problem = "\(failure)"
                    let isNews = complaints[endpoint, default: Complaint()].isWorthTelling(problem, at: .now)
                    logger.log(level: isNews ? .warning : .debug, "\(problem)")
                }
                try await delivery.disconnected()
            }
            let wait = isBindRefused ? RetryDelay.afterRefusedBind : delay.next()
            onStatus(
                FeedStatus(
                    side: .miniorange,
                    state: .waiting(retryInMilliseconds: Int64(wait)),
                    problem: OpeningFailure.summary(of: failures)
                )
            )
            try await Task.sleep(for: .milliseconds(wait))
        }
    }

    /// With the server, and with what mends it where the connection did not come about.
    private func failure(_ error: any Error, at endpoint: LDAPEndpoint) -> any Error {
        let opening = (error as? LDAPError).flatMap {
            OpeningFailure($0, endpoint: endpoint, credentials: settings.credentials)
        }
        return opening ?? ServerFailure(server: endpoint.uri, cause: error)
    }
}

/// What failed at a server that was connected to.
private struct ServerFailure: Error, CustomStringConvertible {
    let server: String
    let cause: any Error
    var description: String { "\(server): \(cause)" }
}

/// Hands events to the engine and remembers how far they were taken.
final class Delivery: Sendable {
    /// What the receiver of an event threw: no fault of a server.
    struct Failure: Error {
        let cause: any Error
    }

    private struct State {
        var cursor: Cursor?
        var demand: ReadingDemand
        var isConnected = false
        var liveServer: String?
        /// The newest versions of the entries that were told last.
        var told: [Anchor: ChangeSequenceNumber] = [:]
    }

    private let state: Mutex<State>
    private let deliver: @Sendable (FeedEvent) async throws -> Void

    init(
        cursor: Cursor?,
        _ demand: ReadingDemand,
        deliver: @escaping @Sendable (FeedEvent) async throws -> Void
    ) {
        state = Mutex(State(cursor: cursor, demand: demand))
        self.deliver = deliver
    }

    /// Entries that were told lately, with the newest version of each: a server that has an older one now was set back.
    var told: [Anchor: ChangeSequenceNumber] { state.withLock(\.told) }

    private static let mostTold = 32

    private static func note(_ changes: [Change], in state: inout State) {
        for change in changes.suffix(mostTold) {
            guard case .csn(let number)? = change.version, number >= state.told[change.anchor] ?? number else {
                continue
            }
            state.told[change.anchor] = number
        }
        while state.told.count > mostTold, let oldest = state.told.min(by: { $0.value < $1.value }) {
            state.told[oldest.key] = nil
        }
    }

    /// The server that told everything last, in this process.
    var liveServer: String? { state.withLock(\.liveServer) }

    func noteLive(_ server: String) { state.withLock { $0.liveServer = server } }

    /// Of the last event that was taken.
    var cursor: Cursor? { state.withLock(\.cursor) }

    /// What is still to be read besides what came after the cursor.
    var demand: ReadingDemand { state.withLock(\.demand) }

    func callAsFunction(_ event: FeedEvent) async throws {
        do {
            try await deliver(event)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Failure(cause: error)
        }
        state.withLock { state in
            state.demand.note(event)
            switch event {
            case .connected: state.isConnected = true
            case .disconnected: state.isConnected = false
            case .changes(let changes, let cursor):
                state.cursor = cursor ?? state.cursor
                Self.note(changes, in: &state)
            case .complete(_, let cursor): state.cursor = cursor
            case .clock, .steppedBack: break
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
