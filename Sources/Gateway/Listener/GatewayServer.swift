internal import CMemory
internal import Cryptography
internal import Glibc
internal import LDAPClient
package import Logging
internal import Metrics
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The listeners and all connections. It outlives a reload of the configuration: what connects then, or asks for something, waits for the next
/// ``PasswordGateway``.
package final class GatewayServer: Sendable {
    /// Where it listens, and with what.
    package struct Endpoint: Hashable, Sendable {
        package var secure: Address
        /// Nil: no listener for StartTLS.
        package var plain: Address?
        package var certificateFile: String
        package var keyFile: String

        package struct Address: Hashable, Sendable {
            package var host: String
            package var port: Int
            package init(host: String, port: Int) {
                self.host = host
                self.port = port
            }
        }

        package init(secure: Address, plain: Address?, certificateFile: String, keyFile: String) {
            self.secure = secure
            self.plain = plain
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    private struct State {
        var gateway: PasswordGateway?
        var waiters: [UInt64: CheckedContinuation<PasswordGateway?, Never>] = [:]
        var lastWaiter: UInt64 = 0
        var listeners: [any Channel] = []
        var isDraining = false
    }

    package let endpoint: Endpoint
    let logger: Logger
    private let limits: GatewaySettings.Limits
    private let certificate: GatewayCertificate
    private let group: MultiThreadedEventLoopGroup
    private let census = ConnectionCensus()
    private let state = Mutex(State())

    /// Of event loops: TLS handshakes are what costs, and the rest of the service needs processors, too.
    private static let threads = 2
    /// Room for a hundred small requests.
    private static let octetsPerRead = 4_096
    private static let drainLimit = Duration.seconds(5)
    private static let reloadLimit = Duration.seconds(15)

    /// Throws ``CertificateProblem``.
    package init(endpoint: Endpoint, limits: GatewaySettings.Limits, logger: Logger) throws {
        self.endpoint = endpoint
        self.limits = limits
        self.logger = logger
        certificate = try GatewayCertificate(certificateFile: endpoint.certificateFile, keyFile: endpoint.keyFile)
        group = MultiThreadedEventLoopGroup(numberOfThreads: Self.threads)
        // TLS decrypts requests into memory that it frees as it is.
        for loop in group.makeIterator() { loop.execute { cmemory_wipe_freed() } }
    }

    var tlsContext: NIOSSLContext { certificate.context }

    // MARK: Life

    /// Begins to listen. Throws what the system says, with the address.
    package func listen() async throws {
        raiseDescriptorLimit()
        try await bind(endpoint.secure.host, endpoint.secure.port, isSecure: true)
        if let plain = endpoint.plain { try await bind(plain.host, plain.port, isSecure: false) }
    }

    private func bind(_ host: String, _ port: Int, isSecure: Bool) async throws {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            // Few octets at a time, so that who sends thousands of requests at once doesn't hold up the others on his event loop.
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.octetsPerRead))
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel, isSecure: isSecure) }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            state.withLock { $0.listeners.append(channel) }
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw ListenProblem(address: "\(host):\(port)", reason: reason)
        }
        logger.notice(
            "The password gateway listens",
            metadata: ["address": "\(host):\(port)", "tls": "\(isSecure ? "from the start" : "by StartTLS")"]
        )
    }

    private func accept(_ channel: any Channel, isSecure: Bool) throws {
        let address = channel.remoteAddress?.ipAddress ?? "unknown"
        guard !state.withLock({ $0.isDraining }), census.admit(channel, from: address, limits) else {
            Counter(label: "syncline_gateway_connections_refused_total").increment()
            throw ChannelError.ioOnClosedChannel
        }
        channel.closeFuture.whenComplete { [census] _ in census.leave(channel, from: address) }
        let pipeline = channel.pipeline.syncOperations
        if isSecure { try pipeline.addHandler(NIOSSLServerHandler(context: tlsContext)) }
        try pipeline.addHandler(ConnectionHandler(self, limits, address: address, isSecure: isSecure))
    }

    /// Takes in a changed certificate.
    package func refreshCertificate() {
        do {
            guard try certificate.refresh() else { return }
            logger.notice("The password gateway has a new certificate")
        } catch {
            logger.error("The gateway's new certificate is not used", metadata: ["reason": "\(error)"])
        }
    }

    /// From now on requests are carried out by this one.
    package func use(_ gateway: PasswordGateway) {
        let waiters = state.withLock { state in
            state.gateway = gateway
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.resume(returning: gateway) }
    }

    /// From now on requests wait: the next one comes soon.
    package func release() {
        state.withLock { $0.gateway = nil }
    }

    /// Stops listening, lets requests that are carried out end, and closes all connections; then it is of no more use.
    package func drain() async {
        let (listeners, waiters) = state.withLock { state in
            state.isDraining = true
            defer {
                state.listeners = []
                state.waiters = [:]
            }
            return (state.listeners, state.waiters)
        }
        for waiter in waiters.values { waiter.resume(returning: nil) }
        for listener in listeners { try? await listener.close() }
        for channel in census.channels { channel.pipeline.fireUserInboundEventTriggered(ConnectionHandler.Drain()) }
        let end = ContinuousClock.now + Self.drainLimit
        while census.count > 0, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
        for channel in census.channels { channel.close(promise: nil) }
        try? await group.shutdownGracefully()
    }

    // MARK: Requests

    func perform(_ request: GatewayRequest, from address: String) async -> GatewayAnswer {
        guard let gateway = await current() else {
            return GatewayAnswer(.unavailable, "the gateway is stopping, or its configuration is being loaded")
        }
        return await gateway.perform(request, from: address)
    }

    /// Nil where it is stopping, or where there was none for too long.
    private func current() async -> PasswordGateway? {
        if let gateway = state.withLock({ $0.gateway }) { return gateway }
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let timeOut = Task { [self] in
            try await Task.sleep(for: Self.reloadLimit)
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(returning: nil)
        }
        defer { timeOut.cancel() }
        return await withCheckedContinuation { continuation in
            let (gateway, isOver) = state.withLock { state -> (PasswordGateway?, Bool) in
                if state.gateway != nil || state.isDraining { return (state.gateway, true) }
                state.waiters[number] = continuation
                return (nil, false)
            }
            if isOver { continuation.resume(returning: gateway) }
        }
    }

    // MARK: What it says of itself

    package var report: GatewayReport {
        let addresses = state.withLock { $0.listeners.compactMap { $0.localAddress } }
        return GatewayReport(
            listening: addresses.map { "\($0.ipAddress ?? "?"):\($0.port ?? 0)" },
            connections: census.count,
            refusedConnections: census.refused,
            certificateNotAfter: certificate.facts.notAfter,
            problem: certificate.problem
        )
    }

    /// Each connection is a descriptor, and the usual limit is 1,024 of them.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let wanted = rlim_t(limits.connections + 1_024)
        guard limit.rlim_cur < wanted else { return }
        limit.rlim_cur = min(wanted, limit.rlim_max)
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 || limit.rlim_cur < wanted {
            logger.warning(
                "Fewer connections to the gateway are possible than configured: the limit of open files is lower",
                metadata: ["limit": "\(limit.rlim_cur)"]
            )
        }
    }
}

/// What an admin sees of the gateway.
package struct GatewayReport: Hashable, Sendable {
    package var listening: [String]
    package var connections: Int
    /// Because there were too many, since the start.
    package var refusedConnections: Int
    /// Seconds since 1970.
    package var certificateNotAfter: Int64
    package var problem: String?
}

/// Why there is no listener.
package struct ListenProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var address: String
    package var reason: String

    package var description: String {
        "the password gateway can't listen at \(address): \(reason); change gateway.listen, or free the port "
            + "(below 1024 it takes CAP_NET_BIND_SERVICE)"
    }
}
