package import SyncModel

/// What moves a full compare on. In this order; a page of one side may come between two of anything else.
package enum ComparisonEvent: Sendable {
    /// A new one, or the one that the last process began and did not end: what it had read as a whole is not read again.
    case begin
    /// Entries that a server shows, with all their memberships.
    case scanned(Side, [EntrySnapshot])
    /// A side was read to its end. The anchors of all that it showed, sorted.
    case complete(Side, present: [Anchor])
    /// At most so many more pairs are looked at, once both sides are read.
    case pairs(limit: Int)
    /// The feeds have had the time to tell what they had not yet told.
    case end
    /// It can't go on now. What was read as a whole stays.
    case interrupted
}

/// A full compare under way.
struct ComparisonRun: Sendable {
    /// A difference between what a server shows of an entry and what the cache held.
    struct Finding: Sendable {
        var isEntry: Bool
        var memberships: Int
        /// Of a version that the cache had already: no feed will tell it. Else it may just not have been told yet.
        var isCertain: Bool
    }

    var record: Comparison
    var findings = PerSide<[Anchor: Finding]>(both: [:])
    /// What a complete read did not show.
    var suspects = PerSide<Set<Anchor>>(both: [])
    /// The last pair that was looked at.
    var position: PairID?
    /// Memberships that came and went by what was taken in last.
    var movedLinks = 0

    /// Beyond so many a side they are counted at once: nobody believes that so much is under way.
    static let mostFindings = 10_000

    init(_ record: Comparison) { self.record = record }

    /// A feed, or the answer to a write, tells of an entry: what the scan found of it was under way.
    mutating func noteTold(_ anchor: Anchor, _ side: Side) {
        suspects[side].remove(anchor)
        if findings[side][anchor]?.isCertain == false { findings[side][anchor] = nil }
    }

    mutating func note(_ finding: Finding, of anchor: Anchor, _ side: Side) {
        guard findings[side].count < Self.mostFindings else { return count(finding, side) }
        findings[side][anchor] = finding
    }

    mutating func count(_ finding: Finding, _ side: Side) {
        if finding.isEntry { record.sides[side].drifted += 1 }
        record.sides[side].driftedMemberships += finding.memberships
    }
}
