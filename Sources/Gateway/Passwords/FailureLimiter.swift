/// How many wrong passwords somebody may still send. A bucket for each key, which fills up again over time; time is handed in.
package struct FailureLimiter<Key: Hashable & Sendable>: Sendable {
    package typealias Instant = ContinuousClock.Instant

    private struct Bucket {
        var left: Double
        var updated: Instant
    }

    private let capacity: Double
    private let window: Duration
    private let mostKeys: Int
    private var buckets: [Key: Bucket] = [:]

    /// - Parameters:
    ///   - capacity: failures at once, and within `window` in the long run.
    ///   - mostKeys: that are remembered; beyond that the one that has failed least is forgotten.
    package init(capacity: Int, window: Duration, mostKeys: Int = 20_000) {
        self.capacity = Double(capacity)
        self.window = window
        self.mostKeys = mostKeys
    }

    package var count: Int { buckets.count }

    /// Takes one attempt. False where none is left: nobody is to be asked then.
    package mutating func take(_ key: Key, at now: Instant) -> Bool {
        var bucket = filled(key, at: now)
        guard bucket.left >= 1 else { return false }
        bucket.left -= 1
        if buckets[key] == nil, buckets.count >= mostKeys { forgetOne(at: now) }
        buckets[key] = bucket
        return true
    }

    /// Gives an attempt back that was no failure.
    package mutating func giveBack(_ key: Key, at now: Instant) {
        guard buckets[key] != nil else { return }
        var bucket = filled(key, at: now)
        bucket.left += 1
        buckets[key] = bucket.left >= capacity ? nil : bucket
    }

    private func filled(_ key: Key, at now: Instant) -> Bucket {
        guard let bucket = buckets[key] else { return Bucket(left: capacity, updated: now) }
        let gained = capacity * ((now - bucket.updated) / window)
        return Bucket(left: min(capacity, bucket.left + max(0, gained)), updated: now)
    }

    /// Of a few that come first in the table's own order, so that its size costs nothing.
    private mutating func forgetOne(at now: Instant) {
        let few = buckets.keys.prefix(16).map { ($0, filled($0, at: now).left) }
        if let (key, _) = few.max(by: { $0.1 < $1.1 }) { buckets[key] = nil }
    }
}
