import Support
import SyncModel

/// What people do to memberships.
extension World {
    /// Somebody comes to a group, or goes, on this side.
    func changeMember(_ side: Side, isAdded: Bool) {
        if side == .miniorange && options.groups?.hasEntries == false { return changeGroupName(isAdded: isAdded) }
        guard let group = random.pick(groups(side)) else { return }
        if isAdded {
            guard let member = someMember(for: group, side) else { return }
            add(member, to: group.anchor, side)
        } else {
            remove(from: group, side)
        }
    }

    /// Both sides at once: other members, or the same one here and there.
    func changeMembersOnBoth() {
        guard options.groups?.hasEntries == true, let group = random.pick(groups(.ad)),
            let id = id(of: group.anchor, .ad),
            let other = groups(.miniorange).first(where: { self.id(of: $0.anchor, .miniorange) == id })
        else { return changeMember(.ad, isAdded: true) }
        if random.chance(50), let member = random.pick(persons(.ad)),
            let person = member.attributes[WorldMapping.person].first,
            let twin = persons(.miniorange).first(where: { $0.attributes[WorldMapping.person] == [person] })
        {
            add(member.anchor, to: group.anchor, .ad)
            add(twin.anchor, to: other.anchor, .miniorange)
            return
        }
        if let member = someMember(for: group, .ad) { add(member, to: group.anchor, .ad) }
        if random.chance(50) {
            remove(from: other, .miniorange)
        } else if let member = someMember(for: other, .miniorange) {
            add(member, to: other.anchor, .miniorange)
        }
    }

    private func someMember(for group: SimulatedDirectory.Entry, _ side: Side) -> Anchor? {
        if random.chance(10) { return random.pick(strangers[side].sorted()) }
        let nests = options.groups?.nests == true || options.groups == .flattened && side == .ad
        if nests && random.chance(25) {
            // AD takes no group into itself.
            return random.pick(groups(side).map(\.anchor).filter { side == .miniorange || $0 != group.anchor })
        }
        return random.pick(persons(side))?.anchor
    }

    private func add(_ member: Anchor, to group: Anchor, _ side: Side) {
        let directory = directories[side]
        guard let entry = directory.entries[group], let value = memberValue(member, side) else { return }
        let attribute = memberAttribute(side)
        var values = entry.attributes[attribute]
        if side == .ad && directory.primaryGroup(of: member) == group || values.contains(value) { return }
        if random.chance(70) { values.removeAll { isPlaceholder($0) } }
        guard directory.modify(group, [(attribute, values + [value])]) == nil else { return }
        noteChange(member, of: group, side, isAdded: true)
    }

    private func remove(from group: SimulatedDirectory.Entry, _ side: Side) {
        let attribute = memberAttribute(side)
        let values = group.attributes[attribute]
        // A uid that nobody has any more is left alone: no one could say whose membership it was.
        guard let value = random.pick(values), !isPlaceholder(value), !isOfNobody(value, side),
            let member = target(of: value, side) ?? (attribute == "member" ? Anchor.placeholder : nil)
        else { return }
        var rest = values.filter { $0 != value }
        if rest.isEmpty && side == .miniorange && attribute == "member" {
            guard let name = try? DistinguishedName(parsing: WorldMapping.placeholder) else { return }
            rest = [Reference.unresolved(name).octets]
        }
        guard directories[side].modify(group.anchor, [(attribute, rest)]) == nil else { return }
        noteChange(member, of: group.anchor, side, isAdded: false)
    }

    /// Nor could anybody of a name in scope that nobody has: it may have been written just after a rename.
    private func isOfNobody(_ value: Octets, _ side: Side) -> Bool {
        guard side == .miniorange, case .unresolved(let name) = Reference(value) else { return false }
        return name.isDescendant(of: WorldMapping.base(side)) && target(of: value, side) == nil
    }

    private func noteChange(_ member: Anchor, of group: Anchor, _ side: Side, isAdded: Bool) {
        guard let groupID = id(of: group, side) else { return }
        let memberID = id(of: member, side)
        let other = member == .placeholder ? "a name of nobody" : "stranger \(member.low)"
        note(
            "user \(isAdded ? "adds" : "removes") \(memberID?.lossyText ?? other) "
                + "\(isAdded ? "to" : "from") \(groupID.lossyText) at \(side.name)"
        )
        // When each membership of a group was set its server does not tell, only when the last one was.
        if isRestoredLately[side] { memberships.becameUnsteady(groupID) }
        guard let memberID, !strangers[side].contains(member) else { return }
        memberships.changed(Membership(group: groupID, member: memberID), side, isAdded: isAdded)
    }

    /// Whether a uid was listed before its owner got another one, or after that, nobody can tell of what one refresh has told.
    func noteRefreshed() {
        let log = directories.miniorange.log
        for range in feeds.miniorange.refreshed where options.groups == .memberUid {
            let records = log[range.clamped(to: log.indices)]
            guard records.contains(where: { !$0.members.isEmpty }) else { continue }
            for record in records where record.kind.isRename {
                if let person = id(of: record.anchor, .miniorange) { memberships.becameUnsteady(person) }
            }
        }
        feeds.miniorange.forgetRefreshed()
    }

    func memberAttribute(_ side: Side) -> String {
        side == .miniorange && options.groups == .memberUid ? "memberuid" : "member"
    }

    private func memberValue(_ member: Anchor, _ side: Side) -> Octets? {
        guard memberAttribute(side) == "memberuid" else { return Reference.entry(member).octets }
        return directories[side].entries[member]?.rdn.value
    }

    /// The entry that a held value names.
    func target(of value: Octets, _ side: Side) -> Anchor? {
        guard memberAttribute(side) == "memberuid" else {
            switch Reference(value) {
            case .entry(let anchor): return anchor
            case .unresolved(let name): return directories[side].owner(ofFormer: name)
            case nil: return nil
            }
        }
        return directories[side].sorted.first { $0.attributes["uid"].contains(value) }?.anchor
    }

    func isPlaceholder(_ value: Octets) -> Bool {
        guard case .unresolved(let name) = Reference(value) else { return false }
        return Octets(name.description) == WorldMapping.placeholder
    }

    // MARK: Groups by name

    /// The value at a user that lists a group by this name.
    func listing(_ name: Octets) -> Octets {
        guard options.groups == .namesAsDNs else { return name }
        let rdn = RelativeDistinguishedName(type: "cn", value: name)
        return Octets(WorldMapping.base(.miniorange).child(rdn).description)
    }

    /// The names that a user lists.
    func listedNames(_ entry: SimulatedDirectory.Entry) -> [Octets] {
        let values = entry.attributes[WorldMapping.groupNames]
        guard options.groups == .namesAsDNs else { return values }
        return values.compactMap { (try? DistinguishedName(parsing: $0))?.leaf?.value }
    }

    /// Somebody edits the list of groups at a user.
    private func changeGroupName(isAdded: Bool) {
        guard let entry = random.pick(persons(.miniorange)), let person = id(of: entry.anchor, .miniorange) else {
            return
        }
        var names = listedNames(entry)
        let name: Octets
        if isAdded {
            let isUnknown = random.chance(10)
            let known = random.pick(groups(.ad)).flatMap { groupName($0, .ad) }
            guard let next = isUnknown ? fresh("Guild ") : known, !names.contains(next) else { return }
            name = next
            names.append(next)
        } else {
            guard let former = random.pick(names) else { return }
            name = former
            names.removeAll { $0 == former }
        }
        let change = (WorldMapping.groupNames, names.map(listing))
        guard directories.miniorange.modify(entry.anchor, [change]) == nil else { return }
        noteName(name, person, isAdded: isAdded)
    }

    private func noteName(_ name: Octets, _ person: Octets, isAdded: Bool) {
        note(
            "user \(isAdded ? "adds" : "removes") \(name.lossyText) \(isAdded ? "to" : "from") \(person.lossyText)'s"
                + " groups at miniorange"
        )
        if isRestoredLately.miniorange {
            memberships.becameUnsteady(person)
            // By when an entry was changed last nobody can tell that from a change of anything else in it, which brings him back who was deleted.
            if !directories.miniorange.tellsAttributeStamps { history.wrote(person, .miniorange, "@groups", nil) }
        }
        if isAdded { memberships.listed(name, by: person) }
        guard let group = group(named: name) else {
            memberships.listedUnknown(person)
            memberships.becameUnsteady(person)
            return
        }
        memberships.changed(Membership(group: group, member: person), .miniorange, isAdded: isAdded)
    }

    /// Who the AD group with this name is.
    func group(named name: Octets) -> Octets? {
        let found = groups(.ad).first { groupName($0, .ad)?.caseFolded == name.caseFolded }
        return found.flatMap { id(of: $0.anchor, .ad) }
    }

    // MARK: AD alone

    /// Another primary group: AD takes the user out of its members, and puts him into those of the one before.
    func changePrimaryGroup() {
        guard let user = random.pick(persons(.ad)) else { return }
        let reference = Reference.entry(user.anchor).octets
        let candidates = groups(.ad).filter { $0.attributes["member"].contains(reference) && isInScope($0.anchor, .ad) }
        let group = random.chance(30) ? nil : random.pick(candidates)
        if let former = directories.ad.primaryGroup(of: user.anchor), let id = id(of: former, .ad),
            let member = self.id(of: user.anchor, .ad)
        {
            memberships.wasImplied(Membership(group: id, member: member))
        }
        guard directories.ad.setPrimaryGroup(of: user.anchor, to: group?.anchor) == nil else { return }
        note("user sets the primary group of \(user.anchor.low) to \(group.map { "\($0.anchor.low)" } ?? "none")")
    }

    /// AD refuses this person in any group, until someone mends it.
    func makeUnwelcome() {
        guard let user = random.pick(persons(.ad)) else { return }
        directories.ad.unwelcome.insert(user.anchor)
        note("ad keeps \(user.anchor.low) out of groups")
    }
}
