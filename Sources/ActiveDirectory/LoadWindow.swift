/// How many USNs a window of the load spans. Each finished window moves the cursor, so a small one loses little to a
/// kill; a large one spreads the cost of its queries, which on some servers look at the whole directory.
///
/// A window is asked for at once and not in pages where the server permits: Samba reads a paged search twice.
struct LoadWindow: Hashable, Sendable {
    private static let fewestEntries = 800
    /// More in one answer would take memory.
    private static let mostEntries = 10_000
    /// Where the server sends no more at once than this, larger windows come in pages. Windows' MaxPageSize is 1000.
    private static let pagedEntries = 5000

    /// How many entries are wanted in a window.
    private(set) var wanted: Int
    private(set) var width: UInt64 = 1024
    private(set) var isPaged = false

    /// `overhead`: what a window with nothing in it takes. Reading takes about 10 times as long as asking.
    init(overhead: Duration) {
        let entriesInTime = overhead * 10 / .microseconds(125)
        wanted = min(Self.mostEntries, max(Self.fewestEntries, Int(entriesInTime)))
    }

    /// Beyond this the answer isn't taken at once.
    var entryLimit: Int { wanted * 4 }

    /// The last USN of a window from `first`, at most `end`. A small rest goes with it.
    func last(from first: UInt64, end: UInt64) -> UInt64 {
        let rest = end - first
        return rest < width + width / 4 ? end : first + width - 1
    }

    /// `wasRefused`: the server didn't send so many at once.
    mutating func adapt(entries: Int, wasRefused: Bool) {
        if wasRefused && entries < entryLimit {
            // A limit of the server's own. A dear window must stay large, a cheap one needs no pages.
            isPaged = wanted > Self.fewestEntries
            wanted = isPaged ? Self.pagedEntries : Self.fewestEntries
        }
        let factor = entries == 0 ? 8 : min(8, max(0.125, Double(wanted) / Double(entries)))
        width = UInt64(min(1e15, max(64, Double(width) * factor)))
    }
}
