import Mapping
import SyncModel

/// Whom the values of memberships name, and what becomes of those that name nothing (yet).
extension Engine {
    /// `version`: as of when the value stands there; `isThere`: whether it does. What was taken away makes no group.
    mutating func named(
        by value: Octets,
        _ form: LinkForm,
        of holder: Anchor,
        _ side: Side,
        asOf version: Version = .unordered,
        isThere: Bool = true,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        switch form.form.value {
        case .name, .nameAndUID:
            return try namedEntry(by: value, form, of: holder, side, isThere: isThere, store, now: now)
        case .memberAttribute:
            guard form.form != .primaryGroup else {
                return try only(LinkKey.relativeIDKey(value), side, store)
            }
            guard let key = LinkKey.memberKey(value) else { return .unknown(LinkKey.nobody) }
            return try only(key, side, asOf: version, store)
        case .groupName:
            guard let key = LinkKey.groupKey(value) else { return .unknown(LinkKey.nobody) }
            return try group(named: value, key, form, of: holder, isThere: isThere, store, now: now)
        }
    }

    private mutating func namedEntry(
        by value: Octets,
        _ form: LinkForm,
        of holder: Anchor,
        _ side: Side,
        isThere: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        if side == .ad, let anchor = ExtendedName(parsing: value).anchor { return .entry(anchor) }
        guard let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value)) else {
            return .unknown(Octets([Engine.nameTag] + value.bytes))
        }
        if side == .miniorange, let placeholder = form.membership.placeholder,
            name.rdns.count == placeholder.rdns.count, name.isEqualOrDescendant(of: placeholder)
        {
            return .placeholder
        }
        let specification = form.group.mapping.specification
        if form.form.holder == .member, specification.isVirtualAtMiniOrange,
            name.parent?.normalized == specification.scopes.miniorange.base.normalized, let leaf = name.leaf,
            let key = LinkKey.groupKey(leaf.value)
        {
            return try group(named: leaf.value, key, form, of: holder, isThere: isThere, store, now: now)
        }
        if let anchor = try resolve(name, side, store) { return .entry(anchor) }
        if form.form.isMaintainedByServer, let anchor = try resolveFormer(name, side, store) { return .former(anchor) }
        if isThere, form.form.holder == .member, side == .miniorange, try mayCreate(form, of: holder, store) {
            try makeMissingGroup(name, form.group, store, now: now)
        }
        return .unknown(Engine.parkingName(name))
    }

    /// The DN of an entry of the LDAP side, as a value: many stand in the same container, whose text is kept.
    mutating func nameValue(of anchor: Anchor, _ store: any StoreTransaction) throws -> Octets? {
        guard let outline = try store.outline(.miniorange, anchor), case .entry(let parent) = outline.parent,
            !roots.miniorange.contains(where: { $0.anchor == anchor })
        else { return try name(of: anchor, .miniorange, store).map { Octets($0.description) } }
        let ending: [UInt8]
        if let known = places.ending(parent) {
            ending = known
        } else {
            guard let name = try containerName(parent, .miniorange, store) else { return nil }
            ending = name.rdns.isEmpty ? [] : [UInt8(ascii: ",")] + Array(name.description.utf8)
            places.note(parent, ending: ending)
        }
        return Octets(Array(outline.rdn.description.utf8) + ending)
    }

    /// Who had this name, or stood in a container that had the name which is part of it, before a rename.
    private mutating func resolveFormer(
        _ name: DistinguishedName,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Anchor? {
        guard side == .miniorange, !formerNames.isEmpty else { return nil }
        for depth in name.rdns.indices {
            guard var anchor = formerNames.lastHolder(DistinguishedName(Array(name.rdns[depth...]))) else { continue }
            var isComplete = true
            for rdn in name.rdns[..<depth].reversed() {
                // Who has given that name up since the container was renamed had it before.
                let present = try self.name(of: anchor, side, store)?.child(rdn)
                if let former = present.flatMap({ formerNames.anchor($0) }) {
                    anchor = former
                    continue
                }
                guard let child = try store.child(side, of: anchor, named: rdn.normalized) else {
                    isComplete = false
                    break
                }
                anchor = child
            }
            if isComplete, try store.outline(side, anchor) != nil { return anchor }
        }
        return nil
    }

    /// The one entry that has this key, or had it as of the version.
    func only(
        _ key: Octets,
        _ side: Side,
        asOf version: Version = .unordered,
        _ store: any StoreTransaction
    ) throws -> Named {
        var found = try store.anchors(side, key: key, limit: 2)
        guard version != .unordered else { return found.count == 1 ? .entry(found[0]) : .unknown(key) }
        let former = formerNames.holder(of: key, asOf: version)
        if former != nil || found.count > 1 {
            found.removeAll { $0 != former && namings[side].isLater($0, than: version) }
        }
        // Of two who had it then, it means who has it still.
        if found.isEmpty, let former { found = [former] }
        return found.count == 1 ? .entry(found[0]) : .unknown(key)
    }

    private mutating func group(
        named name: Octets,
        _ key: Octets,
        _ form: LinkForm,
        of holder: Anchor,
        isThere: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        let found = try only(key, .miniorange, store)
        guard case .unknown = found, form.group.mapping.specification.isVirtualAtMiniOrange,
            try store.anchors(.miniorange, key: key, limit: 1).isEmpty
        else { return found }
        if let renamed = try virtualGroup(toBeNamed: name, form.group, store) { return .entry(renamed) }
        guard isThere, try mayCreate(form, of: holder, store) else { return found }
        return .entry(try makeVirtualGroup(named: name, form.group, store, now: now))
    }

    /// Whether a group that is named and missing may be made. Not while memberships of our own are on their way to who names it: one may be of a group which is just
    /// being deleted. Their answer names all of them again.
    private func mayCreate(_ form: LinkForm, of holder: Anchor, _ store: any StoreTransaction) throws -> Bool {
        guard form.membership.createsMissing else { return false }
        guard let pair = try store.pairID(.miniorange, holder) else { return true }
        return editsUnderWay[pair] == nil
    }

    /// Whether a value names nobody in scope, but the RDN of a member whom no value names: he may have been out of scope, with his container, and be back without
    /// our having known; his server has yet to follow.
    mutating func isMovedMaybe(
        _ value: Octets,
        among values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value)), let leaf = name.leaf,
            try !store.parkedLinks(.miniorange, holder: holder.anchor).contains(Engine.parkingName(name))
        else { return false }
        return try linked(to: holder.anchor, form, .miniorange, store).contains { member in
            guard try store.outline(.miniorange, member)?.rdn.normalized == leaf.normalized,
                try store.link(form.link(.miniorange, holder.anchor, member))?.isPresent == true,
                let present = try self.name(of: member, .miniorange, store)
            else { return false }
            return !values.contains { form.form.isSame($0, Octets(present.description)) }
        }
    }

    /// Whether a value may stand there for somebody who had the name just now, and is not the one who has it.
    func mayMeanAnother(
        _ value: Octets,
        than named: Anchor,
        _ link: LinkID,
        _ form: LinkForm,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        // Or for somebody who was never known, and went: his server may have yet to follow.
        let mayMean =
            formerNames.mayStillMean(another: named, by: form.form.nameOctets(of: value), at: now)
            || formerNames.mayFollowUnknown(at: now) { namings.miniorange.isLater(named, than: $0) }
        return try mayMean && store.link(link)?.isPresent != true
    }

    /// Whether a name that a group was told to hold as of a version may have been another one's then, and has only since come to who has it, or whether who has it
    /// is being asked for another one.
    func meantAnother(
        than named: Anchor,
        _ link: LinkID,
        _ form: LinkForm,
        asOf version: Version,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let mayBeLater = version != .unordered && namings.miniorange.isAnyLater(than: version)
        guard link.side == .miniorange, form.form.holder == .group, form.form.isMaintainedByServer,
            mayBeLater || !namesAwaited.miniorange.isEmpty, try store.link(link)?.isPresent != true
        else { return false }
        return try mayHaveBeenAnother(named, .miniorange, mayBeLater ? .told(version) : nil, store)
    }

    private static let nameTag: UInt8 = 0x64

    /// What a value with this DN is parked by.
    static func parkingName(_ name: DistinguishedName) -> Octets {
        Octets([nameTag] + name.normalized.bytes)
    }

    /// A value that names nothing in scope may be from before a rename that was never told here, or one into the scope that was told already: its server may yet
    /// rewrite it, and tells nobody. `version`: as of when it stands there.
    mutating func watch(
        _ holder: Anchor,
        parked name: Octets,
        asOf version: Version = .unordered,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard side == .miniorange, name.bytes.first == Engine.nameTag, try store.isLoaded(side),
            let parsed = try? DistinguishedName(parsing: Octets(name.bytes.dropFirst())),
            roots[side].contains(where: { parsed.isDescendant(of: $0.name) })
                || version != .unordered && namings[side].isAnyLater(than: version)
        else { return }
        rereads.watch(holder, now: now)
    }

    /// Everything was read for the first time: which groups name somebody in scope who is not there?
    mutating func watchUnknown(_ side: Side, _ store: any StoreTransaction, now: Timestamp) throws {
        guard side == .miniorange, namesMembersByDN(side), try store.count(.parkedLinks) > 0 else { return }
        var groups: [Anchor] = []
        try store.forEachAnchor(side, after: nil) { anchor in
            groups.append(anchor)
            return true
        }
        for group in groups where try store.outline(side, group)?.kind == .group {
            for name in try store.parkedLinks(side, holder: group) {
                try watch(group, parked: name, side, store, now: now)
            }
        }
    }

    /// Whether a DN that named nobody in scope may have been somebody's who left, or was never known here: its server rewrites it, or takes it away, without a word.
    private func mayHaveMeantAnother(_ key: Octets, _ replica: Replica, _ store: any StoreTransaction) throws -> Bool {
        guard replica.side == .miniorange, key.bytes.first == Engine.nameTag, !isReloading[replica.side] else {
            return false
        }
        return try store.isLoaded(replica.side)
    }

    /// Who had one of these keys is gone, or has others: what could mean two entries may mean one now.
    mutating func attachParkedLinks(
        under keys: [Octets],
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, try store.count(.parkedLinks) > 0 else { return }
        for key in keys where key.bytes.first.map({ LinkKey.prefixes.contains($0) }) == true {
            let anchors = try store.anchors(side, key: key, limit: 2)
            guard anchors.count == 1, let replica = try store.replica(side, anchors[0]) else { continue }
            try attachParkedLinks(replica, store, now: now)
        }
    }

    /// An entry came to be, or got another name: memberships that name it so are its own.
    mutating func attachParkedLinks(
        _ replica: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, try store.count(.parkedLinks) > 0 else { return }
        var names = replica.keys.filter { $0.bytes.first.map { LinkKey.prefixes.contains($0) } ?? false }
        if let name = try name(of: replica, store) { names.append(Engine.parkingName(name)) }
        for name in names {
            if name.bytes.first != Engine.nameTag, try store.anchors(replica.side, key: name, limit: 2).count != 1 {
                continue
            }
            for anchor in try store.takeParkedLinks(replica.side, name: name) {
                guard replica.kind != .container, try !mayHaveMeantAnother(name, replica, store) else {
                    // What stands below it has a name now that may have been told before; or it was another one's, and has gone with him.
                    try requestMembers(of: anchor, replica.side, store, now: now)
                    continue
                }
                guard let holder = try store.replica(replica.side, anchor),
                    let object = holder.object.flatMap({ objects[$0] })
                else { continue }
                for form in linkForms(of: object, replica.side) where form.form.mayPark(name) {
                    let link = form.link(replica.side, anchor, replica.anchor)
                    let isStray = try isMeantByUnclaimed(parkedBy: name, replica.anchor, form, of: holder, store)
                    // Who is listed by a former name as well still is: that one is yet to be taken away.
                    let kept =
                        form.form.keepsValue ? try store.link(link).flatMap { $0.isPresent ? $0.value : nil } : nil
                    let value = try kept ?? expectedValue(link, form.form, store)
                    try tell(link, true, form, holder.membersVersion, value: value, store, now: now)
                    if isStray { try takeOut(link, store, now: now) }
                    try claim(name, of: holder, store)
                }
            }
        }
    }
}
