import SyncModel

/// Memberships that are written the same way again and again, since something at that side undoes each write: a policy there, an application, or an error of ours. Each
/// write is just, and all of them together would go on for ever.
struct RepeatedEdits {
    private struct Run {
        var isPresent: Bool
        var value: Octets
        var count = 1
        var last: Timestamp
    }

    /// How often one membership is written the same way before there is a pause between two writes.
    static let limit = 8
    /// How long a write counts, in milliseconds: longer than the longest pause.
    private static let memory: Int64 = 2 * 3_600_000
    private static let mostRemembered = 10_000
    private var runs: [LinkID: Run] = [:]

    mutating func note(_ link: LinkID, _ isPresent: Bool, _ value: Octets, now: Timestamp) {
        if let run = runs[link], Self.isSame(run, isPresent, value, now: now) {
            runs[link]?.count += 1
            runs[link]?.last = now
            return
        }
        // What goes on for ever is soon known again.
        if runs.count >= Self.mostRemembered { runs.removeAll(keepingCapacity: true) }
        runs[link] = Run(isPresent: isPresent, value: value, last: now)
    }

    /// How many writes beyond the limit this one would be: nil where it is just written.
    func excess(_ link: LinkID, _ isPresent: Bool, _ value: Octets, now: Timestamp) -> Int? {
        guard let run = runs[link], run.count >= Self.limit, Self.isSame(run, isPresent, value, now: now) else {
            return nil
        }
        return run.count - Self.limit + 1
    }

    private static func isSame(_ run: Run, _ isPresent: Bool, _ value: Octets, now: Timestamp) -> Bool {
        run.isPresent == isPresent && run.value == value && now <= run.last.advanced(byMilliseconds: memory)
    }
}
