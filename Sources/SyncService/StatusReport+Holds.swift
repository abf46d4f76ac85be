import Cache
import SyncModel

extension StatusReport {
    /// Writes that are stopped until a person decides.
    package struct HoldEntry: Codable, Sendable {
        package var id: UInt64
        /// `deletions`.
        package var kind: String
        /// The configured object.
        package var object: String
        /// The side that is not written.
        package var side: String
        package var cause: String
        package var since: String
        /// How many are held.
        package var held: Int
    }

    static func openHolds(_ transaction: CacheTransaction) throws -> [HoldEntry] {
        let open = try transaction.holds().filter(\.hold.isOpen)
        guard !open.isEmpty else { return [] }
        var held: [HoldID: Int] = [:]
        try transaction.forEachDeletion(after: nil) { _, deletion in
            if case .held(let id) = deletion.state { held[id, default: 0] += 1 }
            return true
        }
        return open.map { id, hold in
            HoldEntry(
                id: id.rawValue,
                kind: hold.kind.word,
                object: hold.kind.object,
                side: hold.kind.side.name,
                cause: hold.cause,
                since: hold.since.text,
                held: held[id] ?? 0
            )
        }
    }

    /// Deletions that wait for a person, and those that wait for the end of their grace, or for those that come with them.
    static func countDeletions(_ transaction: CacheTransaction) throws -> (held: Int, waiting: Int) {
        var counts = (held: 0, waiting: 0)
        try transaction.forEachDeletion(after: nil) { _, deletion in
            switch deletion.state {
            case .held: counts.held += 1
            case .waiting: counts.waiting += 1
            case .approved, .rejected, .carried: break
            }
            return true
        }
        return counts
    }

    /// The lines of `status` about what is stopped.
    var holdLines: [String] {
        var lines: [String] = []
        for hold in holds {
            lines.append(
                "HOLD        \(hold.id): \(hold.held) deletions of \(hold.object) on \(hold.side), since \(hold.since)"
            )
            lines.append("            \(hold.cause); decide: syncline holds")
        }
        if waitingDeletions > 0 { lines.append("deletions   \(waitingDeletions) learned and not carried yet") }
        return lines
    }
}
