internal import Glibc
package import SyncModel
internal import Synchronization

/// A connection to a directory server, bound and, where asked for, protected by TLS.
///
/// Any number of operations may be under way at once. They are sent in the order of the calls; each answer goes to its
/// caller. A refusal is always thrown, as ``LDAPError/refused(_:_:)``; after the connection is lost every operation
/// throws ``LDAPError/connectionLost(_:_:message:wasSent:)``, and a lost connection stays lost. Letting go of the
/// connection closes it.
package final class LDAPConnection: Sendable {
    static let defaultPageSize = 1000

    package let endpoint: LDAPEndpoint
    /// The server's certificate (DER), where TLS is on and the library gives it.
    package let peerCertificate: Octets?
    private let link: ConnectionLink
    private let timeouts: LDAPTimeouts

    private init(endpoint: LDAPEndpoint, peerCertificate: Octets?, link: ConnectionLink, timeouts: LDAPTimeouts) {
        self.endpoint = endpoint
        self.peerCertificate = peerCertificate
        self.link = link
        self.timeouts = timeouts
    }

    deinit {
        link.requestClose()
    }

    /// Connects and binds, on the connection's own thread; without credentials, anonymously (RFC 4513 section 5.1.1).
    ///
    /// Cancelling the task doesn't cut this short: `timeouts` do. Throws ``LDAPError/connectFailed(endpoint:stage:_:message:)``
    /// where there is no connection, or none that can be trusted, and ``LDAPError/refused(_:_:)`` where the bind (or
    /// StartTLS) is refused.
    package static func open(
        _ endpoint: LDAPEndpoint,
        tls: TLSSettings = TLSSettings(),
        bind: BindCredentials? = nil,
        timeouts: LDAPTimeouts = LDAPTimeouts()
    ) async throws(LDAPError) -> LDAPConnection {
        let link = try ConnectionLink()
        let opening = HandleOpening(endpoint: endpoint, tls: tls, bind: bind, timeouts: timeouts)
        let opened: Result<Octets?, LDAPError> = await withCheckedContinuation { continuation in
            let start = ThreadStart(opening: opening, link: link) { continuation.resume(returning: $0) }
            start.detach()
        }
        return LDAPConnection(endpoint: endpoint, peerCertificate: try opened.get(), link: link, timeouts: timeouts)
    }

    /// Carries out one operation. `timeout` nil: that of the connection.
    package func perform(
        _ operation: LDAPOperation,
        timeout: Duration? = nil
    ) async throws(LDAPError) -> LDAPResponse {
        let reply = Reply<LDAPResponse>()
        let exchange = Exchange(.operation(operation), deadline: deadline(timeout), sink: .response(reply.complete))
        link.submit(exchange)
        return try await reply.result(of: exchange, on: link).get()
    }

    /// Carries out one request that holds a password. A bind changes who the connection acts as, also where it is refused (then nobody); nothing else may
    /// be under way then (RFC 4511 section 4.2.1).
    @discardableResult
    package func perform(
        _ request: PasswordRequest,
        timeout: Duration? = nil
    ) async throws(LDAPError) -> LDAPResponse {
        let reply = Reply<LDAPResponse>()
        let exchange = Exchange(.password(request), deadline: deadline(timeout), sink: .response(reply.complete))
        link.submit(exchange)
        return try await reply.result(of: exchange, on: link).get()
    }

    /// All entries of a search; with `pageSize` in pages, whose entries are put together and whose last result is
    /// returned. The time-out is for each page.
    ///
    /// A size limit that is hit is a refusal; the entries before it are lost: use ``stream(_:capacity:)`` for those.
    package func search(_ request: SearchRequest, timeout: Duration? = nil) async throws(LDAPError) -> SearchResult {
        if request.pageSize != nil {
            return try await collect(searchPages(request, timeout: timeout))
        }
        let reply = Reply<SearchResult>()
        let exchange = Exchange(.search(request), deadline: deadline(timeout), sink: .collected(reply.complete))
        link.submit(exchange)
        return try await reply.result(of: exchange, on: link).get()
    }

    /// The pages of a search, of `request.pageSize` (or 1000) entries. The time-out is for each page.
    package func searchPages(_ request: SearchRequest, timeout: Duration? = nil) -> SearchPages {
        SearchPages(link: link, request: request, timeout: timeout ?? timeouts.operation)
    }

    /// Sends a search whose events are taken one by one; see ``SearchStream``. It is sent at once, has no time-out,
    /// and holds up to `capacity` events that aren't taken yet.
    package func stream(_ request: SearchRequest, capacity: Int = 4096) -> SearchStream {
        SearchStream(link: link, request: request, capacity: capacity)
    }

    /// Sends the requests back to back, with no other between them, and waits for all answers, which are returned in
    /// the requests' order. One that fails doesn't keep the others from being sent.
    ///
    /// Whether they are carried out in that order is up to the server: Active Directory and Samba work one connection
    /// off serially, so that a read shows the write before it; slapd works it off with several threads, and doesn't.
    package func pipeline(
        _ requests: [PipelinedRequest],
        timeout: Duration? = nil
    ) async -> [Result<PipelinedAnswer, LDAPError>] {
        var replies: [(exchange: Exchange, reply: Reply<PipelinedAnswer>)] = []
        for request in requests {
            let reply = Reply<PipelinedAnswer>()
            replies.append((exchange(request, timeout, reply.complete), reply))
        }
        link.submit(replies.map(\.exchange))
        var results: [Result<PipelinedAnswer, LDAPError>] = []
        for (exchange, reply) in replies {
            results.append(await reply.result(of: exchange, on: link))
        }
        return results
    }

    /// Like ``perform(_:timeout:)``, without a task: `completion` is called once, on the connection's thread, which
    /// stands still until it returns (on the caller's thread where the connection is gone already).
    package func submit(
        _ operation: LDAPOperation,
        timeout: Duration? = nil,
        completion: @escaping @Sendable (Result<LDAPResponse, LDAPError>) -> Void
    ) {
        link.submit(Exchange(.operation(operation), deadline: deadline(timeout), sink: .response(completion)))
    }

    /// Like ``pipeline(_:timeout:)``, without a task: `completion` is called once, with the last answer, as that of
    /// ``submit(_:timeout:completion:)-(LDAPOperation,_,_)``.
    package func submit(
        _ requests: [PipelinedRequest],
        timeout: Duration? = nil,
        completion: @escaping @Sendable ([Result<PipelinedAnswer, LDAPError>]) -> Void
    ) {
        guard !requests.isEmpty else { return completion([]) }
        let answers = PipelineAnswers(count: requests.count, completion: completion)
        let exchanges = requests.enumerated().map { index, request in
            exchange(request, timeout) { answers.set(index, $0) }
        }
        link.submit(exchanges)
    }

    /// Closes the connection; what is under way fails. Returns at once, and may be called again.
    package func close() {
        link.requestClose()
    }

    package var isClosed: Bool { link.end != nil }

    /// Waits until the connection is closed or lost, and says why: always a
    /// ``LDAPError/connectionLost(_:_:message:wasSent:)``, with `userCancelled` where it was closed here.
    package func closed() async -> LDAPError {
        await link.waitForEnd()
    }

    private func deadline(_ timeout: Duration?) -> UInt64 {
        MonotonicClock.deadline(after: timeout ?? timeouts.operation)
    }

    private func exchange(
        _ request: PipelinedRequest,
        _ timeout: Duration?,
        _ completion: @escaping @Sendable (Result<PipelinedAnswer, LDAPError>) -> Void
    ) -> Exchange {
        let sink: Exchange.Sink =
            switch request {
            case .operation, .password: .response { completion($0.map(PipelinedAnswer.response)) }
            case .search: .collected { completion($0.map(PipelinedAnswer.search)) }
            }
        return Exchange(request, deadline: deadline(timeout), sink: sink)
    }

    private func collect(_ pages: SearchPages) async throws(LDAPError) -> SearchResult {
        var iterator = pages.makeAsyncIterator()
        guard var all = try await iterator.nextResult() else {
            throw .malformedAnswer(.search, message: "no page")
        }
        while let page = try await iterator.nextResult() {
            all.entries.append(contentsOf: page.entries)
            all.references.append(contentsOf: page.references)
            all.result = page.result
        }
        return all
    }
}

/// Gathers the answers of a pipeline.
private final class PipelineAnswers: Sendable {
    private struct State {
        var answers: [Result<PipelinedAnswer, LDAPError>?]
        var missing: Int
    }

    private let state: Mutex<State>
    private let completion: @Sendable ([Result<PipelinedAnswer, LDAPError>]) -> Void

    init(count: Int, completion: @escaping @Sendable ([Result<PipelinedAnswer, LDAPError>]) -> Void) {
        state = Mutex(State(answers: Array(repeating: nil, count: count), missing: count))
        self.completion = completion
    }

    func set(_ index: Int, _ answer: Result<PipelinedAnswer, LDAPError>) {
        let complete = state.withLock { state -> [Result<PipelinedAnswer, LDAPError>]? in
            state.answers[index] = answer
            state.missing -= 1
            return state.missing == 0 ? state.answers.compactMap(\.self) : nil
        }
        if let complete { completion(complete) }
    }
}
