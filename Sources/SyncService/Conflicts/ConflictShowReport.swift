import Cache
import SyncModel

/// All that is known of one conflict.
struct ConflictShowReport: InspectorReport {
    static let name = "conflict"

    var id: UInt64

    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
        try inspected.read { view in
            guard let stored = try view.transaction.storedConflict(ConflictID(id)) else {
                throw LookupError(description: "there is no conflict \(id), or it was too old to keep")
            }
            let conflict = try ShownConflict(stored, view)
            if screen.isJSON {
                output.json(conflict.json, isPretty: true)
            } else {
                let card = ConflictCard(conflict, width: screen.columns, style: screen.style)
                for line in card.lines { output.line(line) }
            }
            return 0
        }
    }
}
