/// The events of a search as they come, for searches that stay open (RFC 4533, AD's notification control) and for
/// those that are too large to be collected.
///
/// One consumer. A stream holds a limited number of events: a consumer that stops taking them stops the whole
/// connection, so that streams want a connection of their own. A cancelled task, and letting go of the stream and its
/// iterator, abandon the search. The events that came before a failure are given before it is thrown, except after
/// cancellation. Failures are those of ``LDAPConnection/search(_:timeout:)``, without a time-out.
package struct SearchStream: AsyncSequence, Sendable {
    package typealias Element = SearchEvent
    package typealias Failure = LDAPError

    private let source: StreamSource

    init(link: ConnectionLink, request: SearchRequest, capacity: Int) {
        source = StreamSource(link: link, request: request, capacity: capacity)
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(source: source)
    }

    /// Waits for at least one event and returns as many as there are, at most `limit`; empty at the end. Much cheaper
    /// an event than the iterator.
    package func nextBatch(limit: Int = 1024) async throws(LDAPError) -> [SearchEvent] {
        try await source.next(limit)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private let source: StreamSource
        private var batch: ArraySlice<SearchEvent> = []

        fileprivate init(source: StreamSource) {
            self.source = source
        }

        package mutating func next() async throws(LDAPError) -> SearchEvent? {
            try await next(isolation: nil)
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(LDAPError) -> SearchEvent? {
            if batch.isEmpty { batch = try await source.next(64)[...] }
            return batch.popFirst()
        }
    }
}

/// Abandons the search when the last one who could take its events is gone.
private final class StreamSource: Sendable {
    private let link: ConnectionLink
    private let exchange: Exchange
    private let buffer: StreamBuffer

    init(link: ConnectionLink, request: SearchRequest, capacity: Int) {
        self.link = link
        buffer = StreamBuffer(capacity: capacity)
        exchange = Exchange(.search(request), deadline: nil, sink: .stream(buffer))
        link.submit(exchange)
    }

    deinit {
        link.submit(.abandon(exchange))
    }

    func next(_ limit: Int) async throws(LDAPError) -> [SearchEvent] {
        while true {
            if Task.isCancelled {
                link.submit(.abandon(exchange))
                throw .cancelled(.search, wasSent: true)
            }
            switch buffer.take(limit) {
            case .events(let events, let hasRoomAgain):
                if hasRoomAgain { link.submit(.resume(buffer)) }
                return events
            case .end:
                return []
            case .failed(let error):
                throw error
            case .nothingYet:
                await withTaskCancellationHandler {
                    await buffer.wait()
                } onCancel: {
                    // The thread finishes the buffer, and that ends the wait.
                    link.submit(.abandon(exchange))
                }
            }
        }
    }
}
