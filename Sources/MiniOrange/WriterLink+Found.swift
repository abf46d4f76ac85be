internal import LDAPClient
internal import SyncModel

extension WriterLink {
    /// Reads all that is in scope below an entry, itself left out.
    func readBelow(_ anchor: Anchor, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        find(anchor) { outcome in
            guard case .done(let container) = outcome else { return completion(outcome) }
            Task {
                let scopes = view.scopes(below: container.name)
                completion(await found(scopes, plan.wholeShape, withContainers: true, except: anchor))
            }
        }
    }

    /// Reads the groups in scope that name an entry as their member.
    func readGroups(_ anchor: Anchor, _ completion: @escaping @Sendable (WriteOutcome) -> Void) {
        find(anchor) { outcome in
            guard case .done(let member) = outcome else { return completion(outcome) }
            let name = Octets(member.name.description)
            let names = plan.shape.memberAttributes.sorted().map { Filter.equality($0, name) }
            if names.isEmpty { return completion(.found([])) }
            let scopes = view.scopes.map {
                DirectoryView.Scope(base: $0.base, filter: .and([$0.filter, .or(names)]))
            }
            Task { completion(await found(scopes, plan.shape, withContainers: false)) }
        }
    }

    /// Each entry once.
    private func found(
        _ scopes: [DirectoryView.Scope],
        _ shape: EntryShape,
        withContainers: Bool,
        except excluded: Anchor? = nil
    ) async -> WriteOutcome {
        let scan = DirectoryScan(
            connection: connection,
            scopes: scopes,
            withContainers: withContainers,
            attributes: shape.requested
        )
        var entries: [EntrySnapshot] = []
        var seen: Set<Anchor> = excluded.map { [$0] } ?? []
        do {
            // In pages: each has the time of one request.
            try await scan.run(inPages: true) { page in
                for entry in page {
                    let snapshot = try shape.snapshot(entry)
                    if seen.insert(snapshot.anchor).inserted { entries.append(snapshot) }
                }
            }
            return .found(entries)
        } catch let error as LDAPError {
            // A base that was there a moment ago was moved meanwhile.
            return error.code == .noSuchObject ? .unavailable : WriteAnswer.failedRead(error)
        } catch {
            return .refused(Refusal(reason: .notAllowed, code: 0, message: "\(error)"))
        }
    }
}

extension DirectoryView {
    /// What the scopes have below a container: a scope whose base lies there as it is, one that the container lies in from the container on.
    func scopes(below container: DistinguishedName) -> [Scope] {
        var seen: Set<Scope> = []
        return scopes.compactMap { scope in
            if scope.base.isDescendant(of: container) { return scope }
            return container.isEqualOrDescendant(of: scope.base) ? Scope(base: container, filter: scope.filter) : nil
        }.filter { seen.insert($0).inserted }
    }
}
