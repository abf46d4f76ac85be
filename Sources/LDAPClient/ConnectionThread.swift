internal import CLDAP
internal import Glibc
internal import SyncModel

/// The one home of a libldap handle: it is made, used and ended by the same thread.
///
/// One round of ``run()``: take what callers submitted and encode it; send; read and dispatch what has come; give up
/// what is overdue; sleep until the socket, a caller or a deadline wakes it. It never waits for anything else.
final class ConnectionThread {
    private final class Pending {
        let exchange: Exchange
        var entries: [LDAPEntry] = []
        /// Octets of values in `entries`.
        var collectedOctets = 0
        var references: [String] = []

        init(_ exchange: Exchange) {
            self.exchange = exchange
        }
    }

    /// Requests wait in the backlog while so many octets wait for the socket.
    private static let maximumPendingOutput = 4 << 20
    /// What an answer that is collected may hold, in octets of values. A page of a thousand groups stays below.
    private static let maximumCollectedOctets = 512 << 20
    private static let maximumReferences = 1024
    /// What an entry takes besides its values.
    private static let octetsOfEntry = 256
    /// Messages that are dispatched before callers are looked at again.
    private static let messagesPerRound = 512

    private let link: ConnectionLink
    private let handle: LDAPHandle
    private let socket: Int32
    private let buffer: SocketBuffer
    private let encoder: RequestEncoder
    private let decoder: MessageDecoder

    private var pending: [Int32: Pending] = [:]
    private var backlog: ArraySlice<ConnectionLink.Submission> = []
    private var fullStreams: [StreamBuffer] = []
    /// No pending exchange has an earlier deadline; some may have none so early.
    private var nextDeadline = UInt64.max
    private var mayHaveInput = true
    private var lost: LDAPError?

    /// `handle` is connected and bound, over `buffer`.
    init(link: ConnectionLink, handle: LDAPHandle, buffer: SocketBuffer, socket: Int32) {
        self.link = link
        self.handle = handle
        self.socket = socket
        self.buffer = buffer
        encoder = RequestEncoder(handle: handle)
        decoder = MessageDecoder(handle: handle)
        buffer.serve()
    }

    /// Serves the connection until it is closed or lost, and ends the handle.
    func run() {
        while lost == nil {
            if takeSubmissions() {
                lost = .connectionLost(.connection, .userCancelled, message: "closed by this side", wasSent: true)
                break
            }
            process()
            flush()
            if fullStreams.isEmpty { receive() }
            expire()
            if lost == nil { sleep() }
        }
        end(lost ?? .connectionLost(.connection, .localError, message: "", wasSent: true))
    }

    // MARK: Requests

    /// Whether the connection is to be closed. Not in ``run()``, whose round ends with a sleep: what it holds lives as long, and a request
    /// that was answered in the same round may hold a password.
    private func takeSubmissions() -> Bool {
        let (submissions, closeRequested) = link.take()
        backlog.append(contentsOf: submissions)
        return closeRequested
    }

    private func process() {
        while lost == nil, buffer.pendingOutput < Self.maximumPendingOutput, let submission = backlog.popFirst() {
            switch submission {
            case .send(let exchange): send(exchange)
            case .abandon(let exchange): cancel(exchange)
            case .resume(let stream): fullStreams.removeAll { $0 === stream }
            }
        }
        if backlog.isEmpty { backlog = [] }
    }

    private func send(_ exchange: Exchange) {
        do throws(LDAPError) {
            let messageID = try encoder.send(exchange.request)
            pending[messageID] = Pending(exchange)
            if let deadline = exchange.deadline { nextDeadline = min(nextDeadline, deadline) }
        } catch {
            if case .connectionLost = error { lost = error }
            exchange.fail(error)
        }
    }

    private func cancel(_ exchange: Exchange) {
        guard let (messageID, _) = pending.first(where: { $0.value.exchange === exchange }) else { return }
        giveUp(messageID, .cancelled(exchange.kind, wasSent: true))
    }

    private func giveUp(_ messageID: Int32, _ error: LDAPError) {
        guard let exchange = pending.removeValue(forKey: messageID)?.exchange else { return }
        if case .stream(let stream) = exchange.sink { fullStreams.removeAll { $0 === stream } }
        // A failure shows as a lost connection when the socket is next read.
        _ = ldap_abandon_ext(handle.pointer, messageID, nil, nil)
        exchange.fail(error)
    }

    private func flush() {
        guard lost == nil, buffer.flush() == .failed else { return }
        lost = .connectionLost(.connection, .serverDown, message: String(cString: strerror(errno)), wasSent: true)
    }

    // MARK: Answers

    private func receive() {
        guard mayHaveInput, lost == nil else { return }
        for _ in 0..<Self.messagesPerRound {
            var noWait = timeval()
            var message: OpaquePointer?
            let type = ldap_result(handle.pointer, LDAP_RES_ANY, LDAP_MSG_ONE, &noWait, &message)
            if type < 0 {
                lost = .connectionLost(.connection, handle.lastCode, message: handle.lastMessage, wasSent: true)
                return
            }
            if type > 0, let message {
                dispatch(message, type)
                _ = ldap_msgfree(message)
            }
            // A part of a message ends a call as well as none does. What TLS or the buffer holds is in no poll; with
            // nothing there, poll says when to go on.
            mayHaveInput = buffer.libraryHasInput
            if !mayHaveInput || !fullStreams.isEmpty { return }
        }
    }

    private func dispatch(_ message: OpaquePointer, _ type: Int32) {
        let messageID = ldap_msgid(message)
        guard let operation = pending[messageID] else { return }
        do throws(LDAPError) {
            switch type {
            case cldap_res_search_entry: try receive(entry: message, operation)
            case cldap_res_search_reference: try receive(reference: message, operation)
            case cldap_res_intermediate: try receive(intermediate: message, operation)
            default:
                let exchange = operation.exchange
                let result = try decoder.result(message, exchange.kind)
                var response = LDAPResponse(result: result)
                if type == cldap_res_extended {
                    (response.oid, response.value) = try decoder.extended(message)
                }
                pending[messageID] = nil
                complete(operation, response)
            }
        } catch {
            giveUp(messageID, error)
        }
    }

    private func receive(entry message: OpaquePointer, _ operation: Pending) throws(LDAPError) {
        switch operation.exchange.sink {
        case .stream(let stream):
            // Controls first: reading the attributes writes NULs over the tags behind them.
            let controls = try decoder.entryControls(message)
            deliver(.entry(try decoder.entry(message), controls: controls), to: stream)
        case .collected, .response:
            let entry = try decoder.entry(message)
            operation.collectedOctets += entry.attributes.reduce(Self.octetsOfEntry) { total, attribute in
                attribute.values.reduce(total) { $0 + $1.count }
            }
            guard operation.collectedOctets <= Self.maximumCollectedOctets else {
                let words = "more than \(Self.maximumCollectedOctets >> 20) MiB"
                throw .malformedAnswer(operation.exchange.kind, message: words)
            }
            operation.entries.append(entry)
        }
    }

    private func receive(reference message: OpaquePointer, _ operation: Pending) throws(LDAPError) {
        let (uris, controls) = try decoder.reference(message)
        switch operation.exchange.sink {
        case .stream(let stream): deliver(.reference(uris, controls: controls), to: stream)
        // They are never followed; that there were some is enough.
        case .collected, .response:
            if operation.references.count < Self.maximumReferences { operation.references.append(contentsOf: uris) }
        }
    }

    private func receive(intermediate message: OpaquePointer, _ operation: Pending) throws(LDAPError) {
        // Whoever doesn't stream didn't ask for one (RFC 4511 section 4.13).
        guard case .stream(let stream) = operation.exchange.sink else { return }
        let (oid, value, controls) = try decoder.intermediate(message)
        deliver(.intermediate(oid: oid, value: value, controls: controls), to: stream)
    }

    private func deliver(_ event: SearchEvent, to stream: StreamBuffer) {
        if stream.append(event) { fullStreams.append(stream) }
    }

    private func complete(_ operation: Pending, _ response: LDAPResponse) {
        let exchange = operation.exchange
        guard response.code.isSuccess else {
            exchange.fail(.refused(exchange.kind, response.result))
            return
        }
        switch exchange.sink {
        case .response(let complete):
            complete(.success(response))
        case .collected(let complete):
            let result = SearchResult(
                entries: operation.entries,
                references: operation.references,
                result: response.result
            )
            complete(.success(result))
        case .stream(let stream):
            _ = stream.append(.done(response.result))
            stream.finish(nil)
        }
    }

    // MARK: Time

    private func expire() {
        guard lost == nil, nextDeadline != .max || !backlog.isEmpty else { return }
        let now = MonotonicClock.now
        // Requests that the socket has no room for are looked at ten times a second.
        if !backlog.isEmpty { nextDeadline = min(nextDeadline, now + 100_000_000) }
        guard now >= nextDeadline else { return }
        expireBacklog(now)
        let overdue = pending.filter { $0.value.exchange.deadline.map { $0 <= now } ?? false }
        for (messageID, operation) in overdue {
            giveUp(messageID, .timedOut(operation.exchange.kind, wasSent: true))
        }
        nextDeadline = pending.values.compactMap(\.exchange.deadline).min() ?? .max
        flush()
    }

    private func expireBacklog(_ now: UInt64) {
        var overdue: [Exchange] = []
        backlog.removeAll { submission in
            guard case .send(let exchange) = submission, let deadline = exchange.deadline, deadline <= now else {
                return false
            }
            overdue.append(exchange)
            return true
        }
        for exchange in overdue { exchange.fail(.timedOut(exchange.kind, wasSent: false)) }
    }

    private func sleep() {
        let isReading = fullStreams.isEmpty
        if isReading && mayHaveInput { return }
        if !backlog.isEmpty && buffer.pendingOutput < Self.maximumPendingOutput { return }
        guard link.prepareToSleep() else { return }
        var descriptors = [
            pollfd(fd: socket, events: 0, revents: 0),
            pollfd(fd: link.wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        if isReading { descriptors[0].events |= Int16(POLLIN) }
        if buffer.pendingOutput > 0 { descriptors[0].events |= Int16(POLLOUT) }
        // A socket that isn't to be read nor written to would still wake with its end, over and over.
        if descriptors[0].events == 0 { descriptors[0].fd = -1 }
        var milliseconds: Int32 = -1
        if nextDeadline != .max {
            let now = MonotonicClock.now
            milliseconds = nextDeadline <= now ? 0 : Int32(clamping: (nextDeadline - now) / 1_000_000 + 1)
        }
        let count = poll(&descriptors, 2, milliseconds)
        link.awake(wasSignalled: count > 0 && descriptors[1].revents != 0)
        let failure = Int16(POLLERR) | Int16(POLLHUP) | Int16(POLLNVAL)
        if count > 0, descriptors[0].revents & (Int16(POLLIN) | failure) != 0 { mayHaveInput = true }
    }

    // MARK: End

    private func end(_ error: LDAPError) {
        for (_, operation) in pending.sorted(by: { $0.key < $1.key }) {
            let kind = operation.exchange.kind
            operation.exchange.fail(.connectionLost(kind, error.code, message: words(error), wasSent: true))
        }
        pending = [:]
        handle.unbind()
        let unsent = Array(backlog) + link.finish(error)
        for case .send(let exchange) in unsent {
            exchange.fail(ConnectionLink.notSent(exchange.kind, error))
        }
    }

    private func words(_ error: LDAPError) -> String {
        if case .connectionLost(_, _, let message, _) = error { message } else { "\(error)" }
    }
}
