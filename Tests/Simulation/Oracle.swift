import Support
import SyncEngine
import SyncModel

/// The three promises, judged from the two directories, the users' own account and the conflict report; the engine is not asked.
extension World {
    /// `withReferences`: both sides were read as a whole since the last write. A value that names an entry under a name that it had before it was known is
    /// understood only then.
    func checkAgreement(withReferences: Bool) throws {
        var found = PerSide<[Octets: [EntrySnapshot]]>(both: [:])
        for side in Side.allCases {
            for entry in persons(side) {
                guard let person = entry.attributes[WorldMapping.person].first,
                    let snapshot = directories[side].snapshot(entry.anchor)
                else { continue }
                found[side][person, default: []].append(snapshot)
            }
        }
        let conflicting = Set(
            try store.conflicts().flatMap { $0.values.ad + $0.values.miniorange }
        )
        for conflict in try store.conflicts() {
            checkTime(conflict)
            checkWinner(conflict)
        }
        try store.read { transaction in
            for side in Side.allCases where !wasRestored[side] {
                try transaction.forEachAnchor(side, after: nil) { anchor in
                    for row in try transaction.stamps(side, anchor) { checkStamp(row, side, anchor) }
                    return true
                }
            }
        }
        for (id, person) in history.sorted {
            // Who is out of scope on one side, and was made anew there, is somebody else.
            let ad = inScope(found.ad[id] ?? [], .ad)
            let miniorange = inScope(found.miniorange[id] ?? [], .miniorange)
            let name = id.lossyText
            guard ad.count < 2, miniorange.count < 2 else {
                fail("\(name) is there twice")
                continue
            }
            if isElsewhere(ad.first, .ad) || isElsewhere(miniorange.first, .miniorange) { continue }
            // Nobody can stand on the side where his container is out of scope.
            if hasExiles && (ad.isEmpty || miniorange.isEmpty) { continue }
            checkExistence(name, person, ad.first, miniorange.first)
            if let ad = ad.first, let miniorange = miniorange.first {
                for difference in differences(person, ad, miniorange, withReferences) { fail("\(name): \(difference)") }
            }
            let all = (found.ad[id] ?? []) + (found.miniorange[id] ?? [])
            checkValues(name, person, ad.first, miniorange.first, all, conflicting)
        }
    }

    /// What the cache says of who set a value, and when, is so.
    private func checkStamp(_ row: AttributeStamp, _ side: Side, _ anchor: Anchor) {
        guard directories[side].entries[anchor] != nil else { return }
        // Of the entry's last change: the attribute was set then, or before, or never.
        guard row.stamp.source != .entry else { return }
        let told = "\(side.name) \(anchor.low) \(row.attribute)"
        guard let truth = directories[side].stamps[anchor]?[row.attribute] else {
            return fail("\(told) bears a stamp and was never set")
        }
        // A value that was changed and changed back, and never seen in between, is the one that was known; so it is where it is ours.
        guard row.stamp.time.milliseconds + row.stamp.granularity > truth.time.milliseconds else { return }
        // Ours that is not known to be is told as somebody's: the answer was lost. The other way round a person's intent would be passed over.
        if row.stamp.isOurs, directories[side].isOurs[anchor]?[row.attribute] == false,
            !directories[side].isAsWeLeft(row.attribute, anchor)
        {
            fail("\(told) is called ours")
        }
        if [.attribute, .log, .value].contains(row.stamp.source), row.stamp.time != truth.time {
            fail("\(told) bears another time than its own")
        }
    }

    /// What was decided by time was decided rightly: by true time, whatever the servers' clocks showed.
    private func checkTime(_ conflict: ConflictRecord) {
        guard conflict.decision == .later, !options.hazards.contains(.clockJumps) else { return }
        guard let won = conflict.stamps[conflict.winner], let lost = conflict.stamps[conflict.winner.opposite] else {
            return fail("decided by time without stamps")
        }
        let latest = won.time.milliseconds + won.granularity - directories[conflict.winner].clockOffset
        let earliest = lost.time.milliseconds - directories[conflict.winner.opposite].clockOffset
        if latest <= earliest { fail("an earlier value took the place of a later one") }
    }

    /// Those in scope, where there is one.
    private func inScope(_ entries: [EntrySnapshot], _ side: Side) -> [EntrySnapshot] {
        let found = entries.filter { !isElsewhere($0, side) }
        return found.isEmpty ? Array(entries.prefix(1)) : found
    }

    private func isElsewhere(_ entry: EntrySnapshot?, _ side: Side) -> Bool {
        guard let entry else { return false }
        return !entry.name.isDescendant(of: WorldMapping.base(side))
    }

    private func checkExistence(
        _ name: String,
        _ person: UserHistory.Person,
        _ ad: EntrySnapshot?,
        _ miniorange: EntrySnapshot?
    ) {
        if person.deletes.isEmpty {
            for (side, entry) in [(Side.ad, ad), (.miniorange, miniorange)] where entry == nil {
                fail("\(name) is missing at \(side.name), and nobody deleted it")
            }
            return
        }
        if (ad == nil) != (miniorange == nil) {
            fail("\(name) is only at \(ad == nil ? "miniorange" : "ad")")
        }
        let counting = person.deletes.filter { history.counts($0.order, on: $0.side) }
        // What one side did was undone by a configuration: whoever was made or deleted there is as the other side has it.
        guard counting.count == person.deletes.count else { return }
        guard let last = person.deletes.last?.order, ad != nil || miniorange != nil else { return }
        let settled = history.settledOrders.last { $0 < last } ?? 0
        // What happens on one side while the entry is out of scope on the other is not carried over, and then wins.
        if person.writes.contains(where: { $0.attribute == "@elsewhere" }) { return }
        // Nor is a reference to such a one, or a place there, which is still to be carried, and wins.
        if uncarried[settled]?.contains(Octets(name)) == true { return }
        let isTouched =
            person.writes.contains { $0.order > settled } || person.creations.contains { $0.order > settled }
            || person.deletes.contains { $0.order > settled && $0.order < last }
        if !isTouched && settled > 0 { fail("\(name) came back, and nobody wanted it") }
    }

    /// What an administrator who looks at both entries would call different.
    private func differences(
        _ person: UserHistory.Person,
        _ ad: EntrySnapshot,
        _ miniorange: EntrySnapshot,
        _ withReferences: Bool
    ) -> [String] {
        var differences: [String] = []
        for attribute in ["samaccountname", "cn", WorldMapping.person] + WorldMapping.registers {
            let theirs = miniorange.attributes[WorldMapping.attribute(attribute, .miniorange)]
            guard let ours = ad.attributes[attribute].first else {
                // What stands in for a name that nobody gave is the other side's own affair.
                if !theirs.isEmpty && WorldMapping.isOneToOne(attribute) {
                    differences.append("\(attribute) only there")
                }
                continue
            }
            let isShown = theirs.contains { $0 == ours || attribute == "cn" && isCounted(ours, $0) }
            // It is an entry's name, here or there, and a server stamps name and place as one: it is not renamed before its place is known.
            if attribute == "cn", isUnplaced(ad, .ad) || isUnplaced(miniorange, .miniorange) { continue }
            if attribute == "samaccountname", awaitsPlace(person, ad, miniorange) { continue }
            if !isShown { differences.append("\(attribute) is \(ours.lossyText) at ad, \(describe(theirs)) there") }
        }
        if ad.attributes[WorldMapping.set] != miniorange.attributes[WorldMapping.set] {
            differences.append(
                "\(WorldMapping.set) is \(describe(ad.attributes[WorldMapping.set])) at ad, "
                    + "\(describe(miniorange.attributes[WorldMapping.set])) there"
            )
        }
        let isDisabled = ad.attributes["useraccountcontrol"] == ["514"]
        if isDisabled == miniorange.attributes["pwdaccountlockedtime"].isEmpty { differences.append("account state") }
        for attribute in withReferences ? ["manager", "seealso"] : [] {
            // What names someone who can't be named on both sides stays as it is, on both.
            guard let ours = targets(ad.attributes[attribute], .ad),
                let theirs = targets(miniorange.attributes[attribute], .miniorange)
            else { continue }
            if ours != theirs {
                differences.append("\(attribute) is \(describe(ours)) at ad, \(describe(theirs)) there")
            }
        }
        if !hasExiles && place(ad, .ad) != place(miniorange, .miniorange) { differences.append("place") }
        return differences
    }

    /// Whether an entry stands where the other side has no container, since that is out of the scope.
    func isUnplaced(_ entry: EntrySnapshot, _ side: Side) -> Bool {
        hasExiles && !containers(side.opposite).contains { path(of: $0, side.opposite) == place(entry, side) }
    }

    /// Whether the entry of the LDAP side is not called by the account that AD has: it stands in a place that a user chose there, and which of the two places is the
    /// later one can't be told while one of them is out of the scope on the other side.
    private func awaitsPlace(
        _ person: UserHistory.Person,
        _ ad: EntrySnapshot,
        _ miniorange: EntrySnapshot
    ) -> Bool {
        if isUnplaced(miniorange, .miniorange) { return true }
        return isUnplaced(ad, .ad) && person.writes.contains { $0.attribute == "@parent" && $0.side == .miniorange }
    }

    private func isCounted(_ ours: Octets, _ theirs: Octets) -> Bool {
        ours.lossyText.hasPrefix(theirs.lossyText + " (") && ours.lossyText.hasSuffix(")")
    }

    /// The persons that DNs name, without those who are not on both sides: servers drop such values without a word. Nil if one is out of scope.
    private func targets(_ names: [Octets], _ side: Side) -> [Octets]? {
        let persons: [Octets] = names.compactMap { value in
            guard let name = try? DistinguishedName(parsing: value), let anchor = directories[side].anchor(named: name),
                let person = directories[side].entries[anchor]?.attributes[WorldMapping.person].first,
                Side.allCases.allSatisfy({ isThere(person, $0) }) || isElsewhere(person)
            else { return nil }
            return person
        }
        return persons.contains(where: isElsewhere) ? nil : persons.sorted()
    }

    /// Who names somebody that can't be named on both sides, or stands where only one side has a container.
    func uncarriedPeople() -> Set<Octets> {
        var found: Set<Octets> = []
        for side in Side.allCases {
            for entry in persons(side) {
                guard let person = entry.attributes[WorldMapping.person].first,
                    let shown = directories[side].snapshot(entry.anchor)
                else { continue }
                let namesStranger = ["manager", "seealso"].contains { targets(shown.attributes[$0], side) == nil }
                if namesStranger || isUnplaced(shown, side) { found.insert(person) }
            }
        }
        return found
    }

    private func isThere(_ person: Octets, _ side: Side) -> Bool {
        persons(side).contains { $0.attributes[WorldMapping.person].first == person }
    }

    /// Out of scope on either side: then no value can name it on both.
    private func isElsewhere(_ person: Octets) -> Bool {
        Side.allCases.contains { side in
            persons(side).contains { entry in
                entry.attributes[WorldMapping.person].first == person
                    && isElsewhere(directories[side].snapshot(entry.anchor), side)
            }
        }
    }

    private func place(_ entry: EntrySnapshot, _ side: Side) -> [Octets] {
        guard let parent = entry.name.parent, let path = parent.relative(to: WorldMapping.base(side)) else { return [] }
        return path.map(\.normalized)
    }

    private func checkValues(
        _ name: String,
        _ person: UserHistory.Person,
        _ ad: EntrySnapshot?,
        _ miniorange: EntrySnapshot?,
        _ all: [EntrySnapshot],
        _ conflicting: Set<Octets>
    ) {
        for write in person.writes {
            guard let value = write.value, history.counts(write.order, on: write.side),
                !isSuperseded(write, person), !conflicting.contains(value), !isRepeated(write, person)
            else { continue }
            let shown = miniorange?.attributes[WorldMapping.attribute(write.attribute, .miniorange)] ?? []
            let atAD = ad?.attributes[write.attribute] ?? []
            // Further values of what AD holds one of are shown by the other side alone; that both agree is checked besides.
            if shown.contains(value) { continue }
            // It waits for the place of the entry that it is to name.
            if write.attribute == "samaccountname", atAD.contains(value), let ad, let miniorange,
                awaitsPlace(person, ad, miniorange)
            {
                continue
            }
            // Who went out of scope and was made anew there is two: what was his is where he went.
            if all.count > 2, all.contains(where: { $0.attributes.items.contains { $0.values.contains(value) } }) {
                continue
            }
            fail(
                "\(name): \(write.attribute) \(value.lossyText), written at \(write.side.name), is lost; ad \(describe(atAD))"
            )
        }
    }

    /// Who puts back what was there before changes nothing.
    private func isRepeated(_ write: UserHistory.Written, _ person: UserHistory.Person) -> Bool {
        person.writes.contains {
            $0.order < write.order && $0.attribute == write.attribute && $0.value == write.value
        }
    }

    private func isSuperseded(_ write: UserHistory.Written, _ person: UserHistory.Person) -> Bool {
        // Who was out of scope was on no other side when his server was set back.
        if history.wasElsewhere(person, whenLost: write) { return true }
        if person.deletes.contains(where: { $0.order > write.order }) { return true }
        // What nobody looked at stands against no deletion.
        if history.wasLeftOut(write) {
            let settled = history.settledOrders.last { $0 < write.order } ?? 0
            if person.deletes.contains(where: { $0.order > settled }) { return true }
        }
        // A further value of what AD holds one of is agreed as soon as it is known, and goes with a delete there.
        if case .added = write.effect, write.attribute != WorldMapping.set, !person.deletes.isEmpty { return true }
        // It has no other place: a backup from before has it no more.
        if history.stoodAlone(whenLost: write) { return true }
        return person.writes.contains { later in
            guard later.order > write.order, later.attribute == write.attribute else { return false }
            switch later.effect {
            case .replacedAll: return true
            // Who adds one to what a server holds that was set back, or takes one away, does not see what it lacks, and servers tell when the attribute was set, not each
            // value.
            case .added: return isUnseen(write, by: later)
            case .removed(let value): return value == write.value || isUnseen(write, by: later)
            }
        }
    }

    private func isUnseen(_ write: UserHistory.Written, by later: UserHistory.Written) -> Bool {
        write.attribute != WorldMapping.set && history.isLacked(write, by: later)
    }

    /// What the durable cursor has passed is in the cache, or is about to be read.
    func checkCursors() throws {
        for side in Side.allCases where stepBacks[side] == nil {
            guard let cursor = try store.read({ try $0.cursor(side) }),
                try store.read({ try Engine.readingDemand(side, $0) }) == .none,
                cursor.server == directories[side].identity,
                let position = UInt64(bigEndianOctets: cursor.position.bytes)
            else {
                continue
            }
            var last: [Anchor: SimulatedDirectory.LogRecord] = [:]
            let start = directories[side].firstOwnRecord
            for record in directories[side].log.prefix(Int(position)).dropFirst(start) { last[record.anchor] = record }
            let intents = try store.read { try $0.intents() }
            let reads = Set(intents.filter { $0.write.side == side }.compactMap { $0.write.operation.anchor })
            // Of a container's move out of the scope the cursor may know, and not yet of its return.
            let untold = Set(directories[side].log.dropFirst(Int(position)).map(\.anchor))
            let isMoving = { (anchor: Anchor) in
                self.containersAbove(anchor, side).contains(where: untold.contains)
            }
            let isBeingRead = { (anchor: Anchor) in self.containersAbove(anchor, side).contains(where: reads.contains) }
            for (anchor, record) in last.sorted(by: { $0.key < $1.key }) where !reads.contains(anchor) {
                let replica = try store.read { try $0.replica(side, anchor) }
                guard let snapshot = record.snapshot else {
                    if replica != nil { fail("\(side.name) \(anchor.low): the deletion is behind the cursor") }
                    continue
                }
                // It is gone meanwhile, which a read may have found before the feed told.
                guard directories[side].entries[anchor] != nil else { continue }
                guard let replica else {
                    let isMissed =
                        isInScope(anchor, side) && !isLeftOut(snapshot, side) && !isBeingRead(anchor)
                        && !isMoving(anchor)
                        && directories[side].snapshot(anchor)?.version == snapshot.version
                    if isMissed { fail("\(side.name) \(anchor.low): the entry is behind the cursor") }
                    continue
                }
                // What was read of a server that was set back has no version here.
                guard replica.version != .unordered else { continue }
                // Of members alone the feed may tell apart.
                if snapshot.version != replica.version && snapshot.version.supersedes(replica.version)
                    && (record.members.isEmpty || !record.kind.isEdit)
                {
                    fail("\(side.name) \(anchor.low): the cursor is ahead of the cache")
                }
            }
        }
    }

    /// By what is configured at this moment.
    private func isLeftOut(_ entry: EntrySnapshot, _ side: Side) -> Bool {
        setting.isNarrow && side == .ad
            && entry.attributes["samaccountname"].first?.bytes.last == Setting.narrowEnding
    }

    /// What stands in a container may be read by way of it.
    private func containersAbove(_ anchor: Anchor, _ side: Side) -> [Anchor] {
        var above: [Anchor] = []
        var next = directories[side].entries[anchor]?.parent
        while let parent = next {
            above.append(parent)
            next = directories[side].entries[parent]?.parent
        }
        return above
    }
}
