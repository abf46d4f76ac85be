internal import LDAPClient
internal import SyncModel

/// One write on one connection, from its first request to its outcome. Each step is a completion on the connection's
/// thread; nothing waits.
struct WriteExecution: Sendable {
    typealias Answer = Result<PipelinedAnswer, LDAPError>

    let server: ConnectedServer
    let reading: EntryReading
    let view: DirectoryView
    /// Whether a password may be sent.
    let isProtected: Bool
    let passwords: NewAccountPasswords
    /// Called once.
    let finish: @Sendable (WriteOutcome) -> Void

    var connection: LDAPConnection { server.connection }

    func start(_ operation: WriteOperation) {
        switch operation {
        case .add(let name, let objectClasses, let attributes): add(name, objectClasses, attributes)
        case .modify(let anchor, _, _, let changes): modify(anchor, ModifyPlan(changes))
        case .rename(let anchor, let name, _, let newName): rename(anchor, from: name, to: newName)
        case .delete(let anchor, _, let version): delete(anchor, version)
        case .read(let anchor): read(reading.search(anchor, showDeleted: true))
        case .confirmAbsence(let anchor, _): confirmAbsence(anchor)
        case .confirmEmpty(let anchor, let attributes): confirmEmpty(anchor, attributes)
        case .readName(let name): read(reading.search(at: name.description, showDeleted: false))
        case .editValues(let anchor, _, let edits): edit(anchor, edits)
        case .readMembers(let anchor): readMembers(anchor)
        case .readBelow(let anchor): readBelow(anchor)
        case .readGroups(let anchor): readGroups(of: anchor)
        case .readStamps(let anchor, let attributes): readStamps(anchor, attributes)
        }
    }

    private func add(_ name: DistinguishedName, _ objectClasses: [String], _ attributes: Attributes) {
        if AddRequest.isAccount(attributes) {
            let length = server.minimumPasswordLength
            return addAccount(name, objectClasses, attributes, minimumLength: length)
        }
        submitAdd(
            name,
            AddRequest.operation(name: name, objectClasses: objectClasses, attributes: attributes, password: nil)
        )
    }

    /// - Parameter takesOver: told how it went, nil for well; whether it goes on itself.
    func submitAdd(
        _ name: DistinguishedName,
        _ operation: LDAPOperation,
        takesOver: @escaping @Sendable (LDAPError?) -> Bool = { _ in false }
    ) {
        submit(operation, thenRead: reading.search(at: name.description, showDeleted: false)) { result, found in
            if takesOver(result) { return }
            if let error = result {
                // Taken: the name, if there is an entry under it; else one of the unique values.
                if error.serverResult?.code == .entryAlreadyExists, case .refused(var refusal) = error.writeOutcome {
                    guard case .entry = found else { return finish(found.isAbsent ? .refused(refusal) : .unavailable) }
                    refusal.reason = .nameTaken
                    return finish(.refused(refusal))
                }
                return finish(error.writeOutcome)
            }
            finishWritten(found)
        }
    }

    private func modify(_ anchor: Anchor, _ plan: ModifyPlan) {
        guard !plan.modifications.isEmpty else { return read(reading.search(anchor, showDeleted: true)) }
        guard !plan.unchecked.isEmpty else { return carryOut(anchor, plan) }
        look(reading.search(anchor, showDeleted: false)) { found in
            switch found {
            case .entry(let current) where plan.isStaleBefore(current): finish(.stale(current))
            case .entry(let current) where Self.enables(plan): enable(anchor, current.name, plan)
            case .entry: carryOut(anchor, plan)
            case .absent: finish(.gone)
            case .failed(let error): finish(error.readOutcome)
            }
        }
    }

    /// - Parameter takesOver: whether it goes on itself after the server's refusal.
    func carryOut(
        _ anchor: Anchor,
        _ plan: ModifyPlan,
        takesOver: @escaping @Sendable (LDAPResult?) -> Bool = { _ in false }
    ) {
        let target = EntryReading.target(anchor)
        let operation = LDAPOperation.modify(dn: target, modifications: plan.modifications)
        submit(operation, thenRead: reading.search(anchor, showDeleted: false)) { result, found in
            guard let error = result else { return finishWritten(found) }
            guard let code = error.serverResult?.code else { return finish(error.writeOutcome) }
            if takesOver(error.serverResult) { return }
            switch found {
            case .entry(let current) where plan.isStale(current, code: code, references: view.references):
                finish(.stale(current))
            case .absent where code == .noSuchObject: finish(.gone)
            default: finish(error.writeOutcome)
            }
        }
    }

    /// Aimed at the old name, so that an entry that someone moved meanwhile is not moved again.
    private func rename(_ anchor: Anchor, from name: DistinguishedName, to newName: DistinguishedName) {
        guard let newRDN = newName.leaf, let newParent = newName.parent, let parent = name.parent else {
            let message = "an entry without a parent can't be renamed"
            return finish(.refused(Refusal(reason: .invalid, code: 64, message: message)))
        }
        let isMove = newParent.normalized != parent.normalized
        let operation = LDAPOperation.rename(
            dn: name.description,
            newRDN: DistinguishedName([newRDN]).description,
            newSuperior: isMove ? newParent.description : nil,
            deleteOldRDN: true
        )
        submit(operation, thenRead: reading.search(anchor, showDeleted: false)) { result, found in
            guard let error = result else {
                // Another entry may have taken the old name: then that one was renamed, and the engine sees both.
                return finishWritten(found)
            }
            guard error.isNoSuchObject else { return finish(error.writeOutcome) }
            switch found {
            case .entry(let current) where current.name.normalized != name.normalized: finish(.stale(current))
            case .absent: finish(.gone)
            case .entry, .failed: finish(error.writeOutcome)
            }
        }
    }

    private func delete(_ anchor: Anchor, _ version: Version) {
        look(reading.search(anchor, showDeleted: false)) { found in
            switch found {
            case .entry(let current) where !current.isPlanned(version): finish(.stale(current))
            case .absent: finish(.gone)
            case .failed(let error): finish(error.readOutcome)
            case .entry:
                connection.submit(.delete(dn: EntryReading.target(anchor))) { result in
                    switch result {
                    case .success: finish(.deleted)
                    case .failure(let error): finish(error.isNoSuchObject ? .gone : error.writeOutcome)
                    }
                }
            }
        }
    }

    private func read(_ request: SearchRequest) {
        look(request) { found in
            switch found {
            case .entry(let current): finish(.done(current))
            case .absent: finish(.gone)
            case .failed(let error): finish(error.readOutcome)
            }
        }
    }

    /// What may not be read looks like what isn't there. So only the tombstone proves that an entry was deleted; one whose tombstone is gone as well, after
    /// its lifetime of half a year, is a case for a person.
    private func confirmAbsence(_ anchor: Anchor) {
        let bases = view.scopes.map {
            SearchRequest(base: $0.base.description, scope: .base, attributes: ["objectGUID"])
        }
        let requests = [reading.search(anchor, showDeleted: true)] + bases
        connection.submit(requests.map(PipelinedRequest.search)) { answers in
            if case .success(.search(let result)) = answers[0],
                result.entries.first.map(EntryReading.isTombstone) == true
            {
                return finish(.gone)
            }
            found(in: answers[0]) { found in
                switch found {
                case .entry(let current): return finish(.done(current))
                case .failed(let error): return finish(error.readOutcome)
                case .absent: break
                }
                for (base, answer) in zip(view.scopes, answers.dropFirst()) {
                    switch answer {
                    case .success(.search(let result)) where result.entries.first.flatMap(EntryReading.anchor) != nil:
                        continue
                    case .failure(let error) where error.serverResult == nil: return finish(error.readOutcome)
                    default:
                        let message = "the base \(base.base) can't be read, so that an absence proves nothing"
                        return finish(.refused(Refusal(reason: .notAllowed, code: 32, message: message)))
                    }
                }
                finish(.hidden)
            }
        }
    }
}

extension EntrySnapshot {
    /// Versions of different servers say nothing of each other.
    func isPlanned(_ planned: Version) -> Bool {
        guard case .usn(let new, let server) = version, case .usn(let old, let oldServer) = planned else { return true }
        return server != oldServer || new == old
    }
}

/// What a read-back found.
enum FoundEntry: Sendable {
    case entry(EntrySnapshot)
    /// Not there, not readable, or a tombstone.
    case absent
    case failed(LDAPError)

    var isAbsent: Bool {
        if case .absent = self { true } else { false }
    }
}

extension WriteExecution {
    /// A write that the server has answered with success: without the read-back its result is not known.
    fileprivate func finishWritten(_ found: FoundEntry) {
        switch found {
        case .entry(let current): finish(.done(current))
        case .absent, .failed: finish(.unknown)
        }
    }

    fileprivate func submit(
        _ operation: LDAPOperation,
        thenRead request: SearchRequest,
        then: @escaping @Sendable (LDAPError?, FoundEntry) -> Void
    ) {
        connection.submit([.operation(operation), .search(request)]) { answers in
            let error: LDAPError? = if case .failure(let error) = answers[0] { error } else { nil }
            found(in: answers[1]) { then(error, $0) }
        }
    }

    fileprivate func look(_ request: SearchRequest, then: @escaping @Sendable (FoundEntry) -> Void) {
        connection.submit([.search(request)]) { found(in: $0[0], then: then) }
    }

    func found(in answer: Answer, then: @escaping @Sendable (FoundEntry) -> Void) {
        switch answer {
        case .failure(let error): return then(error.isNoSuchObject ? .absent : .failed(error))
        case .success(.response): return then(.absent)
        case .success(.search(let result)):
            guard let entry = result.entries.first, !EntryReading.isTombstone(entry) else { return then(.absent) }
            if EntryReading.isComplete(entry) { return then(snapshot(of: entry)) }
            // Rare, and takes more round trips: a group too large for one answer.
            Task {
                do throws(LDAPError) {
                    then(snapshot(of: try await reading.complete(entry, over: connection)))
                } catch {
                    then(.failed(error))
                }
            }
        }
    }

    /// An entry that is shown by its name alone is as good as hidden.
    func snapshot(of entry: LDAPEntry) -> FoundEntry {
        do throws(ActiveDirectoryError) {
            return .entry(try reading.snapshot(of: entry, invocationID: server.controller.invocationID))
        } catch {
            return .absent
        }
    }
}
