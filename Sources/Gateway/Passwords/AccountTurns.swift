/// Lets what concerns one account happen one after the other.
actor AccountTurns {
    private var held: Set<Account.Key> = []
    private var waiting: [Account.Key: [CheckedContinuation<Void, Never>]] = [:]

    func with<Result: Sendable>(
        _ account: Account,
        _ body: @Sendable () async throws -> Result
    ) async rethrows -> Result {
        await take(account.key)
        defer { give(account.key) }
        return try await body()
    }

    private func take(_ key: Account.Key) async {
        guard held.contains(key) else {
            held.insert(key)
            return
        }
        await withCheckedContinuation { waiting[key, default: []].append($0) }
    }

    private func give(_ key: Account.Key) {
        guard var queue = waiting[key] else {
            held.remove(key)
            return
        }
        // The next one holds it from here.
        let next = queue.removeFirst()
        waiting[key] = queue.isEmpty ? nil : queue
        next.resume()
    }
}
