import Cache
import SyncModel

extension StatusReport {
    /// Writes that are stopped until a person decides.
    package struct HoldEntry: Codable, Sendable {
        package var id: UInt64
        /// `deletions` or `restoredServer`.
        package var kind: String
        /// The configured object, of deletions.
        package var object: String?
        /// The side that is not written; of a restored server, the side that is not listened to.
        package var side: String
        package var cause: String
        package var since: String
        /// Of deletions: how many are held.
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
            var entry = HoldEntry(
                id: id.rawValue,
                kind: hold.kind.word,
                object: nil,
                side: "",
                cause: hold.cause,
                since: hold.since.text,
                held: held[id] ?? 0
            )
            switch hold.kind {
            case .deletions(let object, let side): (entry.object, entry.side) = (object, side.name)
            case .restoredServer(let side): entry.side = side.name
            }
            return entry
        }
    }

    /// Deletions that wait for the end of their grace, or for those that come with them.
    static func countWaitingDeletions(_ transaction: CacheTransaction) throws -> Int {
        var count = 0
        try transaction.forEachDeletion(after: nil) { _, deletion in
            if deletion.state == .waiting { count += 1 }
            return true
        }
        return count
    }

    /// The lines of `status` about what is stopped.
    var holdLines: [String] {
        var lines: [String] = []
        for hold in holds {
            let what = hold.object.map { "\(hold.held) deletions of \($0) on \(hold.side)" } ?? "all from \(hold.side)"
            lines.append("HOLD        \(hold.id): \(what), since \(hold.since)")
            lines.append("            \(hold.cause); decide: syncline holds")
        }
        if waitingDeletions > 0 { lines.append("deletions   \(waitingDeletions) learned and not carried yet") }
        return lines
    }
}
