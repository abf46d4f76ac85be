internal import Glibc
internal import Logging
internal import Metrics
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// One connection: hands octets to the machine, and does what it says. Everything of it happens on the channel's event loop.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Sent to every connection when the gateway stops.
    struct Drain: Sendable {}

    private let server: GatewayServer
    private let limits: GatewaySettings.Limits
    private let address: String
    private var machine: ConnectionMachine
    private var received = ReceivedOctets()
    private var deadline: ConnectionDeadline
    private var timer: Scheduled<Void>?
    private var timerInstant: ContinuousClock.Instant?
    private var isReadWanted = false
    private var isTakingIn = false

    init(_ server: GatewayServer, _ limits: GatewaySettings.Limits, address: String, isSecure: Bool) {
        self.server = server
        self.limits = limits
        self.address = address
        machine = ConnectionMachine(isSecure: isSecure, waitingLimit: limits.waitingRequests)
        deadline = ConnectionDeadline(limits, now: .now)
    }

    // MARK: Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        schedule(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        received.removeAll()
        _ = machine.drain()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { octets in
            received.append(octets)
            // TLS keeps this memory for what it decrypts next, and a password may be in it. Nobody reads it any more; wiped through the buffer it would be copied first.
            if let start = octets.baseAddress { explicit_bzero(UnsafeMutableRawPointer(mutating: start), octets.count) }
        }
        takeIn(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted:
            deadline.secured(at: .now)
            schedule(context)
            carryOut(machine.secured(), context)
        case is Drain:
            carryOut(machine.drain(), context)
        default:
            break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Mostly a handshake that came to nothing: an old version, a client that doesn't trust the certificate, no TLS at all.
        Counter(label: "syncline_gateway_connection_errors_total").increment()
        server.logger.debug("a connection failed", metadata: ["from": "\(address)", "error": "\(error)"])
        context.close(promise: nil)
    }

    /// Reading stops while the machine has enough, or while the client doesn't take its answers.
    func read(context: ChannelHandlerContext) {
        if machine.takesMessages && context.channel.isWritable {
            context.read()
        } else {
            isReadWanted = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        takeIn(context)
        context.fireChannelWritabilityChanged()
    }

    // MARK: Octets in

    private func takeIn(_ context: ChannelHandlerContext) {
        // What is carried out may come back here.
        guard !isTakingIn else { return }
        isTakingIn = true
        defer { isTakingIn = false }
        var isCutOff = false
        while machine.takesMessages, context.channel.isWritable {
            guard let message = next() else {
                isCutOff = !received.isEmpty
                break
            }
            let actions: [ConnectionMachine.Action]
            switch message {
            case .success(let message): actions = machine.received(message)
            case .failure: actions = machine.malformed()
            }
            carryOut(actions, context)
        }
        deadline.received(hasPart: isCutOff, isBusy: machine.isBusy, at: .now)
        schedule(context)
        if isReadWanted, machine.takesMessages, context.channel.isWritable {
            isReadWanted = false
            context.read()
        }
    }

    /// The next message, if all of it is there.
    private func next() -> Result<ClientMessage, WireError>? {
        var length = 0
        let message = received.withOctets { octets -> Result<ClientMessage, WireError>? in
            switch MessageFrame(octets, limit: limits.messageOctets) {
            case .incomplete: return nil
            case .refused: return .failure(WireError("no message, or too long a one"))
            case .octets(let count):
                guard octets.count >= count else { return nil }
                length = count
                return Result { () throws(WireError) in
                    try ClientMessage(decoding: UnsafeRawBufferPointer(rebasing: octets[..<count]))
                }
            }
        }
        if case .failure? = message { received.removeAll() } else { received.remove(length) }
        return message
    }

    // MARK: Actions

    private func carryOut(_ actions: [ConnectionMachine.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .send(let message):
                let buffer = context.channel.allocator.buffer(bytes: message.encoded())
                context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
            case .startTLS: startTLS(context)
            case .begin(let request): begin(request, context)
            case .close:
                received.removeAll()
                context.close(promise: nil)
            }
        }
    }

    private func startTLS(_ context: ChannelHandlerContext) {
        // Octets that came in the clear behind the request are not the client's (RFC 4511 section 4.14.1).
        guard received.isEmpty else { return context.close(promise: nil) }
        do {
            let handler = NIOSSLServerHandler(context: server.tlsContext)
            try context.pipeline.syncOperations.addHandler(handler, position: .first)
        } catch {
            context.close(promise: nil)
        }
    }

    private func begin(_ request: GatewayRequest, _ context: ChannelHandlerContext) {
        deadline.noted(isBusy: true, at: .now)
        let server = server
        let address = address
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        Task {
            let answer = await server.perform(request, from: address)
            loop.execute {
                let (handler, context) = bound.value
                handler.finished(answer, context)
            }
        }
    }

    private func finished(_ answer: GatewayAnswer, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let actions = machine.finished(answer)
        deadline.noted(isBusy: machine.isBusy, at: .now)
        schedule(context)
        carryOut(actions, context)
        takeIn(context)
    }

    // MARK: Time

    private func schedule(_ context: ChannelHandlerContext) {
        // A timer that comes too early looks again, which costs less than a new one for each request.
        guard let instant = deadline.instant, timerInstant.map({ instant < $0 }) ?? true else { return }
        timer?.cancel()
        timerInstant = instant
        let left = max(.zero, instant - .now)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(left) + .milliseconds(1)) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        timerInstant = nil
        guard let instant = deadline.instant else { return }
        guard instant <= .now else { return schedule(context) }
        Counter(label: "syncline_gateway_connections_timed_out_total").increment()
        context.close(promise: nil)
    }
}
