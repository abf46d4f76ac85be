package import SyncModel

/// One directory in memory that behaves like Samba AD or like slapd, as far as the product can tell.
package final class SimulatedDirectory {
    package struct Entry {
        package let anchor: Anchor
        package var parent: Anchor?
        package var rdn: RelativeDistinguishedName
        /// Reference attributes, and `maintainedMembers`, hold `Reference.octets`: both servers follow the renames of what they name.
        package var attributes: Attributes
        package var sequence: UInt64
    }

    /// One change as a log, or content synchronisation, would tell it.
    package struct LogRecord {
        package enum Kind {
            case added
            case edited([AttributeEdit])
            case renamed(DistinguishedName)
            case deleted

            package var isEdit: Bool { if case .edited = self { true } else { false } }
            package var isRename: Bool { if case .renamed = self { true } else { false } }
        }
        package var anchor: Anchor
        package var kind: Kind
        /// The entry after the change, with its members; nil after its deletion.
        package var snapshot: EntrySnapshot?
        package var version: Version
        /// Members that came (true) and went, as the entry holds them.
        package var members: [(attribute: String, value: Octets, isAdded: Bool)] = []
        /// As the log tells it.
        package var stamp: Stamp?
    }

    package let side: Side
    package let suffix: DistinguishedName
    package private(set) var invocationID: Anchor
    package internal(set) var entries: [Anchor: Entry] = [:]
    package internal(set) var log: [LogRecord] = []
    /// uSNChanged, or the microseconds of entryCSN.
    package internal(set) var sequence: UInt64 = 0
    /// True time, in milliseconds since 1970; this server's clock shows `clockOffset` more.
    package var now: Int64 = 1_767_225_600_000
    package var clockOffset: Int64 = 0
    /// Who writes; nil: Syncline.
    package var author: String? = "user"
    /// By sequence.
    private var times: [Int64] = [1_767_225_600_000]
    /// When the last change was made, by this server's clock.
    package var lastChange: Int64 { times.last ?? 0 }
    /// The latest that it has set anything, as its stamps tell it.
    package var newestStamp: Timestamp {
        Timestamp(milliseconds: side == .ad ? lastChange / 1000 * 1000 : lastChange)
    }
    package internal(set) var stamps: [Anchor: [String: Stamp]] = [:]
    /// Attributes that Syncline's account may not read: the server leaves them out.
    package var unreadable: Set<String> = []
    /// Whether the server can tell of each attribute when and by whom it was set; else of the whole entry only, by its last change.
    package var tellsAttributeStamps = true
    private var lastAuthors: [Anchor: String?] = [:]
    /// What no server tells: whether it was Syncline that set an attribute last.
    package private(set) var isOurs: [Anchor: [String: Bool]] = [:]
    /// What an attribute held when it was Syncline that set it.
    private var asWeLeft: [Anchor: [String: [Octets]]] = [:]
    /// When a stamp last was that of an earlier change, since the clock had been set back in between; in true time.
    package private(set) var lastHeldBack: Int64?
    private var nextAnchor: UInt64 = 0
    /// The log's first record that this server made itself, and not the one whose place it took.
    package private(set) var firstOwnRecord = 0
    /// Entries that this server's rules keep out of every group, as AD keeps a universal group out of a global one.
    package var unwelcome: Set<Anchor> = []
    /// Whether slapd's refint follows a rename or a deletion only when it is told to by `followNext`: as in reality, behind the answer.
    package var followsLate = false
    /// What refint is still to do: old names, and the new ones; none after a deletion.
    package internal(set) var unfollowed: [(old: DistinguishedName, new: DistinguishedName?)] = []
    /// The entry at the top.
    package private(set) var top: Anchor

    package static let referenceAttributes: Set<String> = ["manager", "seealso"]
    package static let singleValuedAtAD: Set<String> = [
        "samaccountname", "cn", "sn", "givenname", "displayname", "mail", "title", "telephonenumber", "description",
        "employeenumber", "useraccountcontrol", "manager", "ou",
    ]
    package static let singleValuedAtMiniOrange: Set<String> = [
        "displayname", "employeenumber", "pwdaccountlockedtime",
    ]

    package init(_ side: Side) {
        self.side = side
        let text = side == .ad ? "DC=syncline,DC=test" : "dc=syncline,dc=test"
        suffix = (try? DistinguishedName(parsing: text)) ?? DistinguishedName([])
        invocationID = Anchor(high: 0xAD, low: 1)
        top = Anchor(high: UInt64(side.rawValue) + 1, low: 0)
        entries[top] = Entry(
            anchor: top,
            parent: nil,
            rdn: suffix.rdns[0],
            attributes: ["objectclass": ["domain"]],
            sequence: 0
        )
    }

    // MARK: Looking

    /// In the order of anchors, so that every walk has one order.
    package var sorted: [Entry] { entries.values.sorted { $0.anchor < $1.anchor } }

    package func name(of anchor: Anchor) -> DistinguishedName? {
        if anchor == top { return suffix }
        guard let entry = entries[anchor], let parent = entry.parent else { return nil }
        return name(of: parent)?.child(entry.rdn)
    }

    package func anchor(named name: DistinguishedName) -> Anchor? {
        guard let below = name.relative(to: suffix) else { return nil }
        var anchor = top
        for rdn in below.reversed() {
            guard let child = child(of: anchor, named: rdn) else { return nil }
            anchor = child
        }
        return anchor
    }

    package func child(of parent: Anchor, named rdn: RelativeDistinguishedName) -> Anchor? {
        let wanted = rdn.normalized
        return entries.values.first { $0.parent == parent && $0.rdn.normalized == wanted }?.anchor
    }

    package func hasChildren(_ anchor: Anchor) -> Bool { entries.values.contains { $0.parent == anchor } }

    /// What the entry holds, without its members.
    package func snapshot(_ anchor: Anchor) -> EntrySnapshot? { whole(anchor, tellsMembers: false).map(shown) }

    package func snapshotWithMembers(_ anchor: Anchor) -> EntrySnapshot? {
        whole(anchor, tellsMembers: true).map(shown)
    }

    /// As Syncline's account may see it.
    private func shown(_ entry: EntrySnapshot) -> EntrySnapshot {
        guard !unreadable.isEmpty else { return entry }
        var shown = entry
        for name in unreadable { shown.attributes[name] = [] }
        return shown
    }

    func whole(_ anchor: Anchor, tellsMembers: Bool = false) -> EntrySnapshot? {
        guard let entry = entries[anchor], let name = name(of: anchor) else { return nil }
        var attributes = entry.attributes
        for attribute in Self.referenceAttributes.union(Self.memberAttributes) where !attributes[attribute].isEmpty {
            let isTold = tellsMembers || Self.referenceAttributes.contains(attribute)
            attributes[attribute] = isTold ? told(attribute, attributes[attribute]) : []
        }
        return EntrySnapshot(
            anchor: anchor,
            name: name,
            attributes: attributes,
            version: version(entry.sequence),
            tellsMembers: tellsMembers
        )
    }

    package func version(_ sequence: UInt64) -> Version {
        if side == .ad { return .usn(sequence, invocationID: invocationID) }
        let shown = times[Int(sequence)]
        let seconds = GeneralizedTime(seconds: shown / 1000).textInSeconds.dropLast()
        let fraction = String(1_000_000 + shown % 1000 * 1000).dropFirst()
        let count = String(0x100_0000 + sequence, radix: 16).dropFirst()
        guard let number = ChangeSequenceNumber(parsing: "\(seconds).\(fraction)Z#\(count)#000#000000") else {
            return .unordered
        }
        return .csn(number)
    }

    /// Begins a change. A server's stamps never go backwards.
    private func advance() {
        sequence += 1
        if let last = times.last, now + clockOffset < last { lastHeldBack = now }
        times.append(max(now + clockOffset, times.last ?? 0))
    }

    /// Notes who set these attributes now, as the server's metadata or its log would tell it.
    private func stamp(_ anchor: Anchor, _ attributes: [String]) {
        let time = times.last ?? 0
        lastAuthors[anchor] = .some(author)
        for attribute in attributes {
            isOurs[anchor, default: [:]][attribute] = author == nil
            if author == nil { noteLeft(anchor, [attribute]) }
            let version = (stamps[anchor]?[attribute]?.version ?? 0) + 1
            stamps[anchor, default: [:]][attribute] =
                side == .ad
                ? Stamp(
                    time: Timestamp(milliseconds: time / 1000 * 1000),
                    granularity: 1000,
                    source: .attribute,
                    version: version
                )
                : logStamp
        }
    }

    private var logStamp: Stamp {
        Stamp(
            time: Timestamp(milliseconds: times.last ?? 0),
            granularity: 1,
            source: .log,
            author: author ?? "syncline",
            isOurs: author == nil
        )
    }

    private func noteLeft(_ anchor: Anchor, _ attributes: [String]) {
        for attribute in attributes { asWeLeft[anchor, default: [:]][attribute] = held(attribute, anchor) }
    }

    private func held(_ attribute: String, _ anchor: Anchor) -> [Octets] {
        guard let entry = entries[anchor] else { return [] }
        guard attribute == AttributeStamp.entryName else { return entry.attributes[attribute] }
        return [entry.rdn.normalized, Octets(entry.parent?.octets ?? [])]
    }

    /// Whether an attribute holds what Syncline gave it last, whoever set it since.
    package func isAsWeLeft(_ attribute: String, _ anchor: Anchor) -> Bool {
        asWeLeft[anchor]?[attribute] == held(attribute, anchor)
    }

    /// As the server tells them: what set an attribute, else what changed the entry last.
    package func toldStamps(_ anchor: Anchor, _ attributes: [String]) -> [AttributeStamp] {
        guard tellsAttributeStamps else {
            guard let entry = entries[anchor], let author = lastAuthors[anchor] else { return [] }
            let stamp = Stamp(
                time: Timestamp(milliseconds: times[Int(entry.sequence)]),
                granularity: 1,
                source: .entry,
                author: author ?? "syncline",
                isOurs: author == nil
            )
            return attributes.map { AttributeStamp(attribute: $0, stamp: stamp) }
        }
        return attributes.compactMap { name in
            stamps[anchor]?[name].map { AttributeStamp(attribute: name, stamp: $0) }
        }
    }

    /// What a feed's cursor is good for.
    package var identity: Octets { Octets("\(side.name) \(invocationID.low)") }

    /// Another domain controller takes its place, with the same entries and numbers of its own for them.
    package func becomeAnotherServer(firstSequence: UInt64) {
        invocationID = Anchor(high: invocationID.high, low: invocationID.low + 1)
        firstOwnRecord = log.count
        sequence = firstSequence
        times = Array(repeating: times.last ?? 0, count: Int(firstSequence) + 1)
        // In another order than they were changed in.
        for anchor in entries.keys.sorted(by: >) {
            advance()
            entries[anchor]?.sequence = sequence
        }
    }

    // MARK: Backups

    /// What a backup of the server's database holds.
    package struct Backup {
        fileprivate var entries: [Anchor: Entry]
        fileprivate var sequence: UInt64
        fileprivate var times: [Int64]
        fileprivate var stamps: [Anchor: [String: Stamp]]
        fileprivate var isOurs: [Anchor: [String: Bool]]
        fileprivate var lastAuthors: [Anchor: String?]
        fileprivate var logCount: Int

        /// The entries that it has, in no order.
        package var anchors: Set<Anchor> { Set(entries.keys) }
    }

    package func backUp() -> Backup {
        Backup(
            entries: entries,
            sequence: sequence,
            times: times,
            stamps: stamps,
            isOurs: isOurs,
            lastAuthors: lastAuthors,
            logCount: log.count
        )
    }

    /// AD gets another invocationId with it, and its numbers mean nothing any more to who knew the former one; slapd goes on as if it had never been further.
    package func restore(_ backup: Backup) {
        entries = backup.entries
        (sequence, times, stamps) = (backup.sequence, backup.times, backup.stamps)
        (isOurs, lastAuthors) = (backup.isOurs, backup.lastAuthors)
        log.removeSubrange(backup.logCount...)
        guard side == .ad else { return }
        invocationID = Anchor(high: invocationID.high, low: invocationID.low + 1)
        firstOwnRecord = log.count
    }

    // MARK: Changing

    package func add(
        below parent: Anchor,
        _ rdn: RelativeDistinguishedName,
        _ attributes: Attributes
    ) -> Result<Anchor, SimulatedRefusal> {
        guard entries[parent] != nil else { return .failure(.noParent) }
        guard child(of: parent, named: rdn) == nil else { return .failure(.nameTaken) }
        var held = attributes
        let naming = rdn.type.lowercased()
        if !held[naming].contains(rdn.value) { held[naming] += [rdn.value] }
        if let refusal = objection(to: held, of: nil) { return .failure(refusal) }
        nextAnchor += 1
        if side == .ad && held["objectclass"].contains("group") { held["objectsid"] = [Self.sid(nextAnchor)] }
        let anchor = Anchor(high: UInt64(side.rawValue) + 1, low: nextAnchor)
        advance()
        entries[anchor] = Entry(anchor: anchor, parent: parent, rdn: rdn, attributes: held, sequence: sequence)
        stamp(anchor, held.names + [AttributeStamp.entryName])
        append(anchor, .added, members: memberChanges(from: Attributes(), to: held))
        attachNames()
        return .success(anchor)
    }

    /// `changed` holds the attributes' new values in stored form.
    package func modify(_ anchor: Anchor, _ changed: [(name: String, values: [Octets])]) -> SimulatedRefusal? {
        guard var entry = entries[anchor] else { return .noSuchEntry }
        let before = entry.attributes
        for change in changed { entry.attributes[change.name] = change.values }
        let naming = entry.rdn.type.lowercased()
        guard entry.attributes[naming].contains(entry.rdn.value) else { return .namingViolation }
        if let refusal = objection(to: entry.attributes, of: anchor) { return refusal }
        // A write that changes nothing emits nothing at AD; slapd stamps it anew.
        if side == .ad && entry.attributes == before { return nil }
        let edits = edits(from: before, to: entry.attributes, changed.map(\.name))
        advance()
        entry.sequence = sequence
        entries[anchor] = entry
        stamp(anchor, changed.map(\.name).filter { side == .miniorange || entry.attributes[$0] != before[$0] })
        if author == nil { noteLeft(anchor, changed.map(\.name)) }
        append(anchor, .edited(edits), members: memberChanges(from: before, to: entry.attributes))
        return nil
    }

    package func rename(_ anchor: Anchor, below parent: Anchor, _ rdn: RelativeDistinguishedName) -> SimulatedRefusal? {
        guard var entry = entries[anchor], let oldName = name(of: anchor) else { return .noSuchEntry }
        guard let parentName = name(of: parent), !parentName.isEqualOrDescendant(of: oldName) else { return .noParent }
        if let other = child(of: parent, named: rdn), other != anchor { return .nameTaken }
        if side == .ad && entry.parent == parent && entry.rdn == rdn { return nil }
        let naming = rdn.type.lowercased()
        if followsLate { leaveBehind(anchor) }
        // deleteOldRDN is always asked for.
        let isMoved = entry.parent != parent
        let isRenamed = entry.rdn != rdn
        entry.attributes[naming] = entry.attributes[naming].filter { $0 != entry.rdn.value } + [rdn.value]
        if side == .ad { entry.attributes[naming] = [rdn.value] }
        entry.rdn = rdn
        entry.parent = parent
        advance()
        entry.sequence = sequence
        entries[anchor] = entry
        // slapd takes a modDN to where the entry is; of that nothing was set.
        stamp(anchor, (isRenamed ? [naming] : []) + (isMoved || isRenamed ? [AttributeStamp.entryName] : []))
        append(anchor, .renamed(parentName.child(rdn)))
        if followsLate {
            unfollowed.append((oldName, parentName.child(rdn)))
        } else {
            followRename(from: oldName, to: parentName.child(rdn))
        }
        attachNames()
        return nil
    }

    package func delete(_ anchor: Anchor) -> SimulatedRefusal? {
        guard entries[anchor] != nil, let name = name(of: anchor) else { return .noSuchEntry }
        guard !hasChildren(anchor) else { return .notLeaf }
        if followsLate { leaveBehind(anchor) }
        entries[anchor] = nil
        // Values that named it go without a trace: no version moves, no feed tells.
        let gone = Reference.entry(anchor).octets
        for other in entries.keys {
            for attribute in Self.referenceAttributes {
                guard let values = entries[other]?.attributes[attribute], values.contains(gone) else { continue }
                entries[other]?.attributes[attribute] = values.filter { $0 != gone }
                // Whoever set it since may have left just this.
                asWeLeft[other]?[attribute]?.removeAll { $0 == gone }
            }
        }
        if followsLate { unfollowed.append((name, nil)) } else { dropMember(anchor, name) }
        advance()
        log.append(LogRecord(anchor: anchor, kind: .deleted, snapshot: nil, version: version(sequence)))
        return nil
    }

    private func append(
        _ anchor: Anchor,
        _ kind: LogRecord.Kind,
        members: [(attribute: String, value: Octets, isAdded: Bool)] = []
    ) {
        log.append(
            LogRecord(
                anchor: anchor,
                kind: kind,
                snapshot: snapshotWithMembers(anchor),
                version: version(sequence),
                members: members,
                stamp: side == .miniorange && tellsAttributeStamps ? logStamp : nil
            )
        )
    }

    private func edits(from before: Attributes, to after: Attributes, _ names: [String]) -> [AttributeEdit] {
        var edits: [AttributeEdit] = []
        for name in names {
            let (old, new) = (before[name], after[name])
            if old.count > 1 || new.count > 1 {
                let removed = old.filter { !new.contains($0) }
                let added = new.filter { !old.contains($0) }
                if !removed.isEmpty {
                    edits.append(AttributeEdit(kind: .delete, name: name, values: told(name, removed)))
                }
                if !added.isEmpty { edits.append(AttributeEdit(kind: .add, name: name, values: told(name, added))) }
            } else {
                edits.append(AttributeEdit(kind: .replace, name: name, values: told(name, new)))
            }
        }
        return edits
    }

    private func objection(to attributes: Attributes, of anchor: Anchor?) -> SimulatedRefusal? {
        let single = side == .ad ? Self.singleValuedAtAD : Self.singleValuedAtMiniOrange
        if attributes.items.contains(where: { single.contains($0.name) && $0.values.count > 1 }) { return .invalid }
        let isPerson = attributes["objectclass"].contains { $0 == "user" || $0 == "inetOrgPerson" }
        if side == .miniorange {
            if attributes["objectclass"].contains("groupOfNames") && attributes["member"].isEmpty { return .noMember }
            return isPerson && (attributes["sn"].isEmpty || attributes["cn"].isEmpty) ? .invalid : nil
        }
        // What this server's administrator forbids; the other one's does not.
        if attributes["title"].contains(where: { $0.bytes.first == UInt8(ascii: "!") }) { return .invalid }
        guard let account = attributes["samaccountname"].first?.caseFolded else { return isPerson ? .invalid : nil }
        let isTaken = entries.values.contains {
            $0.anchor != anchor && $0.attributes["samaccountname"].first?.caseFolded == account
        }
        return isTaken ? .valueTaken : nil
    }
}
