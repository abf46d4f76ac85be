import Cache
import SyncModel

/// What an open hold of deletions stops, grouped by cause.
struct HoldSurvey {
    struct Group {
        var cause: DeletionCause
        /// In order of their numbers.
        var pairs: [PairID] = []
        /// When the first of them was learned.
        var first: Timestamp
        var authors: Set<String> = []
    }

    let groups: [Group]

    /// - Parameter id: an open hold of deletions.
    init(_ id: HoldID, _ view: InspectedView) throws {
        var groups: [DeletionCause: Group] = [:]
        var causes: [Anchor: PairID?] = [:]
        try view.transaction.forEachDeletion(after: nil) { pair, deletion in
            guard deletion.state == .held(id) else { return true }
            let cause = try Self.cause(of: pair, deletion, view.transaction, &causes)
            var group = groups[cause] ?? Group(cause: cause, first: deletion.learned)
            group.pairs.append(pair)
            group.first = min(group.first, deletion.learned)
            if let author = deletion.author { group.authors.insert(author) }
            groups[cause] = group
            return true
        }
        self.groups = groups.values.sorted {
            ($0.cause.rank, -$0.pairs.count, $0.cause.token) < ($1.cause.rank, -$1.pairs.count, $1.cause.token)
        }
    }

    /// - Parameter known: the highest container that is gone, by the container below which an entry stands.
    private static func cause(
        of pair: PairID,
        _ deletion: Deletion,
        _ transaction: CacheTransaction,
        _ known: inout [Anchor: PairID?]
    ) throws -> DeletionCause {
        let side = deletion.side
        if let anchor = try transaction.outline(pair)?.anchors[side],
            let outline = try transaction.outline(side, anchor), case .entry(let parent) = outline.parent
        {
            let highest: PairID?
            if let found = known[parent] {
                highest = found
            } else {
                highest = try highestGone(from: parent, side, transaction)
                known[parent] = .some(highest)
            }
            if let highest { return .container(highest) }
        }
        return deletion.author.map(DeletionCause.author) ?? .unknown
    }

    /// Walks up as long as the containers are gone from the other side.
    private static func highestGone(
        from container: Anchor,
        _ side: Side,
        _ transaction: CacheTransaction
    ) throws -> PairID? {
        var highest: PairID?
        var current = container
        for _ in 0..<128 {
            guard let id = try transaction.pairID(side, current), let pair = try transaction.outline(id),
                pair.presence[side.opposite] == .deleted || pair.anchors[side.opposite] == nil
            else { break }
            highest = id
            guard case .entry(let parent) = try transaction.outline(side, current)?.parent else { break }
            current = parent
        }
        return highest
    }
}

extension HoldSurvey.Group {
    /// Why they are to be deleted, for a person.
    func words(_ side: Side, _ view: InspectedView) throws -> String {
        let by = authors.count == 1 ? authors.first.map { " by \($0.printable)" } ?? "" : ""
        switch cause {
        case .container(let pair):
            let name = try view.names.name(of: pair)
            return "their container \(name.printable) was deleted on \(side.opposite.name) at \(first.text)\(by)"
        case .author: return "deleted on \(side.opposite.name) one by one\(by), from \(first.text) on"
        case .unknown: return "deleted on \(side.opposite.name) one by one, from \(first.text) on"
        }
    }
}
