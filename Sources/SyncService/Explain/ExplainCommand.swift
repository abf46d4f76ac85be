import Cache
import Configuration
import SyncModel

/// `syncline explain`: why a value, or a membership, is what it is.
package struct ExplainCommand {
    private let options: InspectorOptions
    private let entry: String
    private let attribute: String?
    private let member: String?

    /// - Parameters:
    ///   - attribute: a name of either side, or `place`; nil: all that have a value.
    ///   - member: with the attribute `member`: the entry whose membership in the group `entry` is asked for.
    package init(_ options: InspectorOptions, entry: String, attribute: String? = nil, member: String? = nil) {
        self.options = options
        self.entry = entry
        self.attribute = attribute
        self.member = member
    }

    package func run(_ output: InspectorOutput = InspectorOutput()) async -> Int32 {
        var pairs: [PairID] = []
        var socket = ""
        let code = InspectorRun.perform(output) {
            guard (member != nil) == (attribute.map(Self.isMembership) ?? false) else {
                throw LookupError(description: "for a membership write: syncline explain GROUP member MEMBER")
            }
            let inspected = try InspectedCache(options)
            socket = inspected.wiring.configuration.adminSocket
            pairs = try inspected.read { view in
                try [try view.pair(entry).id] + (member.map { [try view.pair($0).id] } ?? [])
            }
            return 0
        }
        guard code == 0 else { return code }
        let note = await fetchStamps(pairs, AdminClient(socket: socket))
        return InspectorRun.perform(output) {
            try InspectedCache(options).read { view in
                try explain(pairs, note, view, output)
                return 0
            }
        }
    }

    private static func isMembership(_ attribute: String) -> Bool {
        ["member", "uniquemember", "memberuid", "memberof"].contains(attribute.lowercased())
    }

    /// Why the stamps may be older than the values; nil where both servers were asked.
    private func fetchStamps(_ pairs: [PairID], _ client: AdminClient) async -> String? {
        // What a backup holds no server can tell more of.
        if options.cachePath != nil { return "as the cache has them" }
        do {
            for pair in pairs { try await client.fetchStamps(of: pair) }
            return nil
        } catch AdminClient.Failure.notRunning {
            return "as the cache has them, since no daemon answers that could ask the servers"
        } catch {
            return "as the cache has them, since the daemon could not ask the servers"
        }
    }

    private func explain(
        _ pairs: [PairID],
        _ note: String?,
        _ view: InspectedView,
        _ output: InspectorOutput
    ) throws {
        let found = try pairs.map { id in
            guard let pair = try view.transaction.pair(id) else {
                throw LookupError(description: "\(entry) is not in the cache any more")
            }
            return pair
        }
        let lines: () throws -> [String]
        let json: () throws -> JSONValue
        if found.count == 2 {
            let explanation = try MembershipExplanation(found[0], found[1], view)
            lines = { explanation.lines(width: ScreenWidth.columns, style: .current, note: note) }
            json = { explanation.json(note: note) }
        } else {
            let explanation = try EntryExplanation(found[0], attribute: attribute, view)
            lines = { try explanation.lines(width: ScreenWidth.columns, style: .current, note: note) }
            json = { try explanation.json(note: note) }
        }
        if options.isJSON {
            output.json(try json(), isPretty: true)
        } else {
            for line in try lines() { output.line(line) }
        }
    }
}
