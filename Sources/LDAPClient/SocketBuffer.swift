internal import CLDAP
internal import Glibc

/// A layer of a connection's input and output, above its socket and under TLS where there is TLS.
///
/// While the connection is opened it waits for the socket itself, up to a deadline: the library's own waiting is
/// none, since with GnuTLS it calls a handshake that has nothing to read again and again, for ever.
///
/// Then, once ``serve()`` is called, it keeps what the library writes until ``flush()``, so that requests made together
/// leave together and the library never meets a full socket (it can't resume more than one request, and an abandoned
/// one not at all); and it reads ahead, so that many small messages cost one system call.
///
/// It belongs to the connection's thread, and must outlive the handle.
final class SocketBuffer {
    enum Flushed {
        case all
        /// The socket is full: wait until it can be written to.
        case partly
        case failed
    }

    /// The library's side of the connection, whose top layer is that of TLS.
    private var library: OpaquePointer?
    /// The socket, from when the connection stands.
    private(set) var socket: Int32?
    /// Whether an opening ended because the time was up.
    private(set) var isOverdue = false
    private var deadline: UInt64?
    private let handshakeTimeout: Duration
    private let connectionCallbacks: UnsafeMutablePointer<ldap_conncb>
    private let input: UnsafeMutableRawBufferPointer
    private var inputStart = 0
    private var inputEnd = 0
    private var output: [UInt8] = []
    private var outputStart = 0

    /// `handshakeTimeout` runs from when the TCP connection stands to the next ``limit(_:)``.
    init(handshakeTimeout: Duration) {
        self.handshakeTimeout = handshakeTimeout
        connectionCallbacks = .allocate(capacity: 1)
        input = .allocate(byteCount: 65_536, alignment: 16)
        connectionCallbacks.initialize(
            to: ldap_conncb(
                lc_add: { _, socketBuffer, _, _, callbacks in SocketBuffer.connected(socketBuffer, callbacks) },
                lc_del: { _, _, _ in },
                lc_arg: Unmanaged.passUnretained(self).toOpaque()
            )
        )
    }

    deinit {
        connectionCallbacks.deallocate()
        input.deallocate()
    }

    /// Makes `handle`, which isn't connected yet, put this layer in as soon as it is.
    func install(in handle: LDAPHandle) throws(LDAPError) {
        try LDAPHandle.check(
            ldap_set_option(handle.pointer, LDAP_OPT_CONNECT_CB, connectionCallbacks),
            .open,
            "no connection callback"
        )
    }

    /// From now, reading and writing may wait so long.
    func limit(_ duration: Duration) {
        deadline = MonotonicClock.deadline(after: duration)
    }

    /// From now nothing waits.
    func serve() {
        deadline = nil
    }

    /// The library calls this when the socket is connected, before TLS.
    private static func connected(
        _ socketBuffer: OpaquePointer?,
        _ callbacks: UnsafeMutablePointer<ldap_conncb>?
    ) -> Int32 {
        guard let argument = callbacks?.pointee.lc_arg else { return -1 }
        let buffer = Unmanaged<SocketBuffer>.fromOpaque(argument).takeUnretainedValue()
        var socket: Int32 = -1
        var maximumOctets = ber_len_t(maximumMessageOctets)
        // Above the socket's own level, which is added after this, and below that of TLS.
        let level = (LBER_SBIOD_LEVEL_PROVIDER + LBER_SBIOD_LEVEL_TRANSPORT) / 2
        guard ber_sockbuf_ctrl(socketBuffer, LBER_SB_OPT_GET_FD, &socket) == 1, socket >= 0,
            ber_sockbuf_ctrl(socketBuffer, LBER_SB_OPT_SET_MAX_INCOMING, &maximumOctets) >= 0,
            ber_sockbuf_add_io(socketBuffer, layer.pointer, level, argument) == 0
        else { return -1 }
        buffer.socket = socket
        buffer.library = socketBuffer
        buffer.limit(buffer.handshakeTimeout)
        return 0
    }

    /// One message may hold a group with its members, and not more memory than that can take.
    private static let maximumMessageOctets = 256 << 20

    /// Octets that are to be sent.
    var pendingOutput: Int { output.count - outputStart }

    /// Octets that were read and not yet asked for.
    private var hasInput: Bool { inputStart < inputEnd }

    /// Whether the library would find something without the socket: here, or decrypted by TLS.
    var libraryHasInput: Bool {
        ber_sockbuf_ctrl(library, LBER_SB_OPT_DATA_READY, nil) > 0
    }

    /// Sends what the socket takes.
    func flush() -> Flushed {
        guard let socket else { return .failed }
        while outputStart < output.count {
            let sent = output.withUnsafeBytes { octets in
                send(
                    socket,
                    octets.baseAddress.map { $0 + outputStart },
                    octets.count - outputStart,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                )
            }
            if sent >= 0 {
                outputStart += sent
            } else if errno == EAGAIN {
                return .partly
            } else if errno != EINTR {
                return .failed
            }
        }
        output.removeAll(keepingCapacity: output.capacity <= 1 << 20)
        outputStart = 0
        return .all
    }

    private func write(_ octets: UnsafeRawBufferPointer) -> Int {
        output.append(contentsOf: octets)
        guard deadline != nil else { return octets.count }
        while true {
            switch flush() {
            case .all: return octets.count
            case .failed: return -1
            case .partly: guard wait(for: POLLOUT) else { return -1 }
            }
        }
    }

    /// Like recv: 0 at the end, -1 with errno.
    private func read(_ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        while inputStart == inputEnd {
            guard let socket else { return -1 }
            let received = recv(socket, input.baseAddress, input.count, Int32(MSG_DONTWAIT))
            if received < 0 && errno == EAGAIN && deadline != nil {
                guard wait(for: POLLIN) else { return -1 }
                continue
            }
            guard received > 0 else {
                // At the end the library looks at errno, too: it must not find an old EAGAIN there.
                if received == 0 { errno = 0 }
                return received
            }
            inputStart = 0
            inputEnd = received
        }
        let taken = min(count, inputEnd - inputStart)
        target.copyMemory(from: input.baseAddress! + inputStart, byteCount: taken)
        inputStart += taken
        return taken
    }

    /// False with errno where the time is up.
    private func wait(for events: Int32) -> Bool {
        guard let socket, let deadline else { return false }
        while true {
            let now = MonotonicClock.now
            guard now < deadline else {
                isOverdue = true
                errno = ETIMEDOUT
                return false
            }
            var descriptor = pollfd(fd: socket, events: Int16(events), revents: 0)
            let milliseconds = Int32(clamping: (deadline - now) / 1_000_000 + 1)
            let count = poll(&descriptor, 1, milliseconds)
            if count > 0 { return true }
            if count < 0 && errno != EINTR { return false }
        }
    }

    private static func buffer(of layer: UnsafeMutablePointer<Sockbuf_IO_Desc>?) -> SocketBuffer? {
        layer?.pointee.sbiod_pvt.map { Unmanaged<SocketBuffer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The library keeps the pointer to the callbacks for as long as any handle lives.
    ///
    /// Unchecked, since pointers aren't Sendable: this one is written once, before it is first read.
    private struct Layer: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Sockbuf_IO>
    }

    private static let layer: Layer = {
        let pointer = UnsafeMutablePointer<Sockbuf_IO>.allocate(capacity: 1)
        pointer.initialize(
            to: Sockbuf_IO(
                sbi_setup: { layer, buffer in
                    layer?.pointee.sbiod_pvt = buffer
                    return 0
                },
                sbi_remove: { _ in 0 },
                sbi_ctrl: { layer, option, argument in
                    if option == LBER_SB_OPT_DATA_READY, SocketBuffer.buffer(of: layer)?.hasInput == true { return 1 }
                    guard let next = layer?.pointee.sbiod_next else { return 0 }
                    return next.pointee.sbiod_io.pointee.sbi_ctrl(next, option, argument)
                },
                sbi_read: { layer, target, count in
                    guard let target, let buffer = SocketBuffer.buffer(of: layer) else { return -1 }
                    return ber_slen_t(buffer.read(target, Int(count)))
                },
                sbi_write: { layer, source, count in
                    guard let buffer = SocketBuffer.buffer(of: layer) else { return -1 }
                    return ber_slen_t(buffer.write(UnsafeRawBufferPointer(start: source, count: Int(count))))
                },
                sbi_close: { layer in
                    // The unbind request: sent if there is room, and no one waits for it.
                    _ = SocketBuffer.buffer(of: layer)?.flush()
                    return 0
                }
            )
        )
        return Layer(pointer: pointer)
    }()
}
