import Support
import SyncModel

/// What administrators do to groups.
extension World {
    /// Groups in scope or not, in the order of anchors.
    func groups(_ side: Side) -> [SimulatedDirectory.Entry] {
        directories[side].sorted.filter { entry in
            entry.attributes["objectclass"].contains { $0 == "group" || $0 == "groupOfNames" || $0 == "posixGroup" }
        }
    }

    func isInScope(_ anchor: Anchor, _ side: Side) -> Bool {
        directories[side].name(of: anchor)?.isDescendant(of: WorldMapping.base(side)) ?? false
    }

    /// Who an entry is, on either side. A group that was made for a name somebody listed is the one that AD got for it.
    func id(of anchor: Anchor, _ side: Side) -> Octets? {
        guard let entry = directories[side].entries[anchor] else { return nil }
        if let id = entry.attributes[WorldMapping.person].first ?? entry.attributes[WorldMapping.group].first {
            return id
        }
        return side == .ad && entry.attributes["objectclass"].contains("group") ? Octets("made \(anchor.low)") : nil
    }

    /// The name that both sides have in common.
    func groupName(_ entry: SimulatedDirectory.Entry, _ side: Side) -> Octets? {
        entry.attributes[side == .ad ? "samaccountname" : "cn"].first
    }

    func createGroup(on sides: [Side]) {
        guard let form = options.groups else { return }
        let id = fresh("G")
        let name = random.chance(15) ? formerName() ?? fresh("Team ") : fresh("Team ")
        for side in sides where side == .ad || form.hasEntries {
            guard let container = sides.count > 1 ? containers(side).first : random.pick(containers(side)) else {
                continue
            }
            var attributes: Attributes = ["cn": [name], WorldMapping.group: [id]]
            attributes["objectclass"] = WorldMapping.groupClasses(form, side)
            if side == .ad { attributes["samaccountname"] = [name] }
            var first: SimulatedDirectory.Entry?
            if side == .miniorange && form != .memberUid {
                first = random.chance(50) ? random.pick(persons(side)) : nil
                attributes["member"] = [
                    first.map { Reference.entry($0.anchor).octets } ?? placeholderReference
                ]
            }
            let rdn = RelativeDistinguishedName(type: side == .ad ? "CN" : "cn", value: name)
            guard case .success(let anchor) = directories[side].add(below: container, rdn, attributes) else { continue }
            note("user creates \(id.lossyText) at \(side.name) as \(name.lossyText): \(anchor.low)")
            history.groups[id, default: []].append(side)
            if let member = first.flatMap({ self.id(of: $0.anchor, side) }) {
                memberships.changed(Membership(group: id, member: member), side, isAdded: true)
            }
        }
    }

    /// The name of a group that is gone on both sides, and is not on its way back.
    private func formerName() -> Octets? {
        // Before the deletion is told, the group may yet be made on the other side: who has its name there is joined with whoever gets it here.
        guard !isBehind else { return nil }
        // Where a name is all that there is of a group on one side, it is gone there when its deletion is known.
        let names = options.groups?.hasEntries == false ? history.settledFormerNames : history.formerNames
        return names.last { name in
            let former = history.formerHolders[name] ?? []
            let isTaken = Side.allCases.contains { side in
                groups(side).contains { group in
                    groupName(group, side) == name || group.rdn.value == name
                        || id(of: group.anchor, side).map(former.contains) == true
                }
            }
            let isComing = requests.contains { request in
                guard case .add(let added, _, _) = request.write.operation else { return false }
                return added.leaf?.value == name
            }
            // Whoever is still listed under it would be in the next group of that name.
            let isListed = persons(.miniorange).contains { listedNames($0).contains(name) }
            return !isTaken && !isComing && !isListed
        }
    }

    private var placeholderReference: Octets {
        let name = try? DistinguishedName(parsing: WorldMapping.placeholder)
        return name.map { Reference.unresolved($0).octets } ?? Octets()
    }

    func deleteGroup(_ side: Side) {
        guard let entry = random.pick(groups(side)), let id = id(of: entry.anchor, side),
            directories[side].delete(entry.anchor) == nil
        else { return }
        memberships.deletedGroup(id)
        if let name = groupName(entry, side) {
            history.formerNames.append(name)
            history.formerHolders[name, default: []].insert(id)
        }
        note("user deletes \(id.lossyText) at \(side.name)")
    }

    func renameGroup(_ side: Side) {
        guard let entry = random.pick(groups(side)), settledEntries[side].contains(entry.anchor),
            let parent = entry.parent, let id = id(of: entry.anchor, side)
        else { return }
        let name = fresh("Team ")
        if side == .ad {
            guard directories[side].modify(entry.anchor, [("samaccountname", [name])]) == nil else { return }
        } else {
            let rdn = RelativeDistinguishedName(type: "cn", value: name)
            guard directories[side].rename(entry.anchor, below: parent, rdn) == nil else { return }
        }
        memberships.becameUnsteady(options.groups?.hasEntries == false ? id : Octets())
        note("user renames \(id.lossyText) at \(side.name) to \(name.lossyText)")
    }

    func moveGroup(_ side: Side) {
        guard let entry = random.pick(groups(side)), settledEntries[side].contains(entry.anchor),
            let id = id(of: entry.anchor, side)
        else { return }
        var target = random.pick(containers(side))
        if random.chance(10) {
            target = elsewhere(side)
            memberships.becameUnsteady(id)
        }
        if !isInScope(entry.anchor, side) { memberships.becameUnsteady(id) }
        guard let target, directories[side].rename(entry.anchor, below: target, entry.rdn) == nil else { return }
        resting[side].remove(entry.anchor)
        note("user moves \(id.lossyText) at \(side.name) below \(target.low)")
    }

    func elsewhere(_ side: Side) -> Anchor? {
        guard let name = try? DistinguishedName(parsing: WorldMapping.elsewhere[side]) else { return nil }
        return directories[side].anchor(named: name)
    }
}
