internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Reads an entry, and whether these attributes of it may be read.
    func confirmEmpty(
        _ anchor: Anchor,
        _ attributes: [String],
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        find(anchor) { outcome in
            guard case .done(let entry) = outcome else { return completion(outcome) }
            Task { completion(await withRights(to: attributes, entry)) }
        }
    }

    /// Reads an entry with its members, and where it has none, whether they may be read.
    func readMembers(_ anchor: Anchor, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        let attributes = plan.wholeShape.memberAttributes
        find(anchor, plan.wholeShape) { outcome in
            guard case .done(let entry) = outcome, attributes.allSatisfy({ entry.attributes[$0].isEmpty }) else {
                return completion(outcome)
            }
            Task { completion(await withRights(to: attributes.sorted(), entry)) }
        }
    }

    private func withRights(to attributes: [String], _ entry: EntrySnapshot) async -> WriteOutcome {
        var entry = entry
        let lacking = attributes.filter { entry.attributes[$0].isEmpty }
        do throws(LDAPError) {
            let rights = ReadRights(connection: connection)
            // Renamed or gone since.
            guard let unreadable = try await rights.unreadable(of: entry.name.description, lacking) else {
                return .unavailable
            }
            // What is shown surely may be read.
            for name in attributes { entry.readable[name] = !unreadable.contains(name) }
            return .done(entry)
        } catch {
            return WriteAnswer.failedRead(error)
        }
    }
}
