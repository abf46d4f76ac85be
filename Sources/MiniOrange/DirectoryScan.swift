internal import LDAPClient
internal import SyncModel

/// Reads all entries in scope. What it ends with is proof: any limit, referral or error is thrown.
struct DirectoryScan: Sendable {
    static let batchSize = 500

    let connection: LDAPConnection
    let view: DirectoryView
    let attributes: [String]

    /// Hands out the entries in batches while the server reads on; one that two scopes have may come twice.
    func run(_ take: ([LDAPEntry]) async throws -> Void) async throws {
        for scope in view.scopes {
            var request = SearchRequest(
                base: scope.base.description,
                scope: .subtree,
                filter: Filter.or([scope.filter, DirectoryView.containerFilter]).description,
                attributes: attributes
            )
            do {
                try await stream(request, scope.base, take)
            } catch let error as LDAPError where Self.isLimit(error.code) {
                // Servers often limit a plain search and let pages through.
                request.pageSize = 1000
                do {
                    try await pages(request, scope.base, take)
                } catch let error as LDAPError where Self.isLimit(error.code) {
                    throw MiniOrangeError.limited(scope.base, error)
                }
            } catch let error as LDAPError where error.serverResult != nil && error.disposition == .refuse {
                throw MiniOrangeError.baseUnreadable(scope.base, reason: error.code.name)
            }
        }
    }

    static func isLimit(_ code: LDAPResultCode) -> Bool {
        code == .sizeLimitExceeded || code == .timeLimitExceeded || code == .adminLimitExceeded
    }

    private func stream(
        _ request: SearchRequest,
        _ base: DistinguishedName,
        _ take: ([LDAPEntry]) async throws -> Void
    ) async throws {
        let stream = connection.stream(request, capacity: 8 * Self.batchSize)
        var batch: [LDAPEntry] = []
        batch.reserveCapacity(Self.batchSize)
        while case let events = try await stream.nextBatch(limit: Self.batchSize), !events.isEmpty {
            for event in events {
                switch event {
                case .entry(let entry, _):
                    batch.append(entry)
                case .reference:
                    throw MiniOrangeError.referred(base)
                case .intermediate:
                    break
                case .done:
                    try await take(batch)
                    return
                }
            }
            if batch.count >= Self.batchSize {
                try await take(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        throw MiniOrangeError.feedEnded
    }

    private func pages(
        _ request: SearchRequest,
        _ base: DistinguishedName,
        _ take: ([LDAPEntry]) async throws -> Void
    ) async throws {
        var pages = connection.searchPages(request).makeAsyncIterator()
        while let page = try await pages.nextResult() {
            guard page.references.isEmpty else { throw MiniOrangeError.referred(base) }
            try await take(page.entries)
        }
    }
}
