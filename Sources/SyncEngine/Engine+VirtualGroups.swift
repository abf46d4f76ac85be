import Mapping
import SyncModel

/// Groups that are known at the LDAP side by their names in the members' attribute alone. Each has a replica, as if it were an entry; what is written to one is
/// done in the cache, by the way of every other write.
extension Engine {
    /// "Sync" in the first four octets, then what the object's name comes to: no server makes such an anchor.
    private static let virtualMark: UInt64 = 0x5379_6E63 << 32

    private static func virtualHigh(_ object: String) -> UInt64 {
        // FNV-1a: it only has to be the same after each start.
        var hash: UInt32 = 0x811C_9DC5
        for byte in object.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return virtualMark | UInt64(hash)
    }

    func isVirtual(_ anchor: Anchor, _ side: Side) -> Bool {
        side == .miniorange && hasVirtualGroups && Engine.bearsVirtualMark(anchor)
    }

    static func bearsVirtualMark(_ anchor: Anchor) -> Bool { anchor.high & (0xFFFF_FFFF << 32) == virtualMark }

    /// The object whose group a virtual anchor stands for.
    func virtualObject(_ anchor: Anchor, _ side: Side) -> Object? {
        guard isVirtual(anchor, side) else { return nil }
        return objectOrder.first {
            $0.mapping.specification.isVirtualAtMiniOrange && Engine.virtualHigh($0.name) == anchor.high
        }
    }

    /// Whether a write is one to the cache alone.
    func isVirtual(_ write: Write) -> Bool {
        guard write.side == .miniorange, hasVirtualGroups else { return false }
        if let anchor = write.operation.anchor { return isVirtual(anchor, write.side) }
        return write.object.flatMap { objects[$0] }?.mapping.specification.isVirtualAtMiniOrange ?? false
    }

    /// A group that a member names and that nobody has.
    mutating func makeVirtualGroup(
        named name: Octets,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Anchor {
        let scope = object.mapping.specification.scopes.miniorange
        let rdn = RelativeDistinguishedName(type: scope.rdn, value: name)
        let anchor = Anchor(high: Engine.virtualHigh(object.name), low: try store.makePairID().rawValue)
        try ingest(
            EntrySnapshot(
                anchor: anchor,
                name: scope.base.child(rdn),
                attributes: Attributes(sorted: [.init(name: CaseFolding.lowercaseName(scope.rdn), values: [name])]),
                version: .unordered
            ),
            from: .miniorange,
            store,
            now: now
        )
        return anchor
    }

    /// The group that has a name at AD already, and is yet to get it here.
    func virtualGroup(toBeNamed name: Octets, _ object: Object, _ store: any StoreTransaction) throws -> Anchor? {
        let scope = object.mapping.specification.scopes.miniorange
        let attributes = Attributes(sorted: [.init(name: CaseFolding.lowercaseName(scope.rdn), values: [name])])
        let rules = object.mapping.specification.match.count
        for key in object.mapping.keys(.miniorange, attributes) where key.bytes.first.map({ $0 < rules }) == true {
            for group in try store.anchors(.ad, key: key, limit: 2) {
                guard let id = try store.pairID(.ad, group), let pair = try store.outline(id), pair.isThere,
                    pair.object == object.name, let counterpart = pair.anchors.miniorange
                else { continue }
                return counterpart
            }
        }
        return nil
    }

    /// Whether the group of a membership has another name at AD already, and is yet to get it here.
    func isToBeRenamed(_ link: LinkID, _ form: MembershipForm, _ store: any StoreTransaction) throws -> Bool {
        guard form.holder == .member, isVirtual(link.group, .miniorange),
            let object = try object(ofGroup: link.group, .miniorange, store),
            let id = try store.pairID(.miniorange, link.group), let pair = try store.outline(id), pair.isThere
        else { return false }
        let rules = object.mapping.specification.match.count
        let keys = try Side.allCases.map { side in
            let replica = try pair.anchors[side].flatMap { try store.replica(side, $0) }
            return (replica?.keys ?? []).filter { key in key.bytes.first.map { $0 < rules } == true }
        }
        return keys.allSatisfy { !$0.isEmpty } && Set(keys[0]).isDisjoint(with: keys[1])
    }

    /// A group that a member names and that is no entry yet. Its name stays parked until it is one; from there it is made at AD like any other.
    mutating func makeMissingGroup(
        _ name: DistinguishedName,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let specification = object.mapping.specification
        guard !specification.isVirtualAtMiniOrange, let leaf = name.leaf, leaf.assertions.count == 1,
            name.parent?.normalized == specification.scopes.miniorange.base.normalized,
            CaseFolding.lowercaseName(leaf.type) == CaseFolding.lowercaseName(specification.scopes.miniorange.rdn),
            try store.isLoaded(.miniorange), !isReloading.miniorange,
            namesBeingAdded.miniorange[name.normalized] == nil
        else { return }
        var target = Attributes()
        for naming in object.canonicalNamesOfRDN(.miniorange) { target[naming] = [leaf.value] }
        let entry = try object.mapping.newEntry(
            .miniorange,
            target: target,
            nameCounter: 0,
            resolver: StoreResolver(store: store)
        )
        guard entry.missingRequired == nil, entry.invalid.isEmpty else { return }
        let pair = Pair(id: try store.makePairID(), object: object.name, kind: .group)
        try store.put(pair, replacing: nil)
        let write = Write(
            id: try store.makeIntentID(),
            pair: pair.id,
            side: .miniorange,
            object: object.name,
            operation: .add(name: name, objectClasses: entry.objectClasses, attributes: entry.attributes)
        )
        try open(Intent(write: write, target: [], since: now), store)
        count { $0.writes.miniorange += 1 }
    }

    /// Answers writes to virtual groups.
    mutating func settleVirtual(_ store: any StoreTransaction, now: Timestamp) throws {
        while !virtualWrites.isEmpty {
            let writes = virtualWrites
            virtualWrites = []
            for write in writes { try settle(write.id, try perform(write, store, now: now), store, now: now) }
        }
    }

    /// A group that was made for a listed name, before it was known that another one is getting it, is that one.
    private mutating func absorbNamesakes(
        of anchor: Anchor,
        _ name: Octets,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let key = LinkKey.groupKey(name), let heir = try store.pairID(.miniorange, anchor) else { return }
        for namesake in try store.anchors(.miniorange, key: key, limit: 16)
        where namesake != anchor && isVirtual(namesake, .miniorange) {
            guard let id = try store.pairID(.miniorange, namesake), let pair = try store.pair(id),
                pair.anchors.ad == nil, let replica = try store.replica(.miniorange, namesake)
            else { continue }
            for link in try links(of: namesake, .miniorange, .group, store) {
                guard var row = try store.link(link) else { continue }
                try store.removeLink(link)
                let own = LinkID(side: .miniorange, group: anchor, member: link.member)
                let known = try store.link(own)
                guard row.isPresent, known?.isPresent != true else { continue }
                row.isAgreed = known?.isAgreed ?? false
                try store.put(row, for: own)
                try pend(own, of: heir, store, now: now)
            }
            try store.remove(replica)
            try discard(pair, store)
        }
    }

    /// A group that was made for a name in somebody's list, could not be made at AD, and that nobody names any more. Whether it was one.
    mutating func forgetUnnamed(_ pair: Pair, _ store: any StoreTransaction) throws -> Bool {
        guard pair.base == nil, pair.anchors.ad == nil, let anchor = pair.anchors.miniorange,
            isVirtual(anchor, .miniorange), let replica = try store.replica(.miniorange, anchor)
        else { return false }
        let rows = try links(of: anchor, .miniorange, .group, store)
        guard try !rows.contains(where: { try store.link($0)?.isPresent == true }) else { return false }
        for row in rows { try store.removeLink(row) }
        try store.remove(replica)
        try discard(pair, store)
        return true
    }

    private mutating func perform(
        _ write: Write,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> WriteOutcome {
        switch write.operation {
        case .add(let name, _, let attributes):
            guard let object = write.object.flatMap({ objects[$0] }), let leaf = name.leaf else { return .gone }
            if let key = LinkKey.groupKey(leaf.value), try !store.anchors(.miniorange, key: key, limit: 1).isEmpty {
                return .refused(
                    Refusal(reason: .nameTaken, code: 68, message: "another group has this name at the members")
                )
            }
            let anchor = Anchor(high: Engine.virtualHigh(object.name), low: try store.makePairID().rawValue)
            return .done(EntrySnapshot(anchor: anchor, name: name, attributes: attributes, version: .unordered))
        case .modify(let anchor, let name, _, let changes):
            guard var attributes = try store.replica(.miniorange, anchor)?.attributes else { return .gone }
            for change in changes { attributes[change.name] = change.new }
            return .done(EntrySnapshot(anchor: anchor, name: name, attributes: attributes, version: .unordered))
        case .rename(let anchor, _, _, let newName):
            guard var attributes = try store.replica(.miniorange, anchor)?.attributes, let leaf = newName.leaf else {
                return .gone
            }
            attributes[CaseFolding.lowercaseName(leaf.type)] = [leaf.value]
            try absorbNamesakes(of: anchor, leaf.value, store, now: now)
            return .done(EntrySnapshot(anchor: anchor, name: newName, attributes: attributes, version: .unordered))
        case .delete:
            return .deleted
        case .read(let anchor), .readMembers(let anchor), .confirmAbsence(let anchor, _),
            .confirmEmpty(let anchor, _), .editValues(let anchor, _, _),
            .readBelow(let anchor), .readGroups(let anchor), .readStamps(let anchor, _):
            guard let replica = try store.replica(.miniorange, anchor), let name = try name(of: replica, store) else {
                return .gone
            }
            return .done(
                EntrySnapshot(anchor: anchor, name: name, attributes: replica.attributes, version: .unordered)
            )
        case .readName:
            return .gone
        }
    }
}
