import SyncModel

/// What both sides agreed on for a pair at an earlier time, told from what is agreed now and from what was written since.
struct PastState: Hashable, Sendable {
    /// In canonical form; nil where an entry was missing on a side, or both had not yet been joined.
    private(set) var values: Attributes?
    /// The group's members that were there then and are not now, and the other way round, by pair.
    private(set) var membersChanged: [PairID: Bool] = [:]
    /// Whether both entries were joined only after that time: of what was before, the history does not know.
    private(set) var isBeforeJoin = false

    /// - Parameters:
    ///   - now: the pair's base.
    ///   - since: the pair's lines of history from after that time, the newest first.
    init(of pair: PairID, now: Attributes?, undoing since: [HistoryRecord]) {
        values = now
        for line in since { undo(line, pair) }
    }

    private mutating func undo(_ line: HistoryRecord, _ pair: PairID) {
        for change in line.members {
            // A group's line stands in its members' history as well.
            membersChanged[line.pair == pair ? change.member : line.pair] = !change.isPresent
        }
        guard line.pair == pair else { return }
        switch line.event {
        case .added:
            values = nil
        case .modified, .renamed:
            for name in line.attributes { values?[name] = line.before[name] }
        case .deleted:
            values = line.before
        case .joined:
            isBeforeJoin = true
        case .quarantined, .conflict, .membersChanged:
            break
        }
    }
}
