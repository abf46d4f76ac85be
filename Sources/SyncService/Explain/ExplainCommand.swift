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
        do {
            guard (member != nil) == (attribute.map(Self.isMembership) ?? false) else {
                throw LookupError(description: "for a membership write: syncline explain GROUP member MEMBER")
            }
            let pairs = try await options.answer(NamedPairs(entries: [entry] + (member.map { [$0] } ?? [])))
            let note = try await fetchStamps(pairs)
            let report = ExplainReport(pairs: pairs, entry: entry, attribute: attribute, note: note)
            return await options.show(report, output)
        } catch {
            return InspectorRun.perform(output) { throw error }
        }
    }

    private static func isMembership(_ attribute: String) -> Bool {
        ["member", "uniquemember", "memberuid", "memberof"].contains(attribute.lowercased())
    }

    /// Why the stamps may be older than the values; nil where both servers were asked.
    private func fetchStamps(_ pairs: [UInt64]) async throws -> String? {
        // What a backup holds no server can tell more of.
        if options.cachePath != nil { return "as the cache has them" }
        let client = try AdminClient(configurationPath: options.configurationPath)
        do {
            for pair in pairs { try await client.fetchStamps(of: pair) }
            return nil
        } catch AdminClient.Failure.notRunning {
            return "as the cache has them, since no daemon answers that could ask the servers"
        } catch {
            return "as the cache has them, since the daemon could not ask the servers"
        }
    }
}
