import Configuration
import Gateway
import Logging
import Metrics
import SyncModel
import Synchronization

/// The password gateway over all runs of the daemon's life: its listeners and connections, and what it knows in memory alone, outlive a reload.
final class GatewayHost: Sendable {
    private struct State {
        var server: GatewayServer?
        var limits: GatewayConfiguration.Limits?
        var memory: GatewayMemory?
        /// Why there are no listeners.
        var problem: String?
    }

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) { self.logger = logger }

    /// The listeners that the configuration calls for: those that stand, or new ones. Throws why there are none.
    func open(_ configuration: GatewayConfiguration) async throws -> (server: GatewayServer, memory: GatewayMemory) {
        let endpoint = configuration.endpoint
        let (standing, limits, known) = state.withLock { ($0.server, $0.limits, $0.memory) }
        let memory = try known ?? GatewayMemory()
        if let standing, standing.endpoint == endpoint, limits == configuration.limits {
            standing.refreshCertificate()
            return (standing, memory)
        }
        if standing != nil { await close() }
        do {
            let server = try GatewayServer(
                endpoint: endpoint,
                limits: configuration.settings.limits,
                logger: logger
            )
            do {
                try await server.listen()
            } catch {
                await server.drain()
                throw error
            }
            state.withLock {
                $0 = State(server: server, limits: configuration.limits, memory: memory, problem: nil)
            }
            return (server, memory)
        } catch {
            state.withLock { $0.problem = "\(error)" }
            throw error
        }
    }

    /// Whether a later configuration goes on with the same listeners.
    func isKept(by configuration: Configuration?) -> Bool {
        guard let next = configuration?.gateway else { return false }
        return state.withLock { $0.server?.endpoint == next.endpoint && $0.limits == next.limits }
    }

    /// Ends the listeners and all connections.
    func close() async {
        let server = state.withLock { state in
            state.problem = nil
            defer { state.server = nil }
            return state.server
        }
        await server?.drain()
    }

    func status(now: Timestamp) -> GatewayStatus? {
        let (server, memory, problem) = state.withLock { ($0.server, $0.memory, $0.problem) }
        guard server != nil || problem != nil else { return nil }
        return GatewayStatus(server?.report, memory?.pendingReport() ?? [], problem: problem, now: now)
    }

    func recordGauges() {
        let (server, memory) = state.withLock { ($0.server, $0.memory) }
        guard let server, let memory else { return }
        let report = server.report
        Gauge(label: "syncline_gateway_connections").record(report.connections)
        Gauge(label: "syncline_gateway_pending_passwords").record(memory.pendingReport().count)
        let left = report.certificateNotAfter - Timestamp.now.milliseconds / 1_000
        Gauge(label: "syncline_gateway_certificate_seconds_left").record(left)
    }
}

extension GatewayConfiguration {
    var endpoint: GatewayServer.Endpoint {
        GatewayServer.Endpoint(
            secure: .init(host: listen.host, port: Int(listen.port)),
            plain: startTLS.map { .init(host: $0.host, port: Int($0.port)) },
            certificateFile: certificateFile,
            keyFile: keyFile
        )
    }

    var settings: GatewaySettings {
        var limits = GatewaySettings.Limits()
        limits.connections = self.limits.connections
        limits.connectionsPerAddress = self.limits.connectionsPerAddress
        limits.handshake = self.limits.handshake
        limits.idle = self.limits.idle
        limits.failuresPerAccount = self.limits.failuresPerAccount
        limits.failuresPerAddress = self.limits.failuresPerAddress
        limits.window = self.limits.failureWindow
        return GatewaySettings(
            authority: authority,
            resetsProtected: resetsProtected,
            keepsPending: keepsPending,
            limits: limits
        )
    }
}
