import Glibc

/// Where the inspector prints: in large pieces, and never more at once than one entry beyond them.
package final class InspectorOutput {
    /// Why nothing more can be printed.
    enum End: Error {
        /// Whoever read it has seen enough, as `head` has.
        case readerGone
        /// Ctrl-C, or SIGTERM.
        case interrupted
        case failed(String)
    }

    private static let pieceOctets = 1 << 16
    /// What a pipe takes without waiting once it takes anything (PIPE_BUF).
    private static let pipeOctets = 4_096
    private static let pollMilliseconds: Int32 = 100

    var pending: [UInt8] = []
    private let descriptor: Int32
    private let errorDescriptor: Int32
    private let isFile: Bool
    private let isInterrupted: () -> Bool

    /// - Parameter isInterrupted: asked between two pieces, and while a reader takes its time.
    package init(
        descriptor: Int32 = STDOUT_FILENO,
        errorDescriptor: Int32 = STDERR_FILENO,
        isInterrupted: (() -> Bool)? = nil
    ) {
        self.descriptor = descriptor
        self.errorDescriptor = errorDescriptor
        self.isInterrupted = isInterrupted ?? { Interruption.wasAskedFor }
        // A pipe, a socket or a terminal has no position.
        isFile = lseek(descriptor, 0, SEEK_CUR) >= 0
        pending.reserveCapacity(2 * Self.pieceOctets)
    }

    func line(_ text: String) {
        pending.append(contentsOf: text.utf8)
        pending.append(0x0A)
    }

    /// As it is.
    func text(_ text: String) { pending.append(contentsOf: text.utf8) }

    func json(_ value: JSONValue, isPretty: Bool) {
        value.append(to: &pending, indent: isPretty ? 0 : nil)
        pending.append(0x0A)
    }

    /// Whether there is enough to be worth a write. To write may take as long as the reader likes, so it is done outside of transactions.
    var isFull: Bool { pending.count >= Self.pieceOctets }

    /// Throws `End`.
    func flush() throws {
        defer { pending.removeAll(keepingCapacity: true) }
        var position = 0
        while position < pending.count {
            try refuseInterruption()
            guard isFile || isReady() else { continue }
            let count = isFile ? pending.count - position : min(pending.count - position, Self.pipeOctets)
            let written = pending.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: position), count)
            }
            if written >= 0 {
                position += written
                continue
            }
            switch errno {
            case EINTR, EAGAIN: continue
            case EPIPE: throw End.readerGone
            default: throw End.failed("the output can't be written: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Throws `End.interrupted`.
    func refuseInterruption() throws {
        if isInterrupted() { throw End.interrupted }
    }

    /// Waits a little for the reader. A signal need not reach this thread, so a write must not wait for ever.
    private func isReady() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, Self.pollMilliseconds) > 0
    }

    func complain(_ text: String) {
        let line = Array("syncline: \(text)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(errorDescriptor, $0.baseAddress, $0.count) }
    }
}
