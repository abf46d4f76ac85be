import Mapping
import SyncModel

/// Memberships that are being written, or may have been. At the LDAP side they are written by names, which may be another one's when they are told.
extension Engine {
    mutating func noteValues(of intent: Intent) {
        guard intent.write.side == .miniorange, let holder = intent.write.operation.anchor else { return }
        for change in intent.links where change.isPresent {
            valuesUnderWay[holder, default: [:]][intent.write.id, default: [:]][change.link] = change.value
        }
    }

    mutating func forgetValues(of intent: Intent) {
        guard intent.write.side == .miniorange, let holder = intent.write.operation.anchor,
            valuesUnderWay[holder]?.removeValue(forKey: intent.write.id) != nil
        else { return }
        if valuesUnderWay[holder]?.isEmpty == true { valuesUnderWay[holder] = nil }
        for pair in awaitingMemberships.sorted() { queue.append(pair) }
        awaitingMemberships = []
    }

    /// The memberships that are being written to an entry of the LDAP side, with their values, in the order of the writes.
    func valuesUnderWay(of holder: Anchor) -> [(link: LinkID, value: Octets)] {
        (valuesUnderWay[holder] ?? [:]).sorted { $0.key < $1.key }.flatMap { _, values in
            values.sorted { ($0.key.group, $0.key.member) < ($1.key.group, $1.key.member) }.map { ($0.key, $0.value) }
        }
    }

    /// Whether a membership is being written by one of these values.
    func isUnderWay(_ link: LinkID, of holder: Anchor, by values: [Octets]) -> Bool {
        valuesUnderWay[holder]?.values.contains { $0[link].map(values.contains) ?? false } ?? false
    }

    /// A membership ends with an entry of the other side while it is being added on this one. That is nobody's removal: the answer agrees on nothing, and it is looked
    /// at anew. What was written for it is known by the intent until then, also after a crash: no group is made by the name of one that was deleted.
    mutating func forgetUnderWay(_ id: LinkID, _ store: any StoreTransaction) throws {
        guard let membership = try object(ofGroup: id.group, id.side, store)?.mapping.specification.membership else {
            return
        }
        let holder = membership.form(id.side).holder == .group ? id.group : id.member
        guard let pair = try store.pairID(id.side, holder), inFlight[pair] != nil else { return }
        for var intent in try store.intents() where intent.write.pair == pair {
            for index in intent.links.indices where intent.links[index].link == id { intent.links[index].isVoid = true }
            try store.put(intent)
        }
    }

    // MARK: Names that are given

    /// What a write gives an entry of the LDAP side that memberships may name it by. New entries are known by their names besides (`namesBeingAdded`).
    func keysGiven(by write: Write) -> [Octets] {
        guard write.side == .miniorange, hasMemberships else { return [] }
        var keys = namingAttributes.flatMap { write.operation.values(givenTo: $0) }.compactMap { LinkKey.memberKey($0) }
        if case .rename(_, _, _, let name) = write.operation { keys.append(Engine.parkingName(name)) }
        return keys
    }

    /// Whether a write takes from an entry of the LDAP side the name by which its own membership is being written, which would name nobody then; or gives one by which
    /// another one's is being written, or is yet to be written anew: with the name it would come into the group.
    mutating func mustAwaitMemberships(
        _ operation: WriteOperation,
        of pair: PairID,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard hasMemberships else { return false }
        if namesMembersByDN(.miniorange) {
            if case .rename(let anchor, let name, _, _) = operation, !valuesUnderWay.isEmpty {
                let isContainer = try store.outline(.miniorange, anchor)?.kind == .container
                if isBeingWritten(of: isContainer ? nil : [anchor], { Engine.isNamed(by: $0, name) }) { return true }
            }
            if let name = operation.nameGiven, try isNameOfMembership(name, givenTo: pair, store) { return true }
        }
        guard !valuesUnderWay.isEmpty else { return false }
        for key in namingAttributes.flatMap({ operation.values(givenTo: $0) }).compactMap({ LinkKey.memberKey($0) }) {
            var holders = try store.anchors(.miniorange, key: key, limit: 2)
            if let former = formerNames.lastHolder(of: key) { holders.append(former) }
            let others = try holders.filter { try store.pairID(.miniorange, $0) != pair }
            if isBeingWritten(of: others, { LinkKey.memberKey($0) == key }) { return true }
        }
        return false
    }

    /// Whether the DN in a value is this one, or one below it.
    private static func isNamed(by value: Octets, _ name: DistinguishedName) -> Bool {
        let named = try? DistinguishedName(parsing: MembershipForm.uniqueMember.nameOctets(of: value))
        return named?.isEqualOrDescendant(of: name) ?? false
    }

    private mutating func isNameOfMembership(
        _ name: DistinguishedName,
        givenTo pair: PairID,
        _ store: any StoreTransaction
    ) throws -> Bool {
        // Who is made again with it had it himself.
        let former = try formerNames.recentHolder(of: name, at: stepTime).flatMap {
            try store.pairID(.miniorange, $0) == pair ? nil : $0
        }
        var present: Anchor?
        if let parent = name.parent, let leaf = name.leaf {
            present = try resolveContainer(parent, .miniorange, store).flatMap {
                try store.child(.miniorange, of: $0, named: leaf.normalized)
            }
        }
        if let known = present, try store.pairID(.miniorange, known) == pair { present = nil }
        let holders = [former, present].compactMap(\.self)
        guard !holders.isEmpty else { return false }
        // Of a container those who stand in it have the name as well.
        let isContainer = try holders.contains { try store.outline(.miniorange, $0)?.kind == .container }
        if isBeingWritten(of: isContainer ? nil : holders, { Engine.isNamed(by: $0, name) }) { return true }
        if let former, try isMember(former, by: name, store) { return true }
        // Who has it, as far as is known here, may have had another one already when he was written by it.
        return try present.map { try isMember($0, by: name, isUntold: true, store) } ?? false
    }

    /// Whether a membership of an entry stands by this name. `isUntold`: as it was written, and its server has not told of it yet.
    private func isMember(
        _ entry: Anchor,
        by name: DistinguishedName,
        isUntold: Bool = false,
        _ store: any StoreTransaction
    ) throws -> Bool {
        var isMember = false
        try store.forEachGroup(.miniorange, ofMember: entry, after: nil) { group in
            let row = try store.link(LinkID(side: .miniorange, group: group, member: entry))
            if let row, row.isPresent, let value = row.value, Engine.isNamed(by: value, name) {
                let membership = try object(ofGroup: group, .miniorange, store)?.mapping.specification.membership
                let isKept = membership?.form.kept(value) != nil
                isMember = !(isUntold && isKept) && membership?.direction.permits(writingTo: .miniorange) == true
            }
            return !isMember
        }
        return isMember
    }

    /// Whether a membership of one of these, or of anybody, is being written by a value of which this is so.
    private func isBeingWritten(of members: [Anchor]?, _ isSo: (Octets) -> Bool) -> Bool {
        valuesUnderWay.contains { group, intents in
            intents.values.contains { values in
                guard let members else { return values.values.contains(where: isSo) }
                return members.contains {
                    values[LinkID(side: .miniorange, group: group, member: $0)].map(isSo) == true
                }
            }
        }
    }
}

extension WriteOperation {
    /// The DN that an entry gets by it.
    fileprivate var nameGiven: DistinguishedName? {
        switch self {
        case .add(let name, _, _), .rename(_, _, _, let name): name
        default: nil
        }
    }

    /// The values that an entry gets by it in an attribute.
    fileprivate func values(givenTo attribute: String) -> [Octets] {
        switch self {
        case .add(_, _, let attributes):
            return attributes[attribute]
        case .rename(_, _, _, let name):
            let values = name.leaf?.assertions.filter { CaseFolding.lowercaseName($0.type) == attribute }.map(\.value)
            return values ?? []
        case .modify(_, _, _, let changes):
            return changes.filter { $0.name == attribute }.flatMap(\.new)
        default:
            return []
        }
    }
}
