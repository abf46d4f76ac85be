internal import LDAPClient
internal import SyncModel

/// Edits of memberships.
extension WriteExecution {
    private static let mostQuestions = 4

    /// All in one round trip where nothing is refused.
    func edit(_ anchor: Anchor, _ edits: ValueEdits) {
        let editing = ValueEditing(edits)
        connection.submit(requests(anchor, editing)) { answers in
            if answers.allSatisfy({ if case .success = $0 { true } else { false } }),
                case .entry(let current)? = found(in: answers)
            {
                return finish(.edited(current, refused: []))
            }
            Task { finish(await settle(anchor, editing, answers)) }
        }
    }

    private func requests(_ anchor: Anchor, _ editing: ValueEditing) -> [PipelinedRequest] {
        let target = EntryReading.target(anchor)
        let writes = editing.batches.map { batch in
            PipelinedRequest.operation(.modify(dn: target, modifications: editing.modifications(batch)))
        }
        return writes + [.search(reading.search(anchor, showDeleted: false))]
    }

    /// Goes on after the first answers until every value is edited or refused.
    private func settle(_ anchor: Anchor, _ edits: ValueEditing, _ first: [Answer]) async -> WriteOutcome {
        var editing = edits
        var answers = first
        while true {
            let errors = answers.dropLast().map {
                if case .failure(let error) = $0 { error } else { nil as LDAPError? }
            }
            if let error = editing.take(errors) { return editing.hasWritten ? .unknown : error.writeOutcome }
            let current: EntrySnapshot
            switch await read(answers) {
            case .entry(let entry): current = entry
            case .absent: return .gone
            case .failed(let error): return editing.hasWritten ? .unknown : error.readOutcome
            }
            while editing.batches.isEmpty && !editing.suspects.isEmpty {
                guard let presence = await look(anchor, editing) else {
                    return editing.hasWritten ? .unknown : .unavailable
                }
                editing.take(presence: presence)
            }
            if editing.isFinished { return .edited(current, refused: editing.refused) }
            answers = await connection.pipeline(requests(anchor, editing))
        }
    }

    private func found(in answers: [Answer]) -> FoundEntry? {
        guard case .success(.search(let result))? = answers.last, let entry = result.entries.first,
            EntryReading.isComplete(entry)
        else { return nil }
        return EntryReading.isTombstone(entry) ? .absent : snapshot(of: entry)
    }

    private func read(_ answers: [Answer]) async -> FoundEntry {
        guard let answer = answers.last else { return .absent }
        return await withCheckedContinuation { continuation in
            found(in: answer) { continuation.resume(returning: $0) }
        }
    }

    /// Which of the suspected values are there; nil where the connection fails. A member tells its groups at once
    /// however large these are. Where it tells nothing of this one, and that would make the value done or refused, the
    /// group is asked: the member may be hidden or gone.
    private func look(_ anchor: Anchor, _ editing: ValueEditing) async -> [[Bool?]]? {
        let edits = editing.suspects.flatMap(\.edits)
        let isOnlyOne = editing.suspects.flatMap { suspects in suspects.edits.map { _ in suspects.edits.count == 1 } }
        let group = EntryReading.target(anchor)
        var presence = [Bool?](repeating: nil, count: edits.count)
        if editing.attribute.lowercased() == "member" {
            let questions = edits.map { edit in
                let base = edit.value.lossyText
                return SearchRequest(base: base, scope: .base, filter: "(memberOf=\(group))", attributes: ["1.1"])
            }
            guard let there = await ask(questions) else { return nil }
            for (index, isThere) in there.enumerated() where isThere == true { presence[index] = true }
        }
        let open = presence.indices.filter { presence[$0] == nil && (!edits[$0].isAddition || isOnlyOne[$0]) }
        guard let there = await look(for: open.map { edits[$0].value }, in: anchor, editing.attribute) else {
            return nil
        }
        for (index, isThere) in zip(open, there) { presence[index] = isThere }
        var rest = presence[...]
        return editing.suspects.map { suspects in
            defer { rest = rest.dropFirst(suspects.edits.count) }
            return Array(rest.prefix(suspects.edits.count))
        }
    }

    /// Whether the group holds the values. For each the server looks through all of them, so that more are found in one
    /// reading.
    private func look(for values: [Octets], in anchor: Anchor, _ attribute: String) async -> [Bool?]? {
        let names = values.map { ExtendedName(parsing: $0).anchor }
        if values.count > Self.mostQuestions, reading.memberAttributes.contains(attribute.lowercased()),
            names.allSatisfy({ $0 != nil })
        {
            guard let group = try? await groups.read(anchor), let members = group.members else { return nil }
            let there = members.filter { $0.name.lowercased() == attribute.lowercased() }.flatMap(\.values)
            let anchors = Set(there.compactMap { ExtendedName(parsing: $0).anchor })
            return names.map { $0.map(anchors.contains) }
        }
        let group = EntryReading.target(anchor)
        return await ask(
            values.map { value in
                let filter = Filter.equality(attribute, value).description
                return SearchRequest(base: group, scope: .base, filter: filter, attributes: ["1.1"])
            }
        )
    }

    /// Whether each finds its entry; nil in place of a refused one, and for all where the connection fails.
    private func ask(_ questions: [SearchRequest]) async -> [Bool?]? {
        var found: [Bool?] = []
        for answer in await connection.pipeline(questions.map(PipelinedRequest.search)) {
            switch answer {
            case .success(.search(let result)): found.append(!result.entries.isEmpty)
            case .success(.response): found.append(nil)
            case .failure(let error):
                guard error.serverResult != nil else { return nil }
                found.append(nil)
            }
        }
        return found
    }
}
