internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Reads an entry, and when and by whom these attributes of it were set.
    func readStamps(
        _ anchor: Anchor,
        _ attributes: [String],
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        let search = SearchRequest(
            base: searchBase.description,
            scope: .subtree,
            filter: anchor.filter,
            attributes: plan.shape.requested + EntryStamp.requested
        )
        connection.submit([PipelinedRequest.search(search)]) { answers in
            guard case .success(.search(let result))? = answers.first, let entry = result.entries.first,
                let snapshot = try? plan.shape.snapshot(entry)
            else { return find(anchor) { completion($0.withoutEntry) } }
            let stamp = EntryStamp.stamp(entry, ownName: ownName)
            completion(
                .stamped(
                    snapshot,
                    attributes.compactMap { name in stamp.map { AttributeStamp(attribute: name, stamp: $0) } }
                )
            )
        }
    }
}

extension WriteOutcome {
    /// What a read says that comes after one that didn't show the entry.
    fileprivate var withoutEntry: WriteOutcome {
        if case .done = self { .unavailable } else { self }
    }
}
