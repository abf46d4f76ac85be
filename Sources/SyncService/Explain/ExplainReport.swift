import Cache
import SyncModel

/// Why a value, or a membership, is what it is.
struct ExplainReport: InspectorReport {
    static let name = "explain"

    /// The entry's; or the group's and the member's.
    var pairs: [UInt64]
    /// As a person called it.
    var entry: String
    /// Nil: all that have a value.
    var attribute: String?
    /// Why the stamps may be older than the values.
    var note: String?

    func print(_ inspected: InspectedCache, _ screen: Screen, _ output: InspectorOutput) throws -> Int32 {
        try inspected.read { try explain($0, screen, output) }
        return 0
    }

    private func explain(_ view: InspectedView, _ screen: Screen, _ output: InspectorOutput) throws {
        let found = try pairs.map { id in
            guard let pair = try view.transaction.pair(PairID(id)) else {
                throw LookupError(description: "\(entry) is not in the cache any more")
            }
            return pair
        }
        let lines: () throws -> [String]
        let json: () throws -> JSONValue
        if found.count == 2 {
            let explanation = try MembershipExplanation(found[0], found[1], view)
            lines = { explanation.lines(width: screen.columns, style: screen.style, note: note) }
            json = { explanation.json(note: note) }
        } else {
            let explanation = try EntryExplanation(found[0], attribute: attribute, view)
            lines = { try explanation.lines(width: screen.columns, style: screen.style, note: note) }
            json = { try explanation.json(note: note) }
        }
        if screen.isJSON {
            output.json(try json(), isPretty: true)
        } else {
            for line in try lines() { output.line(line) }
        }
    }
}
