import Dispatch

/// Answers what the daemon is asked of its cache: one query after the other, since each may take some memory and a processor for a while.
final class QueryDesk: Sendable {
    private let queue = DispatchQueue(label: "queries", qos: .utility)

    func answer<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
