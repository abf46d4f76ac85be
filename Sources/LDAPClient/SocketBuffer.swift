internal import CLDAP
internal import Glibc

/// The bottom layer of a connection's input and output, under TLS where there is TLS.
///
/// It keeps what the library writes until ``flush()``, so that requests made together leave together and the library
/// never meets a full socket (it can't resume more than one request, and an abandoned one not at all); and it reads
/// ahead, so that many small messages cost one system call. It belongs to the connection's thread.
final class SocketBuffer {
    enum Flushed {
        case all
        /// The socket is full: wait until it can be written to.
        case partly
        case failed
    }

    private let socket: Int32
    private let input: UnsafeMutableRawBufferPointer
    private var inputStart = 0
    private var inputEnd = 0
    private var output: [UInt8] = []
    private var outputStart = 0

    init(socket: Int32) {
        self.socket = socket
        input = .allocate(byteCount: 65_536, alignment: 16)
    }

    deinit {
        input.deallocate()
    }

    /// Puts this buffer under `handle`, which must not have data on its way. It must outlive the handle.
    func install(under handle: LDAPHandle) throws(LDAPError) {
        var socketBuffer: OpaquePointer?
        try LDAPHandle.check(
            ldap_get_option(handle.pointer, LDAP_OPT_SOCKBUF, &socketBuffer),
            .open,
            "no socket buffer"
        )
        var maximumOctets = ber_len_t(Self.maximumMessageOctets)
        guard ber_sockbuf_ctrl(socketBuffer, LBER_SB_OPT_SET_MAX_INCOMING, &maximumOctets) >= 0,
            ber_sockbuf_add_io(
                socketBuffer,
                Self.callbacks.pointer,
                LBER_SBIOD_LEVEL_PROVIDER,
                Unmanaged.passUnretained(self).toOpaque()
            ) == 0
        else { throw .invalidRequest(.open, .localError, message: "the socket buffer can't be extended") }
    }

    /// One message may hold a group with its members, and not more memory than that can take.
    private static let maximumMessageOctets = 256 << 20

    /// Octets that are to be sent.
    var pendingOutput: Int { output.count - outputStart }

    /// Octets that were read and not yet asked for.
    var hasInput: Bool { inputStart < inputEnd }

    /// Sends what the socket takes.
    func flush() -> Flushed {
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

    private func write(_ octets: UnsafeRawBufferPointer) {
        output.append(contentsOf: octets)
    }

    /// Like recv: 0 at the end, -1 with errno.
    private func read(_ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
        if inputStart == inputEnd {
            let received = recv(socket, input.baseAddress, input.count, Int32(MSG_DONTWAIT))
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

    private static func buffer(of layer: UnsafeMutablePointer<Sockbuf_IO_Desc>?) -> SocketBuffer? {
        layer?.pointee.sbiod_pvt.map { Unmanaged<SocketBuffer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The library keeps the pointer to the callbacks for as long as any handle lives.
    ///
    /// Unchecked, since pointers aren't Sendable: this one is written once, before it is first read.
    private struct Callbacks: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<Sockbuf_IO>
    }

    private static let callbacks: Callbacks = {
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
                    buffer.write(UnsafeRawBufferPointer(start: source, count: Int(count)))
                    return ber_slen_t(count)
                },
                sbi_close: { layer in
                    // The unbind request: sent if there is room, and no one waits for it.
                    _ = SocketBuffer.buffer(of: layer)?.flush()
                    return 0
                }
            )
        )
        return Callbacks(pointer: pointer)
    }()
}
