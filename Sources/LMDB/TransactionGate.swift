internal import Glibc

/// Who has a transaction in this process. LMDB can move its map and open tables only while nobody has one.
///
/// `@unchecked Sendable`: all fields after the two pthread objects are touched only with `mutex` locked, and the
/// pthread objects are made for that.
final class TransactionGate: @unchecked Sendable {
    enum Entry { case read, write }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Thread → number of its transactions, at least 1.
    private var holdings: [pthread_t: Int] = [:]
    private var exclusive = false
    private var waitingForExclusive = 0
    private var refusal: LMDBError?

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Registers a transaction of the calling thread. Throws `nested` for a write beside another transaction of the
    /// same thread: LMDB's writer lock is not recursive, and a map can't grow under the thread's own reader.
    func enter(_ entry: Entry) throws {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let thread = pthread_self()
        if let depth = holdings[thread] {
            // No waiting here, even if someone waits to be alone: he waits for this thread.
            if entry == .write { throw Self.nested("mdb_txn_begin") }
            holdings[thread] = depth + 1
            return
        }
        while exclusive || waitingForExclusive > 0 { pthread_cond_wait(changed, mutex) }
        if let refusal { throw refusal }
        holdings[thread] = 1
    }

    func leave() {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let thread = pthread_self()
        guard let depth = holdings[thread] else { return }
        holdings[thread] = depth == 1 ? nil : depth - 1
        if holdings.isEmpty && waitingForExclusive > 0 { pthread_cond_broadcast(changed) }
    }

    /// Runs `body` while this process has no transaction; others wait before they begin.
    func exclusively<Result>(_ operation: String, _ body: () throws -> Result) throws -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if holdings[pthread_self()] != nil { throw Self.nested(operation) }
        waitingForExclusive += 1
        while exclusive || !holdings.isEmpty { pthread_cond_wait(changed, mutex) }
        waitingForExclusive -= 1
        if let refusal {
            pthread_cond_broadcast(changed)
            throw refusal
        }
        exclusive = true
        pthread_mutex_unlock(mutex)
        defer {
            pthread_mutex_lock(mutex)
            exclusive = false
            pthread_cond_broadcast(changed)
        }
        return try body()
    }

    /// From now on every transaction is refused with `error`. The first refusal stays.
    func shut(_ error: LMDBError) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if refusal == nil { refusal = error }
    }

    private static func nested(_ operation: String) -> LMDBError {
        LMDBError(code: EDEADLK, operation: operation, kind: .nested, text: "this thread has a transaction already")
    }
}
