internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Edits single values: the modify's outcome is that of its values.
    func edit(
        _ anchor: Anchor,
        _ name: DistinguishedName,
        _ edits: ValueEdits,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        let run = ValueEditRun(
            link: self,
            anchor: anchor,
            name: name,
            attribute: plan.schema.wireName(edits.attribute),
            completion: completion
        )
        let editing = ValueEditing(edits, canSift: plan.supportsMatchedValues)
        guard !plan.supportsAssertion else { return run.goOn(editing, nil) }
        // Nothing else keeps a name from being another entry's by now.
        find(anchor) { outcome in
            guard case .done(let snapshot) = outcome else { return completion(outcome) }
            guard run.isInPlace(snapshot) else { return completion(.stale(snapshot)) }
            run.goOn(editing, nil)
        }
    }
}

/// The requests of one edit of values, one after the other: the entry that the last one shows is the newest.
private struct ValueEditRun: Sendable {
    let link: WriterLink
    let anchor: Anchor
    let name: DistinguishedName
    let attribute: String
    let completion: @Sendable (WriteOutcome) -> Void

    func isInPlace(_ snapshot: EntrySnapshot) -> Bool { snapshot.name.normalized == name.normalized }

    /// `latest` is what the last request that was carried out left, if that is known.
    func goOn(_ editing: ValueEditing, _ latest: EntrySnapshot?) {
        var editing = editing
        guard let request = editing.next() else { return finish(editing, latest) }
        let operation = link.plan.edit(anchor, name, request.modifications(attribute))
        link.connection.submit(operation) { [editing] result in
            switch result {
            case .success(let response): succeeded(editing, response)
            case .failure(let error): failed(editing, request, error, latest)
            }
        }
    }

    private func succeeded(_ editing: ValueEditing, _ response: LDAPResponse) {
        var editing = editing
        editing.succeeded()
        guard let entry = try? ReadEntryControl.postRead.entry(in: response.controls),
            let snapshot = try? link.plan.shape.snapshot(entry)
        else { return goOn(editing, nil) }
        // Another entry took the name between a look and the write.
        guard snapshot.anchor == anchor else { return completion(.unknown) }
        goOn(editing, snapshot)
    }

    private func failed(
        _ editing: ValueEditing,
        _ request: ValueEditing.Request,
        _ error: LDAPError,
        _ latest: EntrySnapshot?
    ) {
        var editing = editing
        switch editing.failed(request, error) {
        case .goOn: goOn(editing, latest)
        case .stop(let outcome): stop(editing, outcome)
        case .sift:
            present(request.removed) { [editing] present in
                var editing = editing
                editing.sifted(request, error, present: present)
                goOn(editing, latest)
            }
        case .look:
            link.find(anchor) { [editing] outcome in
                guard case .done(let snapshot) = outcome else { return stop(editing, outcome) }
                guard isInPlace(snapshot), error.code == .noSuchObject else { return completion(.stale(snapshot)) }
                var editing = editing
                editing.entryIsThere(request, error)
                goOn(editing, latest)
            }
        }
    }

    /// Which of these values the entry has; nil where that can't be told.
    private func present(_ values: [Octets], _ completion: @escaping @Sendable ([Octets]?) -> Void) {
        let search = SearchRequest(
            base: name.description,
            scope: .base,
            filter: anchor.filter,
            attributes: [attribute],
            controls: [MatchedValues.request(attribute, values)]
        )
        link.connection.submit([PipelinedRequest.search(search)]) { answers in
            guard case .success(.search(let result))? = answers.first, let entry = result.entries.first else {
                return completion(nil)
            }
            completion(entry[attribute] ?? [])
        }
    }

    /// Where values were edited before, nobody may conclude that nothing was done.
    private func stop(_ editing: ValueEditing, _ outcome: WriteOutcome) {
        switch outcome {
        case .unavailable where editing.isBegun, .refused where editing.isBegun: completion(.unknown)
        default: completion(outcome)
        }
    }

    private func finish(_ editing: ValueEditing, _ latest: EntrySnapshot?) {
        if let latest { return completion(.edited(latest, refused: editing.refused, absent: editing.absent)) }
        link.find(anchor) { outcome in
            guard case .done(let snapshot) = outcome else { return stop(editing, outcome) }
            completion(.edited(snapshot, refused: editing.refused, absent: editing.absent))
        }
    }
}
