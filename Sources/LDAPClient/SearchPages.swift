internal import SyncModel

/// The pages of a search (RFC 2696). The next page is asked for before the last one is handed out, so that the server
/// reads while the consumer works; never more than that one is under way.
package struct SearchPages: AsyncSequence, Sendable {
    package typealias Element = [LDAPEntry]
    package typealias Failure = LDAPError

    let link: ConnectionLink
    let request: SearchRequest
    let timeout: Duration

    package func makeAsyncIterator() -> Iterator {
        Iterator(pages: self)
    }

    package struct Iterator: AsyncIteratorProtocol {
        /// A filter may leave nothing of a page. Of so many in a row there is no end to be expected.
        private static let mostEmptyPages = 10_000

        private let pages: SearchPages
        private var isAtEnd = false
        private var emptyPages = 0
        private var underWay: (exchange: Exchange, reply: Reply<SearchResult>)?

        fileprivate init(pages: SearchPages) {
            self.pages = pages
        }

        package mutating func next() async throws(LDAPError) -> [LDAPEntry]? {
            try await nextResult()?.entries
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(LDAPError) -> [LDAPEntry]? {
            try await nextResult()?.entries
        }

        /// The next page with its references and its final message.
        package mutating func nextResult() async throws(LDAPError) -> SearchResult? {
            guard !isAtEnd else { return nil }
            // Whatever is thrown, the search can't be continued after it.
            isAtEnd = true
            let (exchange, reply) = underWay ?? ask(Octets())
            underWay = nil
            let result = try await reply.result(of: exchange, on: pages.link).get()
            emptyPages = result.entries.isEmpty ? emptyPages + 1 : 0
            guard emptyPages <= Self.mostEmptyPages else {
                throw .malformedAnswer(.search, message: "\(emptyPages) empty pages, and more to come")
            }
            do {
                if let cookie = try PagedResults(in: result.result.controls)?.cookie, !cookie.isEmpty {
                    underWay = ask(cookie)
                    isAtEnd = false
                }
            } catch {
                throw .malformedAnswer(.search, message: "paged results control: \(error)")
            }
            return result
        }

        private func ask(_ cookie: Octets) -> (exchange: Exchange, reply: Reply<SearchResult>) {
            var request = pages.request
            let size = request.pageSize ?? LDAPConnection.defaultPageSize
            request.controls.append(PagedResults.request(size: size, cookie: cookie))
            let reply = Reply<SearchResult>()
            let exchange = Exchange(
                .search(request),
                deadline: MonotonicClock.deadline(after: pages.timeout),
                sink: .collected(reply.complete)
            )
            pages.link.submit(exchange)
            return (exchange, reply)
        }
    }
}
