internal import SyncModel

/// Parts of a long list of changes, each as large as one transaction may be.
enum ChangeBatches {
    static let mostValues = 20_000

    /// In order; at least one, which may be empty.
    static func split(_ changes: [Change], mostValues: Int = mostValues) -> [[Change]] {
        var batches: [[Change]] = []
        var batch: [Change] = []
        var values = 0
        for change in changes {
            let weight = weight(of: change)
            if !batch.isEmpty && values + weight > mostValues {
                batches.append(batch)
                (batch, values) = ([], 0)
            }
            batch.append(change)
            values += weight
        }
        return batches + [batch]
    }

    private static func weight(of change: Change) -> Int {
        switch change {
        case .members(_, let edits, _): edits.reduce(1) { $0 + $1.values.count }
        case .present(let entry) where entry.tellsMembers: entry.attributes.items.reduce(1) { $0 + $1.values.count }
        case .present, .edited, .deleted: 1
        }
    }
}
