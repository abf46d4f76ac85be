internal import LDAPClient
internal import SyncModel

/// A connection for writes, with what its server offers.
struct WriterLink: Sendable {
    let connection: LDAPConnection
    let plan: WritePlan
    /// Below this an entry is looked for by its entryUUID.
    let searchBase: DistinguishedName
    let view: DirectoryView
    /// Whom our own writes are logged as, normalised; nil where that isn't known.
    let ownName: Octets?
    let log: LogAccess

    /// The first server that answers, used for no more than `limit` has.
    static func connect(_ settings: MiniOrangeSettings, _ view: DirectoryView, _ limit: WritePlan?) async throws
        -> WriterLink
    {
        let shape = EntryShape(view: view)
        var last: any Error = MiniOrangeError.feedEnded
        for endpoint in settings.endpoints {
            do {
                let server = try await DirectoryServer.connect(endpoint, settings, view, shape)
                let schema = try await AttributeSchema.read(server.rootDSE.subschema, over: server.connection)
                let offered = server.rootDSE
                let plan = WritePlan(
                    view: view,
                    schema: schema,
                    supportsAssertion: offered.supportsAssertion && limit?.supportsAssertion != false,
                    supportsPostRead: offered.supportsPostRead && limit?.supportsPostRead != false,
                    supportsPermissiveModify: offered.supportsPermissiveModify
                        && limit?.supportsPermissiveModify != false,
                    supportsMatchedValues: offered.supportsMatchedValues && limit?.supportsMatchedValues != false
                )
                return WriterLink(
                    connection: server.connection,
                    plan: plan,
                    searchBase: server.searchBase,
                    view: view,
                    ownName: settings.credentials?.distinguishedName?.normalized,
                    log: LogAccess(base: settings.accesslogBase)
                )
            } catch {
                last = error
            }
        }
        throw last
    }

    func perform(_ operation: WriteOperation, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        switch operation {
        case .read(let anchor): find(anchor, completion)
        case .confirmAbsence(let anchor, let lastSeen): confirmAbsence(anchor, lastSeen, completion)
        case .confirmEmpty(let anchor, let attributes): confirmEmpty(anchor, attributes, completion)
        case .readName(let name): read(name, completion)
        case .add, .modify, .rename, .delete: write(operation, completion)
        case .editValues(let anchor, let name, let edits): edit(anchor, name, edits, completion)
        case .readMembers(let anchor): readMembers(anchor, completion)
        case .readBelow(let anchor): readBelow(anchor, completion)
        case .readGroups(let anchor): readGroups(anchor, completion)
        case .readStamps(let anchor, let attributes): readStamps(anchor, attributes, completion)
        }
    }

    private func write(_ operation: WriteOperation, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        guard let request = plan.operation(operation) else { return }
        if case .modify(_, let modifications, _) = request, modifications.isEmpty, let anchor = operation.anchor {
            return find(anchor, completion)
        }
        guard !plan.supportsAssertion, let anchor = operation.anchor else {
            return send(operation, request, completion)
        }
        // Nothing else keeps a name from being another entry's by now.
        find(anchor) { outcome in
            guard case .done(let snapshot) = outcome else { return completion(outcome) }
            guard operation.isPlanned(on: snapshot) else { return completion(.stale(snapshot)) }
            send(operation, request, completion)
        }
    }

    private func send(
        _ operation: WriteOperation,
        _ request: LDAPOperation,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        connection.submit(request) { result in
            switch result {
            case .success(let response): succeeded(operation, response, completion)
            case .failure(let error):
                switch WriteAnswer.failed(operation, error) {
                case .outcome(let outcome): completion(outcome)
                case .look(let refusal): look(operation, refusal, completion)
                }
            }
        }
    }

    private func succeeded(
        _ operation: WriteOperation,
        _ response: LDAPResponse,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        if case .delete = operation { return completion(.deleted) }
        if let entry = try? ReadEntryControl.postRead.entry(in: response.controls),
            let snapshot = try? plan.shape.snapshot(entry)
        {
            return completion(.done(snapshot))
        }
        // It is done in any case; what it made can't be told without the read.
        let isDone: @Sendable (WriteOutcome) -> Void = { outcome in
            if case .done = outcome { completion(outcome) } else { completion(.unknown) }
        }
        if case .add(let name, _, _) = operation {
            read(name, isDone)
        } else if let anchor = operation.anchor {
            find(anchor, isDone)
        }
    }

    /// The write failed because the entry is not what, or where, it was planned on.
    private func look(
        _ operation: WriteOperation,
        _ refusal: Refusal,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        guard let anchor = operation.anchor else { return completion(.refused(refusal)) }
        find(anchor) { outcome in
            guard case .done(let snapshot) = outcome else { return completion(outcome) }
            completion(operation.isPlanned(on: snapshot) ? .refused(refusal) : .stale(snapshot))
        }
    }

    /// By entryUUID, together with proof that the bases can be seen: else nothing found means nothing.
    func find(_ anchor: Anchor, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        find(anchor, plan.shape, completion)
    }

    func find(
        _ anchor: Anchor,
        _ shape: EntryShape,
        _ completion: @escaping @Sendable (WriteOutcome) -> Void
    ) {
        let search = SearchRequest(
            base: searchBase.description,
            scope: .subtree,
            filter: anchor.filter,
            attributes: shape.requested
        )
        connection.submit([PipelinedRequest.search(search)]) { answers in
            switch answers.first {
            case .success(.search(let result))?:
                if let entry = result.entries.first {
                    completion(outcome(entry, shape))
                } else if result.references.isEmpty {
                    proveSight { completion($0 ? .gone : .unavailable) }
                } else {
                    completion(.unavailable)
                }
            case .failure(let error)?: completion(WriteAnswer.failedRead(error))
            default: completion(.unavailable)
            }
        }
    }

    private func proveSight(_ completion: @escaping @Sendable (Bool) -> Void) {
        let requests = view.bases.map {
            PipelinedRequest.search(SearchRequest(base: $0.description, scope: .base, attributes: ["entryUUID"]))
        }
        connection.submit(requests) { answers in
            completion(
                answers.allSatisfy { answer in
                    if case .success(.search(let result)) = answer {
                        result.entries.first?["entryUUID"] != nil
                    } else {
                        false
                    }
                }
            )
        }
    }

    private func read(_ name: DistinguishedName, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        let search = SearchRequest(base: name.description, scope: .base, attributes: plan.shape.requested)
        connection.submit([PipelinedRequest.search(search)]) { answers in
            switch answers.first {
            case .success(.search(let result))?:
                if let entry = result.entries.first { return completion(outcome(entry, plan.shape)) }
                let message = "the entry can't be seen; grant the bind account the right to read it"
                completion(.refused(Refusal(reason: .notAllowed, code: 0, message: message)))
            case .failure(let error)? where error.code == .noSuchObject && error.serverResult != nil:
                completion(.gone)
            case .failure(let error)?: completion(WriteAnswer.failedRead(error))
            default: completion(.unavailable)
            }
        }
    }

    private func outcome(_ entry: LDAPEntry, _ shape: EntryShape) -> WriteOutcome {
        do {
            return .done(try shape.snapshot(entry))
        } catch {
            return .refused(Refusal(reason: .notAllowed, code: 0, message: "\(error)"))
        }
    }
}

extension WriteOperation {
    /// The entry that is written or looked for; an add and a read by name have none.
    var anchor: Anchor? {
        switch self {
        case .modify(let anchor, _, _, _), .rename(let anchor, _, _, _), .delete(let anchor, _, _), .read(let anchor),
            .confirmAbsence(let anchor, _), .confirmEmpty(let anchor, _), .editValues(let anchor, _, _),
            .readMembers(let anchor), .readBelow(let anchor), .readGroups(let anchor), .readStamps(let anchor, _):
            anchor
        case .add, .readName: nil
        }
    }

    /// Whether the entry still is where and what it was when this was planned.
    func isPlanned(on snapshot: EntrySnapshot) -> Bool {
        switch self {
        case .modify(_, let name, let version, let changes):
            guard name.normalized == snapshot.name.normalized else { return false }
            // Without a version only the values tell.
            if version == .unordered || snapshot.version == .unordered {
                return changes.allSatisfy { Set($0.old) == Set(snapshot.attributes[$0.name]) }
            }
            return version == snapshot.version
        case .rename(_, let name, let version, _), .delete(_, let name, let version):
            return name.normalized == snapshot.name.normalized && (version == .unordered || version == snapshot.version)
        case .editValues(_, let name, _): return name.normalized == snapshot.name.normalized
        case .add, .read, .confirmAbsence, .confirmEmpty, .readName, .readMembers, .readBelow, .readGroups, .readStamps:
            return false
        }
    }
}
