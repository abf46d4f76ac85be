package import SyncModel

/// Carries out what the engine asks for, as the product's writers do against the real servers: compare-and-set by what each server offers.
extension SimulatedDirectory {
    package func perform(_ operation: WriteOperation) -> WriteOutcome {
        let user = author
        author = nil
        defer { author = user }
        switch operation {
        case .add(let name, let objectClasses, let attributes): return add(name, objectClasses, attributes)
        case .modify, .delete, .editValues, .rename:
            if let elsewhere = foundElsewhere(operation) { return .stale(elsewhere) }
            return write(operation)
        case .readMembers(let anchor):
            return snapshotWithMembers(anchor).map { .done(withRights(to: Self.memberAttributes, $0)) } ?? .gone
        case .readBelow(let anchor): return found(below: anchor)
        case .readGroups(let anchor): return groups(of: anchor)
        case .read(let anchor), .confirmAbsence(let anchor, _): return snapshot(anchor).map { .done($0) } ?? .gone
        case .readStamps(let anchor, let attributes):
            return snapshot(anchor).map { .stamped($0, toldStamps(anchor, attributes)) } ?? .gone
        case .confirmEmpty(let anchor, let attributes):
            return snapshot(anchor).map { .done(withRights(to: Set(attributes), $0)) } ?? .gone
        case .readName(let name): return anchor(named: name).flatMap(snapshot).map { .done($0) } ?? .gone
        }
    }

    private func withRights(to attributes: Set<String>, _ entry: EntrySnapshot) -> EntrySnapshot {
        var entry = entry
        for name in attributes { entry.readable[name] = !unreadable.contains(name) }
        return entry
    }

    private func write(_ operation: WriteOperation) -> WriteOutcome {
        switch operation {
        case .modify(let anchor, _, let version, let changes): modify(anchor, version, changes)
        case .rename(let anchor, let name, let version, let newName): rename(anchor, name, version, to: newName)
        case .delete(let anchor, _, let version): delete(anchor, version)
        case .editValues(let anchor, _, let edits): edit(anchor, edits)
        default: .gone
        }
    }

    /// A request of LDAP finds its entry by name. At AD all but a rename are aimed at the objectGUID.
    private func foundElsewhere(_ operation: WriteOperation) -> EntrySnapshot? {
        guard side == .miniorange else { return nil }
        switch operation {
        case .modify(let anchor, let name, _, _), .rename(let anchor, let name, _, _), .delete(let anchor, let name, _),
            .editValues(let anchor, let name, _):
            return snapshot(anchor).flatMap { $0.name.normalized == name.normalized ? nil : $0 }
        default: return nil
        }
    }

    private func add(_ name: DistinguishedName, _ objectClasses: [String], _ attributes: Attributes) -> WriteOutcome {
        guard let rdn = name.leaf, let parentName = name.parent, let parent = anchor(named: parentName) else {
            return .refused(SimulatedRefusal.noParent.refusal)
        }
        var held = Attributes()
        for item in attributes.items {
            guard let values = stored(item.name, item.values) else {
                return .refused(Refusal(reason: .other, code: 32, message: "no such reference"))
            }
            held[item.name] = values
        }
        held["objectclass"] = objectClasses.map { Octets($0) }
        switch add(below: parent, rdn, held) {
        case .success(let anchor): return snapshot(anchor).map { .done($0) } ?? .gone
        case .failure(let refusal): return .refused(refusal.refusal)
        }
    }

    private func modify(_ anchor: Anchor, _ planned: Version, _ changes: [AttributeChange]) -> WriteOutcome {
        guard let entry = entries[anchor], let current = snapshot(anchor), let whole = whole(anchor) else {
            return .gone
        }
        if side == .miniorange && planned != version(entry.sequence) && planned != .unordered { return .stale(current) }
        var changed: [(name: String, values: [Octets])] = []
        for change in changes {
            let held = whole.attributes[change.name].map { normalized(change.name, $0) }
            let old = change.old.map { normalized(change.name, $0) }
            let new = change.new.map { normalized(change.name, $0) }
            if side == .ad {
                let isWhole = change.name == "useraccountcontrol"
                if isWhole && held != old { return .stale(current) }
                // Deleted and added by value; a second value for what holds one only is refused.
                let removed = old.filter { !new.contains($0) }
                let added = new.filter { !old.contains($0) }
                // What is in the way and is not shown is no news.
                if old.isEmpty, !held.isEmpty, unreadable.contains(change.name) {
                    return .refused(Refusal(reason: .invalid, code: 20, message: "a value is there"))
                }
                if !removed.allSatisfy(held.contains) || added.contains(where: held.contains) { return .stale(current) }
                let rest = held.filter { !removed.contains($0) }
                if Self.singleValuedAtAD.contains(change.name) && !rest.isEmpty && !added.isEmpty {
                    return .stale(current)
                }
            }
            // To add takes the place of nothing.
            let isMerged = side == .ad || change.old.isEmpty
            guard let values = stored(change.name, isMerged ? merged(whole, change) : change.new) else {
                return .refused(Refusal(reason: .other, code: 32, message: "no such reference"))
            }
            changed.append((change.name, values))
        }
        if let refusal = modify(anchor, changed) { return .refused(refusal.refusal) }
        return snapshot(anchor).map { .done($0) } ?? .gone
    }

    /// AD is told what goes and what comes; whatever else is there stays.
    private func merged(_ current: EntrySnapshot, _ change: AttributeChange) -> [Octets] {
        let old = Set(change.old.map { normalized(change.name, $0) })
        let new = Set(change.new.map { normalized(change.name, $0) })
        let kept = current.attributes[change.name].filter { value in
            let key = normalized(change.name, value)
            return !old.contains(key) || new.contains(key)
        }
        let added = change.new.filter { !old.contains(normalized(change.name, $0)) }
        return kept + added
    }

    private func normalized(_ attribute: String, _ value: Octets) -> Octets {
        guard Self.referenceAttributes.contains(attribute) else { return value }
        return (try? DistinguishedName(parsing: value))?.normalized ?? value
    }

    private func rename(
        _ anchor: Anchor,
        _ name: DistinguishedName,
        _ planned: Version,
        to newName: DistinguishedName
    ) -> WriteOutcome {
        guard let entry = entries[anchor], let current = snapshot(anchor) else { return .gone }
        let isStale =
            side == .ad
            ? current.name.normalized != name.normalized
            : planned != version(entry.sequence) && planned != .unordered
        if isStale { return .stale(current) }
        guard let rdn = newName.leaf, let parentName = newName.parent, let parent = self.anchor(named: parentName)
        else {
            return .refused(SimulatedRefusal.noParent.refusal)
        }
        if let refusal = rename(anchor, below: parent, rdn) { return .refused(refusal.refusal) }
        return snapshot(anchor).map { .done($0) } ?? .gone
    }

    private func delete(_ anchor: Anchor, _ planned: Version) -> WriteOutcome {
        guard let entry = entries[anchor], let current = snapshot(anchor) else { return .gone }
        if planned != version(entry.sequence) && planned != .unordered { return .stale(current) }
        if let refusal = delete(anchor) { return .refused(refusal.refusal) }
        return .deleted
    }
}
