import Support
import SyncModel

/// Who is in which group on each side, judged from the two directories and the users' own account; the engine is not asked.
extension World {
    /// Everything is at rest: both sides have the same memberships, and those are what users made of them.
    func checkMemberships() throws {
        noteRefreshed()
        guard let form = options.groups else { return }
        checkGroups(form)
        let known = knownOnBoth(form)
        let isKnown = { (membership: Membership) in
            known.contains(membership.group) && known.contains(membership.member)
        }
        let ad = effective(form).filter(isKnown)
        let miniorange = memberships(.miniorange).filter(isKnown)
        // A group out of scope carries nothing: whoever is in another one by way of it was so when it was last seen.
        let unseen = form == .flattened ? effective(form, outOfScope: true).subtracting(ad) : []
        for membership in ad.symmetricDifference(miniorange).subtracting(unseen).sorted() {
            let side: Side = ad.contains(membership) ? .ad : .miniorange
            fail("\(membership.member.lossyText) is in \(membership.group.lossyText) at \(side.name) only")
        }
        let direct = memberships(.ad).filter(isKnown)
        checkIntents(form, form == .flattened ? direct : ad, known, reported: try undatedMemberships())
        checkPlaceholders()
        memberships.settled(form == .flattened ? direct : ad.intersection(miniorange), known)
    }

    /// A group that the LDAP side knows by its name alone is made at AD for somebody who listed that name, or again where one of that name was deleted.
    func checkIsNamed(_ write: Write) {
        guard write.side == .ad, options.groups?.hasEntries == false,
            case .add(_, let classes, let attributes) = write.operation, classes.contains("group"),
            let name = attributes["samaccountname"].first
        else { return }
        let isNamed = memberships.wasListed(name) || history.formerHolders[name] != nil
        if !isNamed { fail("\(name.lossyText) is made at ad, and nobody named it") }
    }

    // MARK: What is there

    /// Groups and persons that are in scope on both sides, each once.
    private func knownOnBoth(_ form: GroupForm) -> Set<Octets> {
        var counts = PerSide<[Octets: Int]>(both: [:])
        for side in Side.allCases {
            for entry in persons(side) + groups(side) where isInScope(entry.anchor, side) {
                if let id = id(of: entry.anchor, side) { counts[side][id, default: 0] += 1 }
            }
        }
        return Set(counts.ad.filter { $0.value == 1 }.keys).filter { id in
            counts.miniorange[id] == 1 || !form.hasEntries && !isPerson(id)
        }
    }

    private func isPerson(_ id: Octets) -> Bool { history.people[id] != nil }

    /// The memberships that entries in scope hold, or all, by who they are.
    private func memberships(_ side: Side, outOfScope: Bool = false) -> Set<Membership> {
        if side == .miniorange && options.groups?.hasEntries == false { return listed() }
        var found: Set<Membership> = []
        for group in groups(side) where outOfScope || isInScope(group.anchor, side) {
            guard let groupID = id(of: group.anchor, side) else { continue }
            for value in group.attributes[memberAttribute(side)] {
                guard let member = target(of: value, side), outOfScope || isInScope(member, side),
                    let id = id(of: member, side)
                else {
                    continue
                }
                found.insert(Membership(group: groupID, member: id))
            }
        }
        guard side == .ad && includesPrimaryGroup else { return found }
        for person in persons(.ad) where isInScope(person.anchor, .ad) {
            guard let group = directories.ad.primaryGroup(of: person.anchor), outOfScope || isInScope(group, .ad),
                let groupID = id(of: group, .ad), let id = id(of: person.anchor, .ad)
            else { continue }
            found.insert(Membership(group: groupID, member: id))
        }
        return found
    }

    /// By the names at each user.
    private func listed() -> Set<Membership> {
        var found: Set<Membership> = []
        for person in persons(.miniorange) where isInScope(person.anchor, .miniorange) {
            guard let id = id(of: person.anchor, .miniorange) else { continue }
            for name in listedNames(person) {
                if let group = group(named: name) { found.insert(Membership(group: group, member: id)) }
            }
        }
        return found
    }

    /// What AD's memberships come to on the other side.
    private func effective(_ form: GroupForm, outOfScope: Bool = false) -> Set<Membership> {
        let direct = memberships(.ad, outOfScope: outOfScope)
        if form.nests { return direct }
        if form != .flattened { return direct.filter { isPerson($0.member) } }
        var members: [Octets: [Octets]] = [:]
        for membership in direct { members[membership.group, default: []].append(membership.member) }
        var found: Set<Membership> = []
        for group in members.keys {
            var seen: Set<Octets> = [group]
            var rest = [group]
            while let next = rest.popLast() {
                for member in members[next] ?? [] where seen.insert(member).inserted {
                    if isPerson(member) {
                        found.insert(Membership(group: group, member: member))
                    } else {
                        rest.append(member)
                    }
                }
            }
        }
        return found
    }

    // MARK: What users wanted

    /// Those that a person is told of since everything was last at rest: whether they were taken away or are lacking nobody could tell.
    private func undatedMemberships() throws -> Set<Membership> {
        let conflicts = try store.conflicts()
        defer { conflictsAtRest = conflicts.count }
        var found: Set<Membership> = []
        for conflict in conflicts.dropFirst(conflictsAtRest) where conflict.decision == .undated {
            if !isDoubtful(conflict) { fail("a membership is called undated, and could be dated") }
            guard case .member(let member) = conflict.subject, let group = try id(ofPair: conflict.pair),
                let member = try id(ofPair: member)
            else { continue }
            found.insert(Membership(group: group, member: member))
        }
        return found
    }

    /// Whether nobody can tell if a restored server showed a membership as it was set since. Its side is the one whose stamp is told, if any is.
    private func isDoubtful(_ conflict: ConflictRecord) -> Bool {
        let told = Side.allCases.filter { conflict.stamps[$0] != nil }
        return (told.isEmpty ? Side.allCases : told).contains { isDoubtful(conflict.stamps[$0], $0) }
    }

    /// The server does not say when, or that was in the moment up to which everything was known, or by a clock that shows less since.
    private func isDoubtful(_ stamp: Stamp?, _ side: Side) -> Bool {
        guard wasRestored[side] else { return false }
        guard let stamp, stamp.source != .entry else { return !directories[side].tellsAttributeStamps }
        if let jump = lastClockJump, stamp.time > jump.advanced(byMilliseconds: directories[side].clockOffset) {
            return true
        }
        let end = stamp.time.advanced(byMilliseconds: stamp.granularity)
        // Before that it is older; until two seconds later a domain controller was yet to be asked for it.
        return restores[side].contains {
            end > $0.lowerBound && stamp.time <= $0.upperBound.advanced(byMilliseconds: 2_000)
        }
    }

    private func id(ofPair pair: PairID) throws -> Octets? {
        guard let anchors = try store.read({ try $0.pair(pair) })?.anchors else { return nil }
        return Side.allCases.compactMap { side in anchors[side].flatMap { id(of: $0, side) } }.first
    }

    private func checkIntents(
        _ form: GroupForm,
        _ now: Set<Membership>,
        _ known: Set<Octets>,
        reported: Set<Membership>
    ) {
        let moves = memberships.moves()
        let settled = memberships.settled
        for membership in now.union(settled).union(moves.keys).sorted() {
            let ids = [membership.group, membership.member]
            guard ids.allSatisfy(known.contains) else { continue }
            let name = "\(membership.member.lossyText) in \(membership.group.lossyText)"
            let isThere = now.contains(membership)
            let move = moves[membership] ?? (false, false)
            if isThere && !memberships.wasEverAdded(membership) && !isListed(membership) {
                fail("\(name): nobody ever added it")
            }
            // What a deletion, or a way out of scope and back, does to a membership depends on what else happened.
            let isSteady = ids.allSatisfy { memberships.settledMembers.contains($0) || history.isNew($0) }
            guard isSteady, !ids.contains(where: memberships.unsteady.contains), form != .flattened else { continue }
            if !isThere && reported.contains(membership) { continue }
            let wasThere = settled.contains(membership)
            if isThere && !wasThere && !move.isAdded && !memberships.waiting.contains(membership.member) {
                fail("\(name): nobody added it since the last rest")
            }
            if !isThere && wasThere && !move.isRemoved { fail("\(name): nobody removed it") }
            if !isThere && move.isAdded && !move.isRemoved { fail("\(name): added, and lost") }
            if isThere && move.isRemoved && !move.isAdded && !isImplied(membership) {
                fail("\(name): removed, and there again")
            }
        }
    }

    /// Under the name that the group was made for.
    private func isListed(_ membership: Membership) -> Bool {
        guard let group = groups(.ad).first(where: { id(of: $0.anchor, .ad) == membership.group }),
            let made = directories.ad.log.first(where: { $0.anchor == group.anchor })?.snapshot,
            let name = made.attributes["samaccountname"].first
        else { return false }
        let own = name.caseFolded
        if memberships.listed[membership.member]?.contains(own) == true { return true }
        // Somebody else has listed it while the group that had the name was being deleted: a name in a list does not tell which group it was given for.
        guard memberships.listed.values.contains(where: { $0.contains(own) }) else { return false }
        let namesakes = directories.ad.log.compactMap(\.snapshot).filter {
            $0.attributes["samaccountname"].first?.caseFolded == own
        }
        return Set(namesakes.flatMap { $0.attributes[WorldMapping.group] }).contains { former in
            memberships.wasEverAdded(Membership(group: former, member: membership.member))
        }
    }

    /// By the primary group, now or since everything was at rest.
    private func isImplied(_ membership: Membership) -> Bool {
        if memberships.implied.contains(membership) { return true }
        guard includesPrimaryGroup,
            let person = persons(.ad).first(where: { $0.attributes[WorldMapping.person] == [membership.member] }),
            let group = directories.ad.primaryGroup(of: person.anchor)
        else { return false }
        return id(of: group, .ad) == membership.group
    }

    // MARK: Groups themselves

    private func checkGroups(_ form: GroupForm) {
        guard form.hasEntries else { return }
        var found = PerSide<[Octets: [Anchor]]>(both: [:])
        for side in Side.allCases {
            for entry in groups(side) {
                if let id = id(of: entry.anchor, side) { found[side][id, default: []].append(entry.anchor) }
            }
        }
        for id in Set(found.ad.keys).union(found.miniorange.keys).union(history.groups.keys).sorted() {
            let name = id.lossyText
            let ad = found.ad[id] ?? []
            let miniorange = found.miniorange[id] ?? []
            guard ad.count < 2, miniorange.count < 2 else {
                fail("\(name) is there twice")
                continue
            }
            if ad.contains(where: { !isInScope($0, .ad) })
                || miniorange.contains(where: { !isInScope($0, .miniorange) })
            {
                continue
            }
            if hasExiles && (ad.isEmpty || miniorange.isEmpty) { continue }
            if ad.isEmpty != miniorange.isEmpty {
                fail("\(name) is only at \(ad.isEmpty ? "miniorange" : "ad")")
            } else if ad.isEmpty && !memberships.deletedGroups.contains(id) {
                fail("\(name) is gone, and nobody deleted it")
            }
            if let ad = ad.first, let miniorange = miniorange.first { checkGroup(name, ad, miniorange) }
        }
    }

    private func checkGroup(_ name: String, _ ad: Anchor, _ miniorange: Anchor) {
        guard let ours = directories.ad.entries[ad], let theirs = directories.miniorange.entries[miniorange] else {
            return
        }
        // A server stamps name and place as one: it is not renamed there before its place is known.
        let isUnplaced = directories.miniorange.snapshot(miniorange).map { self.isUnplaced($0, .miniorange) } ?? false
        if !isUnplaced, groupName(ours, .ad) != groupName(theirs, .miniorange) { fail("\(name) has two names") }
        if !hasExiles && path(of: ad, .ad).dropFirst() != path(of: miniorange, .miniorange).dropFirst() {
            fail("\(name) is in two places")
        }
    }

    private func checkPlaceholders() {
        for group in groups(.ad) where group.attributes["member"].contains(where: isPlaceholder) {
            fail("the placeholder crossed into \(group.anchor.low)")
        }
        if directories.ad.sorted.contains(where: { $0.rdn.value == "nobody" }) {
            fail("the placeholder became an entry")
        }
    }

    // MARK: Each write

    /// Who is out of scope, and stays there, is nobody's to add or to remove.
    func checkEdit(_ write: Write) {
        guard case .editValues(let anchor, _, let edits) = write.operation else { return }
        let side = write.side
        if resting[side].contains(anchor) { fail("edits \(anchor.low) at \(side.name), which is out of scope") }
        for value in edits.add + edits.remove {
            let held = directories[side].stored(edits.attribute, value) ?? value
            guard let member = target(of: held, side), edits.attribute == memberAttribute(side),
                resting[side].contains(member) || strangers[side].contains(member)
            else { continue }
            fail("edits the membership of \(member.low) at \(side.name), which is out of scope")
        }
        let isEmptied = edits.add.contains { $0 == WorldMapping.placeholder } && side == .ad
        if isEmptied { fail("writes the placeholder to ad") }
    }
}
