import Cache
import SyncModel

/// `syncline conflicts show ID`: all that is known of one conflict.
package struct ConflictShowCommand {
    private let options: InspectorOptions
    private let id: ConflictID

    package init(_ options: InspectorOptions, id: UInt64) {
        self.options = options
        self.id = ConflictID(id)
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output) {
            try InspectedCache(options).read { view in
                guard let stored = try view.transaction.storedConflict(id) else {
                    throw LookupError(description: "there is no conflict \(id.rawValue), or it was too old to keep")
                }
                let conflict = try ShownConflict(stored, view)
                if options.isJSON {
                    output.json(conflict.json, isPretty: true)
                } else {
                    let card = ConflictCard(conflict, width: ScreenWidth.columns, style: .current)
                    for line in card.lines { output.line(line) }
                }
                return 0
            }
        }
    }
}
