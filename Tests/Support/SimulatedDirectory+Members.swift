package import SyncModel

/// Who is in which group, as the two servers hold, follow and tell it.
extension SimulatedDirectory {
    /// Attributes that hold the members of a group.
    package static let memberAttributes: Set<String> = ["member", "uniquemember", "memberuid"]
    /// Those of them whose values the server rewrites as the named entries are renamed and deleted. memberUid is text, and stays as it is.
    package static let maintainedMembers: Set<String> = ["member", "uniquemember"]

    // MARK: Values

    /// What the entry holds for values as a client sends them; nil where one names nothing and this server minds.
    package func stored(_ attribute: String, _ values: [Octets]) -> [Octets]? {
        var stored: [Octets] = []
        for value in values {
            guard let held = self.stored(attribute, value) else { return nil }
            stored.append(held)
        }
        return stored
    }

    /// AD looks for each entry that a DN attribute names; slapd takes any DN as a member.
    package func stored(_ attribute: String, _ value: Octets) -> Octets? {
        let isMember = Self.maintainedMembers.contains(attribute)
        guard isMember || Self.referenceAttributes.contains(attribute) else { return value }
        let extended = side == .ad && isMember ? ExtendedName(parsing: value) : ExtendedName(anchor: nil, name: value)
        if let anchor = extended.anchor { return entries[anchor].map { Reference.entry($0.anchor).octets } }
        guard let name = try? DistinguishedName(parsing: extended.name) else { return nil }
        if let anchor = anchor(named: name) { return Reference.entry(anchor).octets }
        return isMember && side == .miniorange ? Reference.unresolved(name).octets : nil
    }

    /// Held values as the server tells them: DNs as they are at this moment, at AD with the objectGUID before a member's.
    package func told(_ attribute: String, _ values: [Octets]) -> [Octets] {
        let isMember = Self.maintainedMembers.contains(attribute)
        guard isMember || Self.referenceAttributes.contains(attribute) else { return values }
        return values.compactMap { value in
            switch Reference(value) {
            case .entry(let target):
                guard let name = name(of: target) else { return nil }
                let text = Octets(name.description)
                return isMember && side == .ad ? Octets(ExtendedName.value(target).bytes + [0x3B] + text.bytes) : text
            case .unresolved(let name): return Octets(name.description)
            case nil: return nil
            }
        }
    }

    /// A search for the entry's DN among the members.
    func groups(of anchor: Anchor) -> WriteOutcome {
        guard entries[anchor] != nil else { return .gone }
        return .found(sorted.filter { members(of: $0.anchor).contains(anchor) }.compactMap { snapshot($0.anchor) })
    }

    /// The entries that a group's values name, in the order of anchors.
    package func members(of group: Anchor) -> [Anchor] {
        guard let entry = entries[group] else { return [] }
        var members: [Anchor] = []
        for value in entry.attributes["member"] + entry.attributes["uniquemember"] {
            if case .entry(let member) = Reference(value) { members.append(member) }
        }
        return members.sorted()
    }

    func memberChanges(
        from before: Attributes,
        to after: Attributes
    ) -> [(attribute: String, value: Octets, isAdded: Bool)] {
        Self.memberAttributes.sorted().flatMap { attribute in
            let (old, new) = (before[attribute], after[attribute])
            guard old != new else { return [(attribute: String, value: Octets, isAdded: Bool)]() }
            return old.filter { !new.contains($0) }.map { (attribute, $0, false) }
                + new.filter { !old.contains($0) }.map { (attribute, $0, true) }
        }
    }

    // MARK: What a server does of itself

    /// A deleted member goes from its groups without a trace. slapd keeps the name where the group's class demands a member and there is no other.
    func dropMember(_ anchor: Anchor, _ name: DistinguishedName) {
        let gone = Reference.entry(anchor).octets
        for group in entries.keys {
            for attribute in Self.maintainedMembers {
                guard let values = entries[group]?.attributes[attribute], values.contains(gone) else { continue }
                let isLast = side == .miniorange && values.count == 1 && demandsMember(group)
                let rest = values.filter { $0 != gone } + (isLast ? [Reference.unresolved(name).octets] : [])
                entries[group]?.attributes[attribute] = rest
            }
        }
    }

    /// slapd looks for the old name and names below it in values that name nothing, too.
    func followRename(from old: DistinguishedName, to new: DistinguishedName) {
        rewriteUnresolved { name in
            name.relative(to: old).map { .unresolved(DistinguishedName($0 + new.rdns)) }
        }
    }

    /// A name that nobody had has an owner now: to slapd it was the same text before.
    func attachNames() {
        rewriteUnresolved { name in anchor(named: name).map { .entry($0) } }
    }

    private func rewriteUnresolved(_ rewrite: (DistinguishedName) -> Reference?) {
        guard side == .miniorange else { return }
        for group in entries.keys {
            for attribute in Self.maintainedMembers {
                guard let values = entries[group]?.attributes[attribute], !values.isEmpty else { continue }
                let rewritten = values.map { value in
                    guard case .unresolved(let name) = Reference(value), let other = rewrite(name) else { return value }
                    return other.octets
                }
                if rewritten != values { entries[group]?.attributes[attribute] = rewritten }
            }
        }
    }

    /// The entry, and what stands in it, gets another name or none: until refint has followed, members' values are the text that they were.
    func leaveBehind(_ anchor: Anchor) {
        guard side == .miniorange, let top = name(of: anchor) else { return }
        rewriteMembers { value in
            guard case .entry(let member) = Reference(value), let name = name(of: member),
                name.isEqualOrDescendant(of: top)
            else { return value }
            return Reference.unresolved(name).octets
        }
    }

    /// refint does what it has to do next. It looks for text, whoever has the name by now.
    package func followNext() {
        guard !unfollowed.isEmpty else { return }
        let (old, new) = unfollowed.removeFirst()
        rewriteMembers { value in
            guard let text = text(of: value) else { return value }
            guard let new else { return text.normalized == old.normalized ? nil : value }
            return text.relative(to: old).map { Reference.unresolved(DistinguishedName($0 + new.rdns)).octets } ?? value
        }
        attachNames()
    }

    /// Who is meant by a name that refint has yet to rewrite.
    package func owner(ofFormer name: DistinguishedName) -> Anchor? {
        var name = name
        var isFormer = false
        for rename in unfollowed {
            guard let below = name.relative(to: rename.old) else { continue }
            guard let new = rename.new else { return nil }
            name = DistinguishedName(below + new.rdns)
            isFormer = true
        }
        return isFormer ? anchor(named: name) : nil
    }

    private func text(of member: Octets) -> DistinguishedName? {
        switch Reference(member) {
        case .entry(let anchor): name(of: anchor)
        case .unresolved(let name): name
        case nil: nil
        }
    }

    /// Nil takes a value away, where the group can do without.
    private func rewriteMembers(_ rewrite: (Octets) -> Octets?) {
        for group in entries.keys {
            for attribute in Self.maintainedMembers {
                guard let values = entries[group]?.attributes[attribute], !values.isEmpty else { continue }
                var rewritten: [Octets] = []
                for value in values.compactMap(rewrite) where !rewritten.contains(value) { rewritten.append(value) }
                if rewritten.isEmpty && demandsMember(group) { continue }
                if rewritten != values { entries[group]?.attributes[attribute] = rewritten }
            }
        }
    }

    func demandsMember(_ group: Anchor) -> Bool {
        entries[group]?.attributes["objectclass"].contains("groupOfNames") ?? false
    }

    // MARK: The primary group

    /// S-1-5-21-1-2-3-1000 and so on; the group's RID is the number behind 1000.
    static func sid(_ number: UInt64) -> Octets {
        let authorities: [UInt32] = [21, 1, 2, 3, relativeID(number)]
        return Octets(
            [1, UInt8(authorities.count), 0, 0, 0, 0, 0, 5]
                + authorities.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }
        )
    }

    private static func relativeID(_ number: UInt64) -> UInt32 { 1_000 + UInt32(number) }

    /// The value of primaryGroupID that names a group at AD.
    package func primaryGroupID(of group: Anchor) -> Octets { Octets(String(Self.relativeID(group.low))) }

    package func primaryGroup(of user: Anchor) -> Anchor? {
        guard let value = entries[user]?.attributes["primarygroupid"].first else { return nil }
        return entries.values.first { entry in
            entry.attributes["objectclass"].contains("group") && primaryGroupID(of: entry.anchor) == value
        }?.anchor
    }

    /// As AD does it: the user must be a member, goes from the new group's members and comes to those of the one before. Nil: none that is a group here.
    package func setPrimaryGroup(of user: Anchor, to group: Anchor?) -> SimulatedRefusal? {
        guard entries[user] != nil else { return .noSuchEntry }
        let old = primaryGroup(of: user)
        if group == old { return nil }
        let reference = Reference.entry(user).octets
        if let group {
            guard let members = entries[group]?.attributes["member"], members.contains(reference) else {
                return .invalid
            }
            _ = modify(group, [("member", members.filter { $0 != reference })])
        }
        _ = modify(user, [("primarygroupid", [group.map(primaryGroupID) ?? "513"])])
        if let old, let members = entries[old]?.attributes["member"] {
            _ = modify(old, [("member", members + [reference])])
        }
        return nil
    }
}
