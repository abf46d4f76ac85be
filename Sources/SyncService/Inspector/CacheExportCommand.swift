import Cache
import Mapping
import SyncModel

/// `syncline cache export`: one side as LDIF, or all pairs as JSON lines.
package struct CacheExportCommand {
    package enum Format: Sendable {
        /// Of the side `ad` or `miniorange`.
        case ldif(side: String)
        case jsonLines
    }

    private let options: InspectorOptions
    private let format: Format

    package init(_ options: InspectorOptions, format: Format) {
        self.options = options
        self.format = format
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output, isStream: true) {
            let inspected = try InspectedCache(options)
            switch format {
            case .ldif(let name):
                guard let side = Side(name: name) else { throw LookupError(description: "there is no side \(name)") }
                try exportLDIF(side, inspected, output)
            case .jsonLines: try exportPairs(inspected, output)
            }
            return 0
        }
    }

    private func exportLDIF(_ side: Side, _ inspected: InspectedCache, _ output: InspectorOutput) throws {
        LDIF.begin(&output.pending)
        try SlicedWalk.run(inspected, output) { view, last, slice in
            var place: Anchor?
            try view.transaction.forEachReplica(side, after: last) { replica in
                let entry = try ShownEntry(replica, view, memberships: true)
                LDIF.append(entry, isForPeople: false, to: &output.pending)
                guard slice.mayGoOn() else {
                    place = replica.anchor
                    return false
                }
                return true
            }
            return place
        }
    }

    private func exportPairs(_ inspected: InspectedCache, _ output: InspectorOutput) throws {
        try SlicedWalk.run(inspected, output) { view, last, slice in
            var place: PairID?
            try view.transaction.forEachPair(after: last) { pair in
                output.json(try ShownPair(pair, view).json(memberships: true), isPretty: false)
                guard slice.mayGoOn() else {
                    place = pair.id
                    return false
                }
                return true
            }
            return place
        }
    }
}
