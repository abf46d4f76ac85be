import Foundation
import Glibc
import LDAPClient
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A client that sends what it likes.
final class RawClient: Sendable {
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        let client: RawClient
        init(_ client: RawClient) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let octets = unwrapInboundIn(data).readableBytesView
            client.state.withLock { $0.received += octets }
        }

        func channelInactive(context: ChannelHandlerContext) {
            client.state.withLock { $0.isClosed = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            client.state.withLock { $0.failure = "\(error)" }
            context.close(promise: nil)
        }
    }

    private struct State {
        var received: [UInt8] = []
        var isClosed = false
        var failure: String?
    }

    private let state = Mutex(State())
    private let channel = Mutex<(any Channel)?>(nil)

    /// With `tls` nil in the clear. The handshake begins at once and is not waited for.
    static func connect(
        _ endpoint: LDAPEndpoint,
        tls: TLSConfiguration? = nil,
        reads: Bool = true
    ) async throws -> RawClient {
        let client = RawClient()
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.autoRead, value: reads)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: nil))
                    }
                    try pipeline.addHandler(Collector(client))
                }
            }
            .connect(host: endpoint.host, port: Int(endpoint.port)).get()
        client.channel.withLock { $0 = channel }
        return client
    }

    static var trusting: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return configuration
    }

    var received: [UInt8] { state.withLock { $0.received } }
    var isClosed: Bool { state.withLock { $0.isClosed } }
    var failure: String? { state.withLock { $0.failure } }
    var isWritable: Bool { channel.withLock { $0?.isWritable ?? false } }

    /// Doesn't wait for it to be gone.
    func send(_ octets: [UInt8]) {
        channel.withLock { channel in
            guard let channel else { return }
            channel.writeAndFlush(ByteBuffer(bytes: octets), promise: nil)
        }
    }

    func close() async { try? await channel.withLock { $0 }?.close() }

    /// The result code of the first answer; nil where there is none.
    var code: Int? {
        let octets = received
        guard let place = octets.indices.dropLast(2).first(where: { octets[$0] == 0x0A && octets[$0 + 1] == 0x01 })
        else { return nil }
        return Int(octets[place + 2])
    }

    func eventually(_ what: String, within limit: Duration = .seconds(90), _ holds: (RawClient) -> Bool) async throws {
        let end = ContinuousClock.now + limit
        while !holds(self) {
            guard ContinuousClock.now < end else { throw NotInTime(what: what) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    struct NotInTime: Error { var what: String }
}
