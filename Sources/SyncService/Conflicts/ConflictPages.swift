import Cache
import SyncModel

/// Conflicts in the order that a person asks for, a page at a time.
struct ConflictPages {
    let filter: ConflictFilter
    let order: ConflictSelection.Order
    /// The newest last, or names from z to a.
    let isReversed: Bool

    struct Page {
        var conflicts: [ShownConflict]
        /// What to go on after; nil at the end.
        var next: ConflictID?
    }

    func page(_ view: InspectedView, after: ConflictID?, limit: Int) throws -> Page {
        var found =
            try order == .time
            ? byTime(view, after: after, limit: limit) : byName(view, after: after, limit: limit)
        let hasMore = found.count > limit
        if hasMore { found.removeLast() }
        return Page(
            conflicts: try found.map { try ShownConflict($0, view) },
            next: hasMore ? found.last?.id : nil
        )
    }

    /// One more than asked for where there are more.
    private func byTime(_ view: InspectedView, after: ConflictID?, limit: Int) throws -> [StoredConflict] {
        var found: [StoredConflict] = []
        try view.transaction.forEachConflict(
            filter.query,
            isReversed ? .oldestFirst : .newestFirst,
            after: after
        ) { conflict in
            if filter.matches(conflict) { found.append(conflict) }
            return found.count <= limit
        }
        return found
    }

    /// Sorted by name, then the newest first. All that match have to be looked at, of which no more than the name is kept.
    private func byName(_ view: InspectedView, after: ConflictID?, limit: Int) throws -> [StoredConflict] {
        var all: [(key: String, id: ConflictID)] = []
        var names: [PairID: String] = [:]
        try view.transaction.forEachConflict(filter.query, .newestFirst) { conflict in
            guard filter.matches(conflict) else { return true }
            if order == .attribute {
                all.append((conflict.title, conflict.id))
            } else {
                let name = try names[conflict.record.pair] ?? view.names.name(of: conflict.record.pair).lowercased()
                names[conflict.record.pair] = name
                all.append((name, conflict.id))
            }
            return true
        }
        all.sort { $0.key != $1.key ? $0.key < $1.key : $0.id > $1.id }
        if isReversed { all.reverse() }
        let start = after.flatMap { after in all.firstIndex { $0.id == after } }.map { $0 + 1 } ?? 0
        return try all[start...].prefix(limit + 1).compactMap { try view.transaction.storedConflict($0.id) }
    }
}
