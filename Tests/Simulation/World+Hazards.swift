import Support
import SyncEngine
import SyncModel

/// What does not happen in every world.
extension World {
    func meetHazard(_ side: Side) throws {
        guard let hazard = random.pick(Hazards.acting.filter { options.hazards.contains($0) }) else { return }
        switch hazard {
        case .nameSwaps: try swapNames(side)
        case .recreations: recreate(side)
        case .closures: close(side)
        case .takenNames: takeName()
        case .failovers: try failOver()
        case .purges: try purge(side)
        case .clockJumps: try setClock()
        case .fullDisk:
            isDiskFull.toggle()
            if !isDiskFull { try run([.tick]) }
        case .reconfigurations: if random.chance(30) { try reconfigure() }
        case .repetitions: feeds[side].repeatOne(directories[side], random.below(1_000_000))
        case .decisions: try decideOne()
        case .restores: try restore(side)
        case .lostRights: loseRights(side)
        default: break
        }
    }

    /// Everything that stands in the way goes: before everything is expected to come to rest.
    func endHazards() throws {
        guard options.hasOwnStreams else { return }
        if isDiskFull {
            isDiskFull = false
            note("the disk has room again")
            try run([.tick])
        }
        for side in Side.allCases where isClosed[side] {
            isClosed[side] = false
            note("\(side.name) takes writes again")
        }
        for side in Side.allCases where !directories[side].unreadable.isEmpty { giveRights(side) }
        for anchor in strangers.ad.sorted() { rename(stranger: anchor, to: fresh("stranger")) }
        try retryMended()
        try mendSetting()
    }

    /// Nothing tells that an obstacle out of the scope is gone, or that the server takes somebody as a member now. Who mends it has those looked at again that
    /// have been tried often enough.
    private func retryMended() throws {
        for (pair, record) in try store.read({ try $0.quarantined(after: nil, limit: .max) }) where record.next == nil {
            switch record.reason {
            case .refused(.ad, let refusal) where refusal.reason == .valueTaken: break
            case .members(.ad, _, _): break
            default: continue
            }
            note("a person has pair \(pair.rawValue) tried again")
            try run([.retry(pair)])
        }
    }

    /// By a server that was set back somebody out of the scope has an account that another one is to have. A person takes it from him: nothing else can mend it.
    func takeAccounts() throws {
        for (pair, record) in try store.read({ try $0.quarantined(after: nil, limit: .max) }) where record.next == nil {
            guard case .refused(.ad, let refusal) = record.reason, refusal.reason == .valueTaken,
                let anchor = try store.read({ try $0.outline(pair) })?.anchors.miniorange,
                let account = directories.miniorange.entries[anchor]?.attributes["uid"].first
            else { continue }
            for entry in directories.ad.sorted where entry.attributes["samaccountname"] == [account] {
                let free = fresh("acct")
                guard !isInScope(entry.anchor, .ad), let person = entry.attributes[WorldMapping.person].first,
                    directories.ad.modify(entry.anchor, [("samaccountname", [free])]) == nil
                else { continue }
                note("a person calls \(person.lossyText) \(free.lossyText) at ad")
                history.wrote(person, .ad, "samaccountname", free)
            }
            note("a person has pair \(pair.rawValue) tried again")
            try run([.retry(pair)])
        }
        try drain()
    }

    // MARK: People

    /// Two persons take each other's account, or each other's place in a container.
    private func swapNames(_ side: Side) throws {
        // Where only one of the two changes comes to count, both would have one name: what a server that was set back has of a name is another's by now, and what
        // is done where it does not count is taken back. Such a thing only a person can mend.
        guard !isRestoredLately[side], setting.deafTo != side else { return }
        let candidates = persons(side).filter { entry in
            settledEntries[side].contains(entry.anchor) && !setting.isNarrow
                && entry.attributes[WorldMapping.person].allSatisfy { isUntouched($0) }
        }
        guard let one = random.pick(candidates), let other = random.pick(candidates), one.anchor != other.anchor,
            let first = one.attributes[WorldMapping.person].first,
            let second = other.attributes[WorldMapping.person].first
        else { return }
        let directory = directories[side]
        if side == .ad {
            guard let mine = one.attributes["samaccountname"].first,
                let theirs = other.attributes["samaccountname"].first,
                directory.modify(one.anchor, [("samaccountname", [fresh("swap")])]) == nil,
                directory.modify(other.anchor, [("samaccountname", [mine])]) == nil,
                directory.modify(one.anchor, [("samaccountname", [theirs])]) == nil
            else { return }
            noteSwap(first, theirs, second, mine, side)
        } else {
            // What is on its way, and what is written before the news is here, would name the other one. A read that is under way would come before it; and who was
            // added before is read when that is told, and may be read after it.
            while !feeds[side].isConnected || feeds[side].isBehind(directory) {
                try tell(side, limit: 10_000)
                while !feeds[side].undelivered.isEmpty { try deliver(from: side) }
            }
            executeEdits(side)
            guard !isDiskFull, isClosed == PerSide(both: false), let here = one.parent, let there = other.parent,
                directory.rename(one.anchor, below: here, rdn(fresh("swap"), side)) == nil,
                directory.rename(other.anchor, below: there, one.rdn) == nil,
                directory.rename(one.anchor, below: here, other.rdn) == nil
            else { return }
            noteSwap(first, other.rdn.value, second, one.rdn.value, side)
            isQuiet = true
            try tell(side, limit: 10_000)
            while !feeds[side].undelivered.isEmpty { try deliver(from: side) }
            try drain()
            isQuiet = false
        }
    }

    private func executeEdits(_ side: Side) {
        for index in requests.indices where requests[index].outcome == nil && requests[index].write.side == side {
            if case .editValues = requests[index].write.operation { execute(index) }
        }
    }

    /// In scope on both sides, and not deleted on any nor given another name since everything was at rest.
    private func isUntouched(_ person: Octets) -> Bool {
        // Whom a configuration may leave out.
        guard !history.hadAccount(person, endingIn: Setting.narrowEnding) else { return false }
        guard let past = history.people[person], let rest = history.settledOrders.last else { return false }
        return past.deletes.allSatisfy { $0.order <= rest }
            && past.writes.allSatisfy { $0.order <= rest || $0.attribute != "samaccountname" }
            && Side.allCases.allSatisfy { side in
                persons(side).contains {
                    $0.attributes[WorldMapping.person] == [person] && isInScope($0.anchor, side)
                }
            }
    }

    private func noteSwap(_ first: Octets, _ firstName: Octets, _ second: Octets, _ secondName: Octets, _ side: Side) {
        history.swapped(first, second)
        history.wrote(first, side, "samaccountname", firstName)
        history.wrote(second, side, "samaccountname", secondName)
        note("user swaps the accounts of \(first.lossyText) and \(second.lossyText) at \(side.name)")
        // Lists of uids now name the other one.
        guard options.groups == .memberUid else { return }
        for person in [first, second] { memberships.becameUnsteady(person) }
        memberships.tookNames(first, second)
    }

    private func rdn(_ account: Octets, _ side: Side) -> RelativeDistinguishedName {
        RelativeDistinguishedName(type: side == .ad ? "CN" : "uid", value: account)
    }

    /// Somebody who was deleted is made again, under the account that he had: maybe before the other side knows that he was gone.
    private func recreate(_ side: Side) {
        let candidates = history.sorted.filter { person, past in
            past.deletes.contains { $0.side == side }
                && !past.writes.contains { $0.attribute == "@elsewhere" }
                && !history.swapping.contains(person)
                && (!options.isFull || keepsName(past) && isLeft(person, by: past.account, side.opposite))
                && (options.isFull || past.deletes.allSatisfy { $0.order <= history.settledOrders.last ?? 0 })
                && (options.isFull ? [side] : Side.allCases).allSatisfy { side in
                    !persons(side).contains { $0.attributes[WorldMapping.person] == [person] }
                }
        }
        guard let (person, past) = random.pick(candidates.map { ($0.0, $0.1) }),
            let account = options.isFull
                ? past.account : past.writes.last(where: { $0.attribute == "samaccountname" })?.value,
            !isTaken(account, but: person), let container = placeToReturn(person, side)
        else { return }
        create(person, account, on: side, below: container)
        memberships.becameUnsteady(person)
    }

    /// Else he may be one person on this side and another on the other one, or be made at his former place by the engine, who may not know the new one yet.
    private func keepsName(_ past: UserHistory.Person) -> Bool {
        past.writes.allSatisfy {
            !["samaccountname", "@parent"].contains($0.attribute) || $0.order <= history.settledOrders.last ?? 0
        }
    }

    /// Whether the other side has somebody by an account, if at all: a server that was set back may have had another one of his.
    private func isLeft(_ person: Octets, by account: Octets?, _ side: Side) -> Bool {
        persons(side).allSatisfy { entry in
            entry.attributes[WorldMapping.person] != [person] || self.account(of: entry, side) == account
        }
    }

    /// Where he stands on the other side, or stood: elsewhere the engine, who may be just making him again or be about to, would make a second one, as AD alone
    /// forbids.
    private func placeToReturn(_ person: Octets, _ side: Side) -> Anchor? {
        guard options.isFull else { return random.pick(containers(side)) }
        let left = persons(side.opposite).first { $0.attributes[WorldMapping.person] == [person] }
        var stood = left.flatMap { place(of: $0, side.opposite) }
        if left == nil, let past = history.people[person], let deleted = past.deletes.last?.order,
            deleted > history.settledOrders.last ?? 0
        {
            stood = past.place
        }
        guard let stood else { return random.pick(containers(side)) }
        return containers(side).first { path(of: $0, side).map(\.caseFolded) == stood }
    }

    private func isTaken(_ account: Octets, but person: Octets) -> Bool {
        Side.allCases.contains { side in
            directories[side].sorted.contains { entry in
                entry.attributes[WorldMapping.attribute("samaccountname", side)].contains(account)
                    && entry.attributes[WorldMapping.person] != [person]
            }
        }
    }

    // MARK: Servers

    private func close(_ side: Side) {
        isClosed[side].toggle()
        note("\(side.name) \(isClosed[side] ? "refuses all writes" : "takes writes again")")
    }

    private func loseRights(_ side: Side) {
        guard directories[side].unreadable.isEmpty else { return giveRights(side) }
        let attributes = WorldMapping.registers + [WorldMapping.set, "manager", "seealso", "member"]
        // Most often one that somebody has, of whom something is changed then: only that shows it.
        let entry = random.chance(80) ? random.pick(persons(side)) : nil
        let held = attributes.filter { entry?.attributes[$0].isEmpty != true }
        guard let attribute = random.pick(held) else { return }
        defer { if let entry { touch(entry, side) } }
        hasLostRights = true
        directories[side].unreadable = [attribute]
        history.sees(attribute, false)
        note("\(side.name) does not show \(attribute) any more")
    }

    private func giveRights(_ side: Side) {
        for attribute in directories[side].unreadable.sorted() { history.sees(attribute, true) }
        directories[side].unreadable = []
        note("\(side.name) shows everything again")
    }

    /// What was there before it could be read no feed tells: whoever gives the right has both directories compared.
    func compareAfterRights() throws {
        guard hasLostRights, failures.isEmpty else { return }
        hasLostRights = false
        note("a person has both directories compared")
        try run([.comparison(.begin)])
        for side in Side.allCases {
            let shown = directories[side].sorted.compactMap { directories[side].snapshotWithMembers($0.anchor) }
            try run([
                .comparison(.scanned(side, shown)), .comparison(.complete(side, present: shown.map(\.anchor).sorted())),
            ])
        }
        try drain()
        while failures.isEmpty, engine.comparisonProgress?.isWalked == false {
            try run([.comparison(.pairs(limit: 100))])
            try drain()
        }
        try run([.comparison(.end)])
        try drain()
    }

    /// A stranger at AD gets the account of somebody who may yet be on his way there.
    private func takeName() {
        guard let stranger = random.pick(strangers.ad.sorted()), let person = random.pick(persons(.miniorange)) else {
            return
        }
        rename(stranger: stranger, to: person.rdn.value)
    }

    private func rename(stranger: Anchor, to account: Octets) {
        guard options.hazards.contains(.takenNames),
            directories.ad.modify(stranger, [("samaccountname", [account])]) == nil
        else { return }
        note("stranger \(stranger.low) is called \(account.lossyText) at ad")
    }

    /// Another domain controller, which has everything but counts by itself.
    private func failOver() throws {
        guard random.chance(30) else { return }
        if options.isFull { try cutOff(.ad) } else { try disconnect(.ad) }
        directories.ad.becomeAnotherServer(firstSequence: UInt64(random.below(500)))
        if options.isFull { stepBacks.ad = stepBacks.ad ?? .anotherServer }
        note("ad fails over to another domain controller")
    }

    private func purge(_ side: Side) throws {
        guard random.chance(30) else { return }
        try disconnect(side)
        purged[side] = true
        note("\(side.name) has purged its log")
    }

    /// A backup is made, or the one that there is takes the server's place: with everything at rest, so that whatever it lacks is on the other side. Who was
    /// made or deleted since would be left to a person.
    private func restore(_ side: Side) throws {
        // What follows from other memberships has no stamp of its own.
        guard options.groups != .flattened, !includesPrimaryGroup else { return }
        let directory = directories[side]
        guard let backup = backups[side], random.chance(50) else {
            // It takes longer than slapd takes to follow, which a restored one would never do.
            if side == .miniorange { followAll() }
            backups[side] = directory.backUp()
            backupMoments[side] = history.present
            note("\(side.name) is backed up")
            // What it holds is older than whatever is known last, beyond what can be known of the clocks.
            return try pass(milliseconds: 2_000)
        }
        try settle()
        // A server whose clock was set back stamps by its last change until the clock has caught up: by then nothing tells what is of before.
        guard failures.isEmpty, backup.anchors == Set(directory.entries.keys),
            let known = try store.read({ try $0.cursor(side)?.knownUntil }), directory.newestStamp <= known
        else {
            backups[side] = nil
            return
        }
        // The engine is told until when it knew everything by the server's clock, to the second.
        try pass(milliseconds: 2_000)
        try cutOff(side)
        let lonely = lonelyValues(side)
        directory.restore(backup)
        history.lost(since: backupMoments[side], on: side, lacking: lackedValues(side), lonely: lonely)
        stepBacks[side] = .restored
        wasRestored[side] = true
        restores[side].append(known...max(known, now.advanced(byMilliseconds: directory.clockOffset)))
        isRestoredLately[side] = true
        resting[side] = []
        note("\(side.name) is restored from its backup")
    }

    /// What people's entries hold that the other side could not be told of: beside the one value that AD has, or with no entry there, since its container is out of the scope.
    private func lonelyValues(_ side: Side) -> Set<Octets> {
        var lonely: Set<Octets> = []
        for entry in persons(side) {
            let others = persons(side.opposite).filter {
                $0.attributes[WorldMapping.person] == entry.attributes[WorldMapping.person]
            }
            if others.isEmpty { lonely.formUnion(entry.attributes.items.flatMap(\.values)) }
            guard side == .miniorange else { continue }
            for attribute in WorldMapping.registers {
                let values = entry.attributes[WorldMapping.attribute(attribute, side)]
                let atAD = others.flatMap { $0.attributes[attribute] }
                if atAD.contains(where: values.contains) { lonely.formUnion(values.filter { !atAD.contains($0) }) }
            }
        }
        return lonely
    }

    /// What users wrote of persons, and their entries at this side do not hold.
    private func lackedValues(_ side: Side) -> Set<Octets> {
        var lacked: Set<Octets> = []
        for entry in persons(side) {
            guard let past = entry.attributes[WorldMapping.person].first.flatMap({ history.people[$0] }) else {
                continue
            }
            for write in past.writes {
                guard let value = write.value else { continue }
                if !entry.attributes[WorldMapping.attribute(write.attribute, side)].contains(value) {
                    lacked.insert(value)
                }
            }
        }
        return lacked
    }

    /// A process that is killed by it is connected again.
    private func cutOff(_ side: Side) throws {
        while feeds[side].isConnected { try disconnect(side) }
    }

    private func setClock() throws {
        let jump = Int64(random.below(1_200_000)) - 600_000
        lastClockJump = now
        switch random.below(3) {
        case 0: clockOffset += jump
        case 1: directories.ad.clockOffset += jump
        default: directories.miniorange.clockOffset += jump
        }
        note(
            "a clock is set: ours \(clockOffset), \(Side.allCases.map { "\($0.name) \(directories[$0].clockOffset)" })"
        )
        measureClocks()
    }
}
