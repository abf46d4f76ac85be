package import SyncModel

/// One directory in memory that behaves like Samba AD or like slapd, as far as the product can tell.
package final class SimulatedDirectory {
    package struct Entry {
        package let anchor: Anchor
        package var parent: Anchor?
        package var rdn: RelativeDistinguishedName
        /// Reference attributes hold `Reference.octets`: both servers follow the renames of what they name.
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
        }
        package var anchor: Anchor
        package var kind: Kind
        /// The entry after the change; nil after its deletion.
        package var snapshot: EntrySnapshot?
        package var version: Version
    }

    package let side: Side
    package let suffix: DistinguishedName
    package let invocationID: Anchor
    package private(set) var entries: [Anchor: Entry] = [:]
    package private(set) var log: [LogRecord] = []
    /// uSNChanged, or the microseconds of entryCSN.
    package private(set) var sequence: UInt64 = 0
    private var nextAnchor: UInt64 = 0
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

    package func snapshot(_ anchor: Anchor) -> EntrySnapshot? {
        guard let entry = entries[anchor], let name = name(of: anchor) else { return nil }
        var attributes = entry.attributes
        for attribute in Self.referenceAttributes where !attributes[attribute].isEmpty {
            attributes[attribute] = attributes[attribute].compactMap { value in
                guard case .entry(let target) = Reference(value) else { return nil }
                return self.name(of: target).map { Octets($0.description) }
            }
        }
        return EntrySnapshot(anchor: anchor, name: name, attributes: attributes, version: version(entry.sequence))
    }

    package func version(_ sequence: UInt64) -> Version {
        if side == .ad { return .usn(sequence, invocationID: invocationID) }
        let digits = String(1_000_000 + sequence).dropFirst()
        guard let number = ChangeSequenceNumber(parsing: "20260101000000.\(digits)Z#000000#000#000000") else {
            return .unordered
        }
        return .csn(number)
    }

    /// The replica's form of a value as a client sends it.
    package func stored(_ attribute: String, _ values: [Octets]) -> [Octets]? {
        guard Self.referenceAttributes.contains(attribute) else { return values }
        var stored: [Octets] = []
        for value in values {
            guard let name = try? DistinguishedName(parsing: value), let target = anchor(named: name) else {
                return nil
            }
            stored.append(Reference.entry(target).octets)
        }
        return stored
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
        let anchor = Anchor(high: UInt64(side.rawValue) + 1, low: nextAnchor)
        sequence += 1
        entries[anchor] = Entry(anchor: anchor, parent: parent, rdn: rdn, attributes: held, sequence: sequence)
        append(anchor, .added)
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
        sequence += 1
        entry.sequence = sequence
        entries[anchor] = entry
        append(anchor, .edited(edits))
        return nil
    }

    package func rename(_ anchor: Anchor, below parent: Anchor, _ rdn: RelativeDistinguishedName) -> SimulatedRefusal? {
        guard var entry = entries[anchor] else { return .noSuchEntry }
        guard entries[parent] != nil else { return .noParent }
        if let other = child(of: parent, named: rdn), other != anchor { return .nameTaken }
        if side == .ad && entry.parent == parent && entry.rdn == rdn { return nil }
        let naming = rdn.type.lowercased()
        // deleteOldRDN is always asked for.
        entry.attributes[naming] = entry.attributes[naming].filter { $0 != entry.rdn.value } + [rdn.value]
        if side == .ad { entry.attributes[naming] = [rdn.value] }
        entry.rdn = rdn
        entry.parent = parent
        sequence += 1
        entry.sequence = sequence
        entries[anchor] = entry
        append(anchor, .renamed(name(of: anchor) ?? suffix))
        return nil
    }

    package func delete(_ anchor: Anchor) -> SimulatedRefusal? {
        guard entries[anchor] != nil else { return .noSuchEntry }
        guard !hasChildren(anchor) else { return .notLeaf }
        entries[anchor] = nil
        // Values that named it go without a trace: no version moves, no feed tells.
        let gone = Reference.entry(anchor).octets
        for other in entries.keys {
            for attribute in Self.referenceAttributes {
                guard let values = entries[other]?.attributes[attribute], values.contains(gone) else { continue }
                entries[other]?.attributes[attribute] = values.filter { $0 != gone }
            }
        }
        sequence += 1
        log.append(LogRecord(anchor: anchor, kind: .deleted, snapshot: nil, version: version(sequence)))
        return nil
    }

    private func append(_ anchor: Anchor, _ kind: LogRecord.Kind) {
        log.append(
            LogRecord(anchor: anchor, kind: kind, snapshot: snapshot(anchor), version: version(sequence))
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

    private func told(_ attribute: String, _ values: [Octets]) -> [Octets] {
        guard Self.referenceAttributes.contains(attribute) else { return values }
        return values.compactMap { value in
            guard case .entry(let target) = Reference(value) else { return nil }
            return name(of: target).map { Octets($0.description) }
        }
    }

    private func objection(to attributes: Attributes, of anchor: Anchor?) -> SimulatedRefusal? {
        let single = side == .ad ? Self.singleValuedAtAD : Self.singleValuedAtMiniOrange
        if attributes.items.contains(where: { single.contains($0.name) && $0.values.count > 1 }) { return .invalid }
        let isPerson = attributes["objectclass"].contains { $0 == "user" || $0 == "inetOrgPerson" }
        if side == .miniorange {
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

/// Why a simulated server says no.
package enum SimulatedRefusal: Error {
    case noSuchEntry, nameTaken, valueTaken, noParent, notLeaf, namingViolation, invalid

    package var refusal: Refusal {
        switch self {
        case .noSuchEntry: Refusal(reason: .other, code: 32, message: "no such entry")
        case .nameTaken: Refusal(reason: .nameTaken, code: 68, message: "name taken")
        case .valueTaken: Refusal(reason: .valueTaken, code: 68, message: "value taken")
        case .noParent: Refusal(reason: .noParent, code: 32, message: "no parent")
        case .notLeaf: Refusal(reason: .notLeaf, code: 66, message: "not a leaf")
        case .namingViolation: Refusal(reason: .invalid, code: 64, message: "naming violation")
        case .invalid: Refusal(reason: .invalid, code: 19, message: "constraint violation")
        }
    }
}
