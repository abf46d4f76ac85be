import Cache
import SyncModel

/// Conflicts in the order that a person asks for, a page at a time.
struct ConflictPages {
    let filter: ConflictFilter
    let order: ConflictSelection.Order
    /// The newest last, or names from z to a.
    let isReversed: Bool
    /// Of values, in a page with more than one conflict.
    var octets = Int.max

    struct Page {
        var conflicts: [ShownConflict]
        /// What to go on after; nil at the end.
        var next: ConflictID?
    }

    func page(_ view: InspectedView, after: ConflictID?, limit: Int) throws -> Page {
        var shelf = Shelf(conflicts: limit, octets: octets)
        if order == .time {
            try byTime(view, after: after, &shelf)
        } else {
            try byName(view, after: after, &shelf)
        }
        return Page(
            conflicts: try shelf.conflicts.map { try ShownConflict($0, view) },
            next: shelf.isOverfull ? shelf.conflicts.last?.id : nil
        )
    }

    private func byTime(_ view: InspectedView, after: ConflictID?, _ shelf: inout Shelf) throws {
        try view.transaction.forEachConflict(
            filter.query,
            isReversed ? .oldestFirst : .newestFirst,
            after: after
        ) { conflict in
            if filter.matches(conflict) { shelf.put(conflict) }
            return !shelf.isOverfull
        }
    }

    /// Sorted by name, then the newest first. All that match have to be looked at, of which no more than the name is kept.
    private func byName(_ view: InspectedView, after: ConflictID?, _ shelf: inout Shelf) throws {
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
        for (_, id) in all[start...] where !shelf.isOverfull {
            if let conflict = try view.transaction.storedConflict(id) { shelf.put(conflict) }
        }
    }

    /// Takes conflicts until it is full.
    private struct Shelf {
        private(set) var conflicts: [StoredConflict] = []
        /// Whether there is one that had no room any more.
        private(set) var isOverfull = false
        private var conflictsLeft: Int
        private var octetsLeft: Int

        init(conflicts: Int, octets: Int) {
            conflictsLeft = conflicts
            octetsLeft = octets
        }

        mutating func put(_ conflict: StoredConflict) {
            let octets = conflict.record.valueOctets
            guard conflictsLeft > 0, octets <= octetsLeft || conflicts.isEmpty else {
                isOverfull = true
                return
            }
            conflictsLeft -= 1
            octetsLeft -= octets
            conflicts.append(conflict)
        }
    }
}

extension ConflictRecord {
    /// How many octets its values take.
    fileprivate var valueOctets: Int { (base + values.ad + values.miniorange).reduce(0) { $0 + $1.count } }
}
