import SyncModel

/// Memberships as the product's writers write them: value by value in effect, so that a refused one takes no other with it.
extension SimulatedDirectory {
    func edit(_ anchor: Anchor, _ edits: ValueEdits) -> WriteOutcome {
        guard let before = entries[anchor] else { return .gone }
        var values = before.attributes[edits.attribute]
        if edits.isGuarded,
            !edits.remove.allSatisfy({ value in values.contains { isSame($0, value, edits.attribute) } })
        {
            return snapshot(anchor).map { .stale($0) } ?? .gone
        }
        var refused: [RefusedValue] = []
        var absent: [Octets] = []
        for value in edits.add {
            switch addition(of: value, to: values, edits.attribute, anchor) {
            case .success(let held):
                if let held { values.append(held) }
            case .failure(let refusal): refused.append(RefusedValue(value: value, refusal: refusal.refusal))
            }
        }
        let isDemanded = edits.attribute == "member" && side == .miniorange && demandsMember(anchor)
        for value in edits.remove {
            guard let position = values.firstIndex(where: { isSame($0, value, edits.attribute) }) else {
                absent.append(value)
                continue
            }
            if isDemanded && values.count == 1 {
                guard let placeholder = edits.placeholder.flatMap({ stored(edits.attribute, $0) }) else {
                    refused.append(RefusedValue(value: value, refusal: SimulatedRefusal.noMember.refusal))
                    continue
                }
                if values[position] != placeholder { values = [placeholder] }
            } else {
                values.remove(at: position)
            }
        }
        let isChanged = Set(values) != Set(before.attributes[edits.attribute])
        if isChanged, let refusal = modify(anchor, [(edits.attribute, values)]) { return .refused(refusal.refusal) }
        return snapshot(anchor).map { .edited($0, refused: refused, absent: absent) } ?? .gone
    }

    /// What the entry holds for a value that comes; nil where it is there already.
    private func addition(
        of value: Octets,
        to values: [Octets],
        _ attribute: String,
        _ group: Anchor
    ) -> Result<Octets?, SimulatedRefusal> {
        if values.contains(where: { isSame($0, value, attribute) }) { return .success(nil) }
        guard let held = stored(attribute, value) else { return .failure(side == .ad ? .noSuchEntry : .invalid) }
        guard Self.maintainedMembers.contains(attribute), case .entry(let member) = Reference(held) else {
            return .success(held)
        }
        if unwelcome.contains(member) { return .failure(.unwelcome) }
        // AD answers that the member is there (68), although `member` does not show it.
        if side == .ad && primaryGroup(of: member) == group { return .success(nil) }
        return .success(held)
    }

    /// By the attribute's matching rule: DNs normalised, user attributes without case, memberUid to the letter.
    private func isSame(_ held: Octets, _ value: Octets, _ attribute: String) -> Bool {
        if Self.maintainedMembers.contains(attribute) {
            if let other = stored(attribute, value), other == held { return true }
            guard case .unresolved(let name) = Reference(held), let other = try? DistinguishedName(parsing: value)
            else {
                return false
            }
            return name.normalized == other.normalized
        }
        return attribute == "memberuid" ? held == value : held.caseFolded == value.caseFolded
    }

    /// Everything below, children after their parents; only what a configured object could be.
    func found(below container: Anchor) -> WriteOutcome {
        guard let top = name(of: container) else { return .gone }
        let classes: Set<Octets> = [
            "user", "inetOrgPerson", "group", "groupOfNames", "posixGroup", "organizationalUnit",
        ]
        let entries = sorted.filter { entry in
            entry.attributes["objectclass"].contains(where: classes.contains)
                && name(of: entry.anchor)?.isDescendant(of: top) == true
        }
        let snapshots = entries.compactMap { snapshotWithMembers($0.anchor) }
        return .found(snapshots.sorted { ($0.name.rdns.count, $0.anchor) < ($1.name.rdns.count, $1.anchor) })
    }
}
