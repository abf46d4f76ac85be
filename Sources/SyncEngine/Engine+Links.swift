import Mapping
import SyncModel

/// What a side tells of memberships goes into rows, one for each: from the group's own values, or from a value of the member.
extension Engine {
    /// What a value of a membership names.
    enum Named: Hashable {
        case entry(Anchor)
        case placeholder
        /// Nothing that is known (yet); the octets are what it is to be found by when it comes.
        case unknown(Octets)
    }

    /// One way in which an entry tells memberships.
    struct LinkForm {
        let group: Object
        let membership: MembershipSpecification
        let form: MembershipForm
        var source: Link.Sources { form.holder == .group ? .group : .member }
    }

    /// The forms in which entries of an object hold memberships on a side.
    func linkForms(of object: Object, _ side: Side) -> [LinkForm] {
        linkFormsByObject[object.name]?[side] ?? []
    }

    static func linkForms(of object: Object, _ side: Side, among objects: [Object]) -> [LinkForm] {
        var forms: [LinkForm] = []
        if let membership = object.mapping.specification.membership, membership.form(side).holder == .group {
            forms.append(LinkForm(group: object, membership: membership, form: membership.form(side)))
        }
        guard object.mapping.specification.kind == .user else { return forms }
        for group in objects {
            guard let membership = group.mapping.specification.membership else { continue }
            if membership.form(side).holder == .member {
                forms.append(LinkForm(group: group, membership: membership, form: membership.form(side)))
            }
            if side == .ad, membership.includesPrimaryGroup {
                forms.append(LinkForm(group: group, membership: membership, form: .primaryGroup))
            }
        }
        return forms
    }

    // MARK: Whole entries

    /// Compares what an entry says of its memberships with the rows that there are. What it said later is known already.
    mutating func takeMemberships(
        _ snapshot: EntrySnapshot,
        _ side: Side,
        _ object: Object?,
        isAnswer: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard let object else { return }
        let forms = linkForms(of: object, side).filter { $0.form.holder == .member || snapshot.tellsMembers }
        guard !forms.isEmpty, let replica = try store.replica(side, snapshot.anchor) else { return }
        guard !isOlder(snapshot.version, than: replica.membersVersion) else {
            // It was asked for since something could not be understood, and edits have overtaken it.
            if isAnswer, snapshot.tellsMembers, side == .miniorange {
                try requestRead(.readMembers(snapshot.anchor), side, store, now: now)
            }
            return
        }
        for form in forms {
            let values = snapshot.attributes[form.form.attribute]
            if !isAnswer, try namesSomebodyRenamed(values, form, replica, store, now: now) {
                // Nothing is concluded from what was told before a rename that is known here already.
                try requestRead(.readMembers(snapshot.anchor), side, store, now: now)
                return
            }
            try compare(replica, form, with: values, snapshot.version, store, now: now)
        }
        try noteMembersVersion(snapshot.version, of: snapshot.anchor, side, store)
    }

    /// Whether a value names nothing, though it may have named somebody a moment ago. One that is parked already is known to name nothing.
    private mutating func namesSomebodyRenamed(
        _ values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard holder.side == .miniorange, form.form.isMaintainedByServer, try store.isLoaded(.miniorange) else {
            return false
        }
        var parked: Set<Octets>?
        var meant: [Octets: Anchor]?
        for value in values where try isRenamedMaybe(value, form, .miniorange, store) {
            guard case .unknown(let name) = try named(by: value, form, .miniorange, store, now: now) else { continue }
            let known = try parked ?? Set(store.parkedLinks(.miniorange, holder: holder.anchor))
            parked = known
            let rows = try meant ?? knownValues(of: holder.anchor, form, .miniorange, store)
            meant = rows
            if !known.contains(name), rows[form.form.comparable(value)] == nil { return true }
        }
        return false
    }

    private func noteMembersVersion(
        _ version: Version,
        of anchor: Anchor,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard let old = try store.replica(side, anchor), old.membersVersion != version else { return }
        var replica = old
        replica.membersVersion = version
        try store.put(replica, replacing: old)
    }

    /// Holds: `values` are all that the entry has in this form, as of `version`.
    private mutating func compare(
        _ holder: Replica,
        _ form: LinkForm,
        with values: [Octets],
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = holder.side
        var told: [Anchor: Octets] = [:]
        var parked: Set<Octets> = []
        let known = try knownValues(of: holder.anchor, form, side, store)
        for value in values {
            if !known.isEmpty, let anchor = known[form.form.comparable(value)] {
                told[anchor] = value
                continue
            }
            switch try named(by: value, form, side, store, now: now) {
            case .entry(let anchor): told[anchor] = value
            case .placeholder: told[.placeholder] = value
            case .unknown(let name):
                parked.insert(name)
                if let container = try unknownContainer(of: value, form, side, store) { parked.insert(container) }
            }
        }
        for name in try store.parkedLinks(side, holder: holder.anchor)
        where !parked.contains(name) && form.form.mayPark(name) {
            try store.unparkLink(side, name: name, holder: holder.anchor)
        }
        for name in parked.sorted() { try store.parkLink(side, name: name, holder: holder.anchor) }
        for other in try linked(to: holder.anchor, form, side, store) where told[other] == nil {
            try tell(form.link(side, holder.anchor, other), false, form, version, value: nil, store, now: now)
        }
        for (other, value) in told.sorted(by: { $0.key < $1.key }) {
            try tell(form.link(side, holder.anchor, other), true, form, version, value: value, store, now: now)
        }
    }

    /// What values stand for already, by their keys. A value that no server keeps right still means who was meant by it when he gets another name; so does one
    /// that was written by a name from before a rename.
    private func knownValues(
        of holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> [Octets: Anchor] {
        var kept: [(anchor: Anchor, value: Octets)] = []
        if form.form.holder == .group {
            guard side == .miniorange else { return [:] }
            try store.forEachLink(side, ofGroup: holder, after: nil) { member, link in
                if link.isPresent, let value = link.value { kept.append((member, value)) }
                return true
            }
        } else {
            for other in try linked(to: holder, form, side, store) {
                let link = try store.link(form.link(side, holder, other))
                if let link, link.isPresent, let value = link.value { kept.append((other, value)) }
            }
        }
        var known: [Octets: Anchor] = [:]
        for (anchor, value) in kept {
            // Who has the name of somebody who is gone is meant by it.
            if try isGone(anchor, side, store), let key = form.form.key(of: value),
                try !store.anchors(side, key: key, limit: 1).isEmpty
            {
                continue
            }
            known[form.form.comparable(value)] = anchor
        }
        return known
    }

    /// The entries that a holder's rows of this form name, in order.
    private func linked(
        to holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        var found: [Anchor] = []
        if form.form.holder == .group {
            try store.forEachLink(side, ofGroup: holder, after: nil) { member, link in
                if link.sources.contains(.group) || !link.isPresent { found.append(member) }
                return true
            }
            return found
        }
        try store.forEachGroup(side, ofMember: holder, after: nil) { group in
            found.append(group)
            return true
        }
        return try found.filter { group in
            let link = try store.link(LinkID(side: side, group: group, member: holder))
            guard let object = try object(ofGroup: group, side, store) else { return link?.isPresent == false }
            guard object === form.group else { return false }
            return link?.sources.contains(.member) == true || link?.isPresent == false
        }
    }

    /// The configured object of a group that has a row, also after its entry is gone.
    func object(ofGroup group: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Object? {
        if let replica = try store.outline(side, group) { return replica.object.flatMap { objects[$0] } }
        guard let id = try store.pairID(side, group), let pair = try store.outline(id) else {
            return virtualObject(group, side)
        }
        return pair.object.flatMap { objects[$0] }
    }

    // MARK: Edits

    /// Takes the edits of memberships out of what a log tells of an entry, and returns the others.
    mutating func takeMembershipEdits(
        _ anchor: Anchor,
        _ edits: [AttributeEdit],
        _ version: Version,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> [AttributeEdit] {
        guard edits.contains(where: { linkAttributes[side].contains(CaseFolding.lowercaseName($0.name)) }),
            let replica = try store.replica(side, anchor), let object = replica.object.flatMap({ objects[$0] })
        else { return edits }
        let forms = linkForms(of: object, side)
        var rest: [AttributeEdit] = []
        var isTaken = false
        let isNews = version.supersedes(replica.membersVersion)
        for edit in edits {
            let name = CaseFolding.lowercaseName(edit.name)
            let matching = forms.filter { $0.form.attribute == name }
            if matching.isEmpty { rest.append(edit) }
            guard isNews else { continue }
            for form in matching {
                try take(edit, form, replica, version, store, now: now)
                isTaken = true
            }
        }
        if isTaken { try noteMembersVersion(version, of: anchor, side, store) }
        return rest
    }

    private mutating func take(
        _ edit: AttributeEdit,
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        if edit.kind == .replace || edit.kind == .delete && edit.values.isEmpty {
            try compare(holder, form, with: edit.values, version, store, now: now)
            return
        }
        let side = holder.side
        let isPresent = edit.kind == .add
        var mustRead = false
        var known: [Octets: Anchor]?
        for value in edit.values {
            var name = try named(by: value, form, side, store, now: now)
            // A value that comes names who has the name now. One that goes may still be that of somebody who had it.
            if !isPresent, try !isTold(value, by: name, form, holder, store) {
                let values = try known ?? knownValues(of: holder.anchor, form, side, store)
                known = values
                if !values.isEmpty, let anchor = values[form.form.comparable(value)] { name = .entry(anchor) }
            }
            switch name {
            case .entry(let anchor):
                let link = form.link(side, holder.anchor, anchor)
                if try !tell(link, isPresent, form, version, value: value, store, now: now) { mustRead = true }
            case .placeholder:
                let link = form.link(side, holder.anchor, .placeholder)
                try tell(link, isPresent, form, version, value: value, store, now: now)
            case .unknown(let name):
                if isPresent {
                    try store.parkLink(side, name: name, holder: holder.anchor)
                    if let container = try unknownContainer(of: value, form, side, store) {
                        try store.parkLink(side, name: container, holder: holder.anchor)
                    }
                } else {
                    try store.unparkLink(side, name: name, holder: holder.anchor)
                }
                // Who is named may have been renamed since, which is known already. What the server says now is known by its name now.
                if try isRenamedMaybe(value, form, side, store) { mustRead = true }
            }
        }
        if mustRead, form.form.holder == .group {
            try requestRead(.readMembers(holder.anchor), side, store, now: now)
        }
    }

    /// What the highest container that is not known in a value's DN is parked by: it may come by a rename, which tells nothing of what stands below it.
    private func unknownContainer(
        of value: Octets,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Octets? {
        guard form.form.value == .name || form.form.value == .nameAndUID,
            let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value))
        else { return nil }
        let unknown = try firstUnknown(in: name, side, store)
        return unknown.normalized == name.normalized ? nil : Engine.parkingName(unknown)
    }

    /// Whether the row of who is named holds just this value.
    private func isTold(
        _ value: Octets,
        by name: Named,
        _ form: LinkForm,
        _ holder: Replica,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard case .entry(let anchor) = name, let link = try store.link(form.link(holder.side, holder.anchor, anchor))
        else { return false }
        return form.form.keepsValue ? link.value == value : link.isPresent
    }

    private func isRenamedMaybe(
        _ value: Octets,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard form.form.isMaintainedByServer, try store.isLoaded(side),
            let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value))
        else { return false }
        return roots[side].contains { name.isDescendant(of: $0.name) }
    }

    // MARK: One row

    /// Notes one membership as an entry tells it. False where the row is newer than what is told and differs: the order of both is then not known.
    @discardableResult
    mutating func tell(
        _ id: LinkID,
        _ isPresent: Bool,
        _ form: LinkForm,
        _ version: Version,
        value: Octets?,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        let old = try store.link(id)
        let held = old?.sources.contains(form.source) ?? false
        // A row has the version of what holds it; primaryGroupID stands in another entry.
        let isOrdered = form.form != .primaryGroup
        if let old, isOrdered, held != isPresent, isOlder(version, than: old.version) { return false }
        guard let old else {
            guard isPresent else { return true }
            try store.put(
                Link(
                    sources: form.source,
                    version: isOrdered ? version : .unordered,
                    value: value.flatMap { form.form.kept($0) }
                ),
                for: id
            )
            try linkMoved(id, store, now: now)
            return true
        }
        var link = old
        if isPresent {
            link.sources.insert(form.source)
            if !held {
                link.isUnwanted = false
                link.value = value.flatMap { form.form.kept($0) }
            } else if let value, let kept = form.form.kept(value) {
                link.value = kept
            }
        } else {
            link.sources.remove(form.source)
            if !link.isPresent { link.value = nil }
        }
        if isOrdered, !isOlder(version, than: old.version) { link.version = version }
        if !link.isPresent && !link.isAgreed {
            try store.removeLink(id)
        } else if link.sources != old.sources || link.value != old.value || link.isUnwanted != old.isUnwanted {
            try store.put(link, for: id)
        }
        if link.isPresent != old.isPresent || link.value != old.value { try linkMoved(id, store, now: now) }
        return true
    }

    func isOlder(_ version: Version, than other: Version) -> Bool {
        version != other && !version.supersedes(other)
    }

    // MARK: Names

    private mutating func named(
        by value: Octets,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        switch form.form.value {
        case .name, .nameAndUID:
            return try namedEntry(by: value, form, side, store, now: now)
        case .memberAttribute:
            guard form.form != .primaryGroup else {
                return try only(LinkKey.relativeIDKey(value), side, store)
            }
            guard let key = LinkKey.memberKey(value) else { return .unknown(value) }
            return try only(key, side, store)
        case .groupName:
            guard let key = LinkKey.groupKey(value) else { return .unknown(value) }
            return try group(named: value, key, form, store, now: now)
        }
    }

    private mutating func namedEntry(
        by value: Octets,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        if side == .ad, let anchor = ExtendedName(parsing: value).anchor { return .entry(anchor) }
        guard let name = try? DistinguishedName(parsing: form.form.nameOctets(of: value)) else {
            return .unknown(Octets([Engine.nameTag] + value.bytes))
        }
        if side == .miniorange, let placeholder = form.membership.placeholder,
            name.normalized == placeholder.normalized
        {
            return .placeholder
        }
        let specification = form.group.mapping.specification
        if form.form.holder == .member, specification.isVirtualAtMiniOrange,
            name.parent?.normalized == specification.scopes.miniorange.base.normalized, let leaf = name.leaf,
            let key = LinkKey.groupKey(leaf.value)
        {
            return try group(named: leaf.value, key, form, store, now: now)
        }
        if let anchor = try resolve(name, side, store) { return .entry(anchor) }
        if form.form.holder == .member, form.membership.createsMissing, side == .miniorange {
            try makeMissingGroup(name, form.group, store, now: now)
        }
        return .unknown(Engine.parkingName(name))
    }

    private func only(_ key: Octets, _ side: Side, _ store: any StoreTransaction) throws -> Named {
        let found = try store.anchors(side, key: key, limit: 2)
        return found.count == 1 ? .entry(found[0]) : .unknown(key)
    }

    private mutating func group(
        named name: Octets,
        _ key: Octets,
        _ form: LinkForm,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Named {
        let found = try only(key, .miniorange, store)
        guard case .unknown = found, form.membership.createsMissing,
            form.group.mapping.specification.isVirtualAtMiniOrange,
            try store.anchors(.miniorange, key: key, limit: 1).isEmpty
        else { return found }
        return .entry(try makeVirtualGroup(named: name, form.group, store, now: now))
    }

    private static let nameTag: UInt8 = 0x64

    /// What a value with this DN is parked by.
    static func parkingName(_ name: DistinguishedName) -> Octets {
        Octets([nameTag] + name.normalized.bytes)
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
                guard replica.kind != .container else {
                    // What stands below it has a name now that may have been told before.
                    try requestRead(.readMembers(anchor), replica.side, store, now: now)
                    continue
                }
                guard let holder = try store.replica(replica.side, anchor),
                    let object = holder.object.flatMap({ objects[$0] })
                else { continue }
                for form in linkForms(of: object, replica.side) where form.form.mayPark(name) {
                    try tell(
                        form.link(replica.side, anchor, replica.anchor),
                        true,
                        form,
                        holder.membersVersion,
                        value: try expectedValue(
                            form.link(replica.side, anchor, replica.anchor),
                            form.form,
                            store
                        ),
                        store,
                        now: now
                    )
                }
            }
        }
    }
}

extension Engine.LinkForm {
    func link(_ side: Side, _ holder: Anchor, _ other: Anchor) -> LinkID {
        form.holder == .group
            ? LinkID(side: side, group: holder, member: other)
            : LinkID(side: side, group: other, member: holder)
    }
}

extension MembershipForm {
    /// primaryGroupID of an AD account: read, never written.
    static let primaryGroup = MembershipForm(
        holder: .member,
        attribute: ObjectSpecification.primaryGroupAttribute,
        value: .memberAttribute(ObjectSpecification.primaryGroupAttribute)
    )

    /// Whether a row must say what stands at the server, since no server changes it as the other entry's name changes.
    var keepsValue: Bool { !isMaintainedByServer && self != .primaryGroup }

    /// What a row keeps of a value: all of it where no server follows the other entry's name, or where there is more to it than the name.
    func kept(_ value: Octets) -> Octets? {
        keepsValue || self.value == .nameAndUID && nameOctets(of: value) != value ? value : nil
    }

    /// A form of a value in which those that name the same are the same.
    func comparable(_ value: Octets) -> Octets {
        switch self.value {
        case .name, .nameAndUID: (try? DistinguishedName(parsing: nameOctets(of: value)))?.normalized ?? value
        case .memberAttribute, .groupName: value
        }
    }

    /// The DN within a value: uniqueMember may have a bit string behind it, `#'0101'B` (RFC 4517 §3.3.21).
    func nameOctets(of value: Octets) -> Octets {
        guard self.value == .nameAndUID, value.bytes.suffix(2) == [0x27, 0x42],
            let hash = value.bytes.lastIndex(of: 0x23), hash + 1 < value.bytes.count, value.bytes[hash + 1] == 0x27
        else { return value }
        return Octets(value.bytes[..<hash])
    }

    /// Whether a value of this form may have been parked by this name.
    func mayPark(_ name: Octets) -> Bool {
        guard let tag = name.bytes.first else { return false }
        switch value {
        case .name, .nameAndUID: return !LinkKey.prefixes.contains(tag) || tag == LinkKey.prefixes.first
        case .memberAttribute, .groupName: return LinkKey.prefixes.contains(tag)
        }
    }
}
