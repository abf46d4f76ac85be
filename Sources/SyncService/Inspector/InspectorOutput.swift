import Glibc

/// Where the inspector prints: in large pieces, and never more at once than one entry beyond them; or what it has printed, for whoever shows it.
package final class InspectorOutput {
    /// What a report may come to.
    struct Limits {
        var rows: Int
        var octets: Int

        static let none = Limits(rows: .max, octets: .max)
        /// Of what the daemon makes for somebody else, in its own memory.
        static let answer = Limits(rows: 2_000, octets: 8 << 20)
    }

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
    let limits: Limits
    /// What was complained of, where nothing is shown here.
    private(set) var complaints: [String] = []
    private var octetsBesides = 0
    /// Nil where what is printed is kept.
    private let descriptor: Int32?
    private let errorDescriptor: Int32
    private let isFile: Bool
    private let isInterrupted: () -> Bool

    /// - Parameter isInterrupted: asked between two pieces, and while a reader takes its time.
    package init(
        descriptor: Int32 = STDOUT_FILENO,
        errorDescriptor: Int32 = STDERR_FILENO,
        isInterrupted: (() -> Bool)? = nil
    ) {
        limits = .none
        self.descriptor = descriptor
        self.errorDescriptor = errorDescriptor
        self.isInterrupted = isInterrupted ?? { Interruption.wasAskedFor }
        // A pipe, a socket or a terminal has no position.
        isFile = lseek(descriptor, 0, SEEK_CUR) >= 0
        pending.reserveCapacity(2 * Self.pieceOctets)
    }

    /// Keeps what is printed.
    init(keeping limits: Limits) {
        self.limits = limits
        descriptor = nil
        errorDescriptor = -1
        isFile = false
        isInterrupted = { false }
    }

    /// What was printed. Throws `LookupError` where that is more than it may be.
    func kept() throws -> String {
        try account(for: 0)
        return String(decoding: pending, as: UTF8.self)
    }

    /// Throws `LookupError` where what was printed, and what else is told besides, is more than it may be.
    func account(for octets: Int) throws {
        octetsBesides += octets
        guard pending.count + octetsBesides <= limits.octets else {
            throw LookupError(
                description:
                    "this is more than the daemon tells at once (\(limits.octets >> 20) MiB); ask for less of it"
            )
        }
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
    var isFull: Bool { descriptor != nil && pending.count >= Self.pieceOctets }

    /// Says so where there are more rows than may be told.
    func noteRest(of count: Int) {
        guard count > limits.rows else { return }
        complain("these are the first \(limits.rows) of \(count); the service's own account is shown all")
    }

    /// Throws `End`.
    func flush() throws {
        guard let descriptor else { return }
        defer { pending.removeAll(keepingCapacity: true) }
        var position = 0
        while position < pending.count {
            try refuseInterruption()
            guard isFile || isReady(descriptor) else { continue }
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
    private func isReady(_ descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, Self.pollMilliseconds) > 0
    }

    func complain(_ text: String) {
        guard descriptor != nil else { return complaints.append(text) }
        let line = Array("syncline: \(text)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(errorDescriptor, $0.baseAddress, $0.count) }
    }
}
