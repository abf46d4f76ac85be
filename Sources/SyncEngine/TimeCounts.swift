import SyncModel

/// Counts times, in buckets: how many there are since some time is said to within one bucket, and rather too many than too few.
struct TimeCounts: Sendable {
    /// Milliseconds.
    private let bucket: Int64
    private var counts: [Int64: Int] = [:]
    private static let mostBuckets = 256

    /// - Parameter span: what is asked for, in milliseconds; a bucket is a 64th part of it.
    init(span: Int64) { bucket = max(1, span / 64) }

    mutating func add(_ time: Timestamp) { counts[index(time), default: 0] += 1 }

    mutating func remove(_ time: Timestamp) {
        guard let count = counts[index(time)] else { return }
        counts[index(time)] = count > 1 ? count - 1 : nil
    }

    mutating func count(since time: Timestamp) -> Int {
        let first = index(time)
        if counts.count > TimeCounts.mostBuckets { counts = counts.filter { $0.key >= first } }
        return counts.reduce(0) { $0 + ($1.key >= first ? $1.value : 0) }
    }

    private func index(_ time: Timestamp) -> Int64 {
        let (quotient, rest) = time.milliseconds.quotientAndRemainder(dividingBy: bucket)
        return rest < 0 ? quotient - 1 : quotient
    }
}
