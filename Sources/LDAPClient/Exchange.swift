/// One request and where its answer goes. Everything here is immutable, so that any thread may hold it.
final class Exchange: Sendable {
    enum Sink: Sendable {
        case response(@Sendable (Result<LDAPResponse, LDAPError>) -> Void)
        case collected(@Sendable (Result<SearchResult, LDAPError>) -> Void)
        case stream(StreamBuffer)
    }

    let request: PipelinedRequest
    let sink: Sink
    /// Nanoseconds on the monotonic clock, or nil for no limit.
    let deadline: UInt64?

    init(_ request: PipelinedRequest, deadline: UInt64?, sink: Sink) {
        self.request = request
        self.deadline = deadline
        self.sink = sink
    }

    var kind: LDAPOperationKind { request.kind }

    func fail(_ error: LDAPError) {
        switch sink {
        case .response(let complete): complete(.failure(error))
        case .collected(let complete): complete(.failure(error))
        case .stream(let buffer): buffer.finish(error)
        }
    }
}
