import Configuration
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import SyncEngine
import SyncModel

#if canImport(Glibc)
    import Glibc
#endif

/// The admin API: everything on a Unix socket, to those whose role it is; health and metrics also on a loopback port.
struct AdminServer {
    var status: @Sendable () throws -> StatusReport
    var isAlive: @Sendable () -> Bool
    var setPaused: @Sendable (Bool) -> Void
    var resync: @Sendable (String?) async throws -> String
    var metrics: @Sendable () -> String
    /// Carries out what a person asks for: an event that is answered.
    var ask: @Sendable (EngineEvent) async throws -> EngineAnswer
    /// Has the stamps of a pair's values asked for; returns when they are in the cache, or can't be had.
    var fetchStamps: @Sendable (PairID) async -> Void
    /// Has a full compare begun, and says so.
    var reconcile: @Sendable () -> String

    /// The cache, for who may ask the daemon and not read it.
    var inspected: @Sendable () throws -> InspectedCache

    /// Who besides root and the service's own account may use the socket.
    var access = AdminAccess()

    /// What one request may hold at most.
    static let bodyOctets = 1 << 20
    /// Connections at once, to each of the two addresses; more wait until one of them ends.
    private static let maximumConnections = 64
    /// A client that says nothing for so long is hung up on.
    private static let idleTimeout = TimeAmount.seconds(60)

    let desk = QueryDesk()

    func socketApplication(path: String, logger: Logger) -> some Service {
        let router = Router(context: AdminRequestContext.self)
        let policy = AdminPolicy(access: access, ownUser: geteuid())
        router.add(middleware: AdminGate(policy: policy, audit: Logger(label: "audit")))
        addPublicRoutes(to: router)
        router.get("status") { _, _ in
            try Self.json(self.status())
        }
        router.post("pause") { _, _ in
            self.setPaused(true)
            return Self.text("paused: changes are still taken in, nothing is written\n")
        }
        router.post("resume") { _, _ in
            self.setPaused(false)
            return Self.text("resumed\n")
        }
        router.post("resync") { request, _ in
            do {
                return Self.text(try await self.resync(request.uri.queryParameters.get("entry")) + "\n")
            } catch let error as LookupError {
                return Self.text("\(error)\n", status: .notFound)
            }
        }
        router.post("reconcile") { _, _ in Self.text(self.reconcile() + "\n") }
        addConflictRoutes(to: router)
        addHoldRoutes(to: router)
        addQueryRoutes(to: router)
        return Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .unixDomainSocket(path: path),
                serverName: "synclined",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)
            ),
            onServerRunning: { _ in
                do {
                    try AdminSocketOwner.apply(access, to: path)
                } catch {
                    logger.critical("The admin socket stays the service's own", metadata: ["error": "\(error)"])
                }
            },
            logger: logger
        )
    }

    private func addConflictRoutes(to router: Router<AdminRequestContext>) {
        router.post("conflicts/:id/resolve") { request, context in
            guard let id = context.parameters.get("id", as: UInt64.self) else {
                return Self.text("a conflict is named by its number\n", status: .badRequest)
            }
            let body = try await request.body.collect(upTo: Self.bodyOctets)
            guard let wanted = try? JSONDecoder().decode(ResolutionRequest.self, from: Data(String(buffer: body).utf8)),
                let choice = wanted.choice
            else {
                let words = "send {\"take\": \"ad\"}, miniorange or base, or {\"values\": [\"base64\"]}\n"
                return Self.text(words, status: .badRequest)
            }
            guard case .resolution(let answer) = try await self.ask(.resolve(ConflictID(id), choice)) else {
                throw HTTPError(.internalServerError)
            }
            return try Self.json(ResolutionReply(answer))
        }
        router.post("stamps") { request, _ in
            guard let id = request.uri.queryParameters.get("pair", as: UInt64.self) else {
                return Self.text("a pair is named by its number: ?pair=N\n", status: .badRequest)
            }
            await self.fetchStamps(PairID(id))
            return Self.text("asked for\n")
        }
    }

    func loopbackApplication(host: String, port: Int, logger: Logger) -> some Service {
        let router = Router()
        addPublicRoutes(to: router)
        return Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                serverName: "synclined",
                availableConnectionsDelegate: MaximumAvailableConnections(Self.maximumConnections)
            ),
            logger: logger
        )
    }

    private func addPublicRoutes(to router: Router<some RequestContext>) {
        router.get("healthz") { _, _ in
            self.isAlive()
                ? Self.text("ok\n")
                : Self.text("not in working order; see syncline status\n", status: .serviceUnavailable)
        }
        router.get("metrics") { _, _ in
            Self.text(self.metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    static func json(_ report: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return text(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n", type: "application/json")
    }

    static func text(
        _ text: String,
        status: HTTPResponse.Status = .ok,
        type: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
