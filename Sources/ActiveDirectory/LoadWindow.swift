/// How many USNs a window of the load spans. Each finished window moves the cursor, so a small one loses little to a
/// kill; a large one spreads the cost of its queries, which on some servers read the whole directory.
struct LoadWindow: Hashable, Sendable {
    /// What a window should take, where its query is cheap.
    static let shortestTarget = Duration.milliseconds(500)
    /// The query's own cost may be at most this fraction of a window.
    static let overheadShare = 30

    let target: Duration
    private(set) var width: UInt64 = 4096

    /// `overhead`: what a window with nothing in it takes.
    init(overhead: Duration) {
        target = max(Self.shortestTarget, overhead * Self.overheadShare)
        if overhead > .milliseconds(20) { width = 65_536 }
    }

    /// The last USN of a window from `first`, at most `end`. A small rest goes with it.
    func last(from first: UInt64, end: UInt64) -> UInt64 {
        let rest = end - first
        return rest < width + width / 4 ? end : first + width - 1
    }

    mutating func adapt(took: Duration) {
        if took * 8 < target {
            width = width.multipliedReportingOverflow(by: 8).overflow ? width : width * 8
        } else if took * 2 < target {
            width = width.multipliedReportingOverflow(by: 2).overflow ? width : width * 2
        } else if took > target * 2 {
            width = max(256, width / 2)
        }
    }
}
