internal import LDAPClient
internal import SyncModel

/// Reads all entries in scope. What it ends with is proof: any limit, referral or error is thrown.
struct DirectoryScan: Sendable {
    static let batchSize = 500
    static let pageSize = 1000
    /// Groups may have a hundred thousand members each: a batch that reaches this many values is handed out.
    static let valuesPerBatch = 50_000

    let connection: LDAPConnection
    let scopes: [DirectoryView.Scope]
    /// Entries that give others their place come besides those that the scopes have.
    var withContainers = true
    let attributes: [String]

    /// Hands out the entries in batches while the server reads on; one that two scopes have may come twice. `inPages`: as pages from the first, each with
    /// the time of one request, and with the server's refusals as they are.
    func run(inPages: Bool = false, _ take: ([LDAPEntry]) async throws -> Void) async throws {
        for scope in scopes {
            let filter = withContainers ? Filter.or([scope.filter, DirectoryView.containerFilter]) : scope.filter
            var request = SearchRequest(
                base: scope.base.description,
                scope: .subtree,
                filter: filter.description,
                attributes: attributes
            )
            do {
                if inPages {
                    request.pageSize = Self.pageSize
                    try await pages(request, scope.base, take)
                } else {
                    try await stream(request, scope.base, take)
                }
            } catch let error as LDAPError where !inPages && Self.isLimit(error.code) {
                // Servers often limit a plain search and let pages through.
                request.pageSize = Self.pageSize
                do {
                    try await pages(request, scope.base, take)
                } catch let error as LDAPError where Self.isLimit(error.code) {
                    throw MiniOrangeError.limited(scope.base, error)
                }
            } catch let error as LDAPError
                where !inPages && error.serverResult != nil && error.disposition == .refuse
            {
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
        var values = 0
        batch.reserveCapacity(Self.batchSize)
        while case let events = try await stream.nextBatch(limit: Self.batchSize), !events.isEmpty {
            for event in events {
                switch event {
                case .entry(let entry, _):
                    batch.append(entry)
                    values += entry.attributes.reduce(0) { $0 + $1.values.count }
                    guard values >= Self.valuesPerBatch else { continue }
                    try await take(batch)
                    batch.removeAll(keepingCapacity: true)
                    values = 0
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
                values = 0
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
