internal import Glibc

enum MonotonicClock {
    /// Nanoseconds since some moment before the process began.
    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The moment `duration` from now.
    static func deadline(after duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = max(duration, .zero).components
        let nanoseconds = UInt64(min(seconds, 1_000_000_000)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        return now + nanoseconds
    }
}
