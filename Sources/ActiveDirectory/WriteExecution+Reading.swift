internal import LDAPClient
internal import SyncModel

/// What is read in many parts.
extension WriteExecution {
    private static let groupBatch = 16
    private static let entryBatch = 200

    /// Of a group that changes all the while nothing is told for now.
    func readMembers(_ anchor: Anchor) {
        Task {
            do throws(LDAPError) {
                guard let group = try await groups.read(anchor), !EntryReading.isTombstone(group.entry) else {
                    return finish(.gone)
                }
                guard group.members != nil || !reading.tellsMembers else { return finish(.unavailable) }
                guard let entry = snapshot(of: group) else { return finish(.gone) }
                let lacking = reading.memberAttributes.filter { entry.attributes[$0].isEmpty }
                guard !lacking.isEmpty else { return finish(.done(entry)) }
                withRights(to: lacking, entry, finish)
            } catch {
                finish(error.readOutcome)
            }
        }
    }

    /// Containers, and what the scopes hold, as in a load.
    func readBelow(_ anchor: Anchor) {
        Task {
            do throws(LDAPError) {
                guard let base = try await connection.search(reading.search(anchor, showDeleted: false)).entries.first,
                    !EntryReading.isTombstone(base), let name = try? DistinguishedName(parsing: base.dn)
                else { return finish(.gone) }
                var entries: [Anchor: LDAPEntry] = [:]
                var order: [Anchor] = []
                for request in searches(below: name) {
                    for try await page in connection.searchPages(request) {
                        for entry in page {
                            guard let found = EntryReading.anchor(of: entry), found != anchor else { continue }
                            if entries.updateValue(entry, forKey: found) == nil { order.append(found) }
                        }
                    }
                }
                finish(.found(try await snapshots(of: order.compactMap { entries[$0] })))
            } catch {
                finish(error.isNoSuchObject ? .gone : error.readOutcome)
            }
        }
    }

    /// The entry's memberOf tells them at once: a search for it among the members would look at every membership of
    /// every group. Where memberOf is too long for one answer, or tells of another attribute, that search is made.
    func readGroups(of anchor: Anchor) {
        let request = SearchRequest(
            base: EntryReading.target(anchor),
            scope: .base,
            attributes: ["memberOf"],
            controls: [.extendedDN()]
        )
        Task {
            do throws(LDAPError) {
                guard let entry = try await connection.search(request).entries.first else { return finish(.gone) }
                let entries: [LDAPEntry]
                if reading.memberAttributes == ["member"], EntryReading.isComplete(entry) {
                    let names = (entry["memberOf"] ?? []).map(ExtendedName.init(parsing:))
                    entries = try await self.entries(names.filter(isBelowScope).compactMap(\.anchor))
                } else {
                    entries = try await self.entries(withMember: anchor)
                }
                var groups: [EntrySnapshot] = []
                for entry in entries where reading.isInScope(entry) {
                    let complete = try await reading.complete(entry, over: connection)
                    if let group = snapshot(of: GroupReading.Group(entry: complete)) { groups.append(group) }
                }
                finish(.found(groups))
            } catch {
                finish(error.isNoSuchObject ? .gone : error.readOutcome)
            }
        }
    }

    private func isBelowScope(_ name: ExtendedName) -> Bool {
        (try? DistinguishedName(parsing: name.name)).map(reading.isBelowScope) ?? false
    }

    private func entries(_ anchors: [Anchor]) async throws(LDAPError) -> [LDAPEntry] {
        var entries: [LDAPEntry] = []
        for start in stride(from: 0, to: anchors.count, by: Self.entryBatch) {
            let part = anchors[start...].prefix(Self.entryBatch)
            let requests = part.map { PipelinedRequest.search(reading.search($0, showDeleted: false)) }
            for answer in await connection.pipeline(requests) {
                switch answer {
                case .success(.search(let result)): entries += result.entries
                case .success(.response): continue
                case .failure(let error): if !error.isNoSuchObject { throw error }
                }
            }
        }
        return entries
    }

    private func entries(withMember anchor: Anchor) async throws(LDAPError) -> [LDAPEntry] {
        let value = ExtendedName.value(anchor)
        let isMember = Filter.or(reading.memberAttributes.map { .equality($0, value) })
        var entries: [Anchor: LDAPEntry] = [:]
        for scope in view.scopes {
            let request = SearchRequest(
                base: scope.base.description,
                scope: .subtree,
                filter: Filter.and([scope.filter, isMember]).description,
                attributes: reading.attributes,
                pageSize: 1000
            )
            for entry in try await connection.search(request).entries {
                if let found = EntryReading.anchor(of: entry) { entries[found] = entry }
            }
        }
        return entries.sorted { $0.key < $1.key }.map(\.value)
    }

    private func searches(below base: DistinguishedName) -> [SearchRequest] {
        var filters: [Filter] = []
        var inner: [DirectoryView.Scope] = []
        for scope in view.scopes {
            if base.isEqualOrDescendant(of: scope.base) {
                if !filters.contains(scope.filter) { filters.append(scope.filter) }
            } else if scope.base.isDescendant(of: base) {
                inner.append(scope)
            }
        }
        let here = filters.isEmpty ? [] : [(base, Filter.or([DirectoryView.containerFilter] + filters))]
        let below = inner.map { ($0.base, Filter.or([DirectoryView.containerFilter, $0.filter])) }
        return (here + below).map { base, filter in
            SearchRequest(
                base: base.description,
                scope: .subtree,
                filter: filter.description,
                attributes: reading.attributes,
                pageSize: 1000
            )
        }
    }

    private func snapshots(of entries: [LDAPEntry]) async throws(LDAPError) -> [EntrySnapshot] {
        var snapshots: [EntrySnapshot] = []
        var groups: [LDAPEntry] = []
        for entry in entries {
            let complete = try await reading.complete(entry, over: connection)
            if reading.tellsMembers && EntryReading.isGroup(complete) && reading.isInScope(complete) {
                groups.append(complete)
            } else if let snapshot = snapshot(of: GroupReading.Group(entry: complete)) {
                snapshots.append(snapshot)
            }
        }
        for start in stride(from: 0, to: groups.count, by: Self.groupBatch) {
            let complete = try await self.groups.complete(Array(groups[start...].prefix(Self.groupBatch)))
            snapshots += complete.compactMap(snapshot)
        }
        return snapshots
    }

    var groups: GroupReading { GroupReading(reading: reading, connection: connection) }

    /// Nil where the account may see the entry's name and not read it.
    private func snapshot(of group: GroupReading.Group) -> EntrySnapshot? {
        try? reading.snapshot(of: group.entry, members: group.members, invocationID: server.controller.invocationID)
    }
}
