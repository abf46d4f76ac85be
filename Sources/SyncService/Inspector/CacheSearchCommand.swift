import Cache
import Mapping
import SyncModel

/// `syncline cache search`: the replicas of one side that a filter selects.
package struct CacheSearchCommand {
    private let options: InspectorOptions
    private let sides: [Side]
    private let filterText: String
    private let wanted: Set<String>?
    private let namesOnly: Bool
    private let limit: Int

    /// - Parameters:
    ///   - side: `ad` or `miniorange`; nil: both, ad first.
    ///   - attributes: those to print; none: all that are stored.
    ///   - limit: at most so many entries; 0: all.
    package init(
        _ options: InspectorOptions,
        side: String? = nil,
        filter: String,
        attributes: [String] = [],
        namesOnly: Bool = false,
        limit: Int = 0
    ) {
        self.options = options
        sides = side.map { [Side(name: $0)].compactMap(\.self) } ?? Side.allCases
        filterText = filter
        wanted = attributes.isEmpty ? nil : Set(attributes.map(CaseFolding.lowercaseName))
        self.namesOnly = namesOnly
        self.limit = limit
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) -> Int32 {
        InspectorRun.perform(output, isStream: true) {
            // The outermost parentheses may be left out, as with ldapsearch.
            let isBare = !filterText.drop { $0 == " " }.hasPrefix("(")
            let filter = try Filter(parsing: isBare ? "(\(filterText))" : filterText)
            let inspected = try InspectedCache(options)
            var search = EntrySearch(output, limit: limit) { entry, output in
                if options.isJSON {
                    output.json(entry.json(wanted), isPretty: false)
                } else if namesOnly {
                    output.line(entry.name)
                } else {
                    LDIF.append(entry, wanted, isForPeople: true, to: &output.pending)
                }
            }
            search.showsMemberships =
                wanted.map { !$0.isDisjoint(with: MadeAttributes.memberships(inspected)) } ?? false
            for side in sides { try search.run(filter, side, inspected) }
            try output.flush()
            if !options.isJSON { output.complain("\(search.found) \(search.found == 1 ? "entry" : "entries")") }
            return 0
        }
    }
}
