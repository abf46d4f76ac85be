import Mapping
import SyncModel

/// Memberships of who has another name: which of the values that name him are to be written anew.
extension Engine {
    /// An entry has another name, since `version` at the latest. Its server follows where it can; elsewhere the values that name it are written again.
    mutating func renameLinks(
        _ replica: Replica,
        from old: Replica,
        as version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard hasMemberships, replica.side == .miniorange else { return }
        let formerName = try name(of: old, store)
        guard replica.kind != .container else {
            if let formerName { try renameLinks(below: replica, from: formerName, as: version, store, now: now) }
            return
        }
        // The members of a group hold its name only where memberships are theirs.
        let isHeldByMembers =
            replica.kind == .group
            && replica.object.flatMap { objects[$0] }?.mapping.specification.membership?.form.holder == .member
        let kind = isHeldByMembers ? ObjectKind.group : .user
        for id in try links(of: replica.anchor, .miniorange, kind, store) {
            guard let row = try store.link(id),
                let form = try object(ofGroup: id.group, .miniorange, store)?.mapping.specification.membership?.form
            else { continue }
            let named = form.holder == .group ? id.member : id.group
            guard named == replica.anchor else { continue }
            guard row.isPresent else {
                // Taken away after the rename, by the name from before it: it still stands there by the new one. So it does where all that its group holds as of then was
                // told, and not that he went.
                let isMissed = try isOlder(version, than: row.version) || !isAwaited(row, in: id.group, store)
                if form.isMaintainedByServer, isMissed {
                    try requestRead(.readMembers(id.group), .miniorange, store, now: now)
                }
                continue
            }
            if form.isMaintainedByServer, let formerName, case .entry(let place) = old.parent,
                try mayHaveBeenAnother(place, .miniorange, nil, store)
            {
                // What it stood in may have had another name already when that was written, so that it named nobody and nothing was followed.
                var link = row
                link.value = row.value ?? Octets(formerName.description)
                try store.put(link, for: id)
                try requestMembers(of: form.holder == .group ? id.group : id.member, .miniorange, store, now: now)
                continue
            }
            if isFollowed(row, by: form, from: formerName, as: version) {
                var link = row
                link.value = nil
                try store.put(link, for: id)
                if form.holder == .group { rereads.watch(id.group, now: now) }
                continue
            }
            if form.isMaintainedByServer, row.value == nil {
                // Written after the rename, by the name from before it: the server did not know of it any more.
                guard isOlder(version, than: row.version), let formerName else { continue }
                var link = row
                link.value = Octets(formerName.description)
                try store.put(link, for: id)
            } else if let value = row.value, let expected = try expectedValue(id, form, store),
                form.isSame(value, expected)
            {
                continue
            }
            try linkMoved(id, store, now: now)
        }
    }

    /// Whether a value was written before the rename, by the name from then: its server writes it anew.
    private func isFollowed(
        _ row: Link,
        by form: MembershipForm,
        from formerName: DistinguishedName?,
        as version: Version
    ) -> Bool {
        guard form.isMaintainedByServer, let value = row.value, let formerName, row.version != .unordered else {
            return false
        }
        return form.isSame(value, Octets(formerName.description)) && !isOlder(version, than: row.version)
    }

    /// Whether the feed is still to tell the state of a group by which a membership is known to have gone.
    private func isAwaited(_ row: Link, in group: Anchor, _ store: any StoreTransaction) throws -> Bool {
        guard let told = try store.replica(.miniorange, group)?.membersVersion, told != .unordered else { return false }
        return isOlder(told, than: row.version)
    }

    /// What stands for a membership in the entry that holds it, as both entries are named now.
    mutating func expectedValue(
        _ link: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Octets? {
        let named = form.holder == .group ? link.member : link.group
        if link.side == .ad { return ExtendedName.value(named) }
        switch form.value {
        case .name, .nameAndUID:
            return try nameValue(of: named, store)
        case .memberAttribute(let attribute):
            return try store.replica(.miniorange, named)?.attributes[attribute].first
        case .groupName:
            return try store.outline(.miniorange, named)?.rdn.value
        }
    }

    /// Whether a value names the entry as it is named now, and will be.
    mutating func isExpected(
        _ value: Octets,
        _ link: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let expected = try expectedValue(link, form, store), form.isSame(expected, value) else { return false }
        return try !isToBeRenamed(link, form, store)
    }

    /// How a text that no server keeps right names an entry.
    enum Outdating: Int, Comparable {
        /// As it is named, and will be.
        case none
        /// As it is named now, which it is to be no more: the entry itself tells.
        case soon
        /// As it was named, which its row alone tells.
        case former

        static func < (lhs: Outdating, rhs: Outdating) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    mutating func outdating(
        of value: Octets,
        _ link: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Outdating {
        let isName = try expectedValue(link, form, store).map { form.isSame($0, value) } ?? false
        guard try isToBeRenamed(link, form, store) else { return isName ? .none : .former }
        if isName { return .soon }
        let object = try object(ofGroup: link.group, link.side, store)
        return try object.flatMap { try virtualGroup(toBeNamed: value, $0, store) } == link.group ? .none : .former
    }

    /// Whether a membership stands by a text that no server keeps right, and that is not what would be written for the entry.
    func isByFormerText(
        _ row: Link,
        _ old: Replica,
        _ name: DistinguishedName?,
        _ form: MembershipForm
    ) -> Bool {
        guard form.keepsValue, let value = row.value else { return false }
        switch form.value {
        case .name, .nameAndUID: return name.map { !form.isSame(value, Octets($0.description)) } ?? false
        case .memberAttribute(let attribute): return old.attributes[attribute].first != value
        case .groupName: return old.rdn.value != value
        }
    }

    /// The value at the LDAP side that no longer names the entry, or nil where it does.
    mutating func outdatedValue(_ view: LinkView, _ store: any StoreTransaction) throws -> Octets? {
        guard let row = view.rows.miniorange, row.isPresent, let value = row.value else { return nil }
        let form = view.membership.form
        guard let expected = try expectedValue(view.ids.miniorange, form, store),
            !form.isSame(value, expected)
        else { return nil }
        return value
    }

    /// Whether a value that is to name an entry may mean somebody else when it is there: another one is just being given that name by us; the entry, or what it stands in,
    /// is just being renamed by us, or was renamed to what is being asked for; or somebody else had the name a moment ago, and his server rewrites whatever value holds it.
    func mayMeanAnotherSoon(
        _ value: Octets,
        _ id: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        if !namesBeingGiven.isEmpty, let key = form.namingKey(of: value), namesBeingGiven[key] != nil { return true }
        guard form.isMaintainedByServer else { return try isGivenUp(value, id, form, store) }
        if !renamesUnderWay.isEmpty || !namesAwaited[id.side].isEmpty {
            var next: Anchor? = form.holder == .group ? id.member : id.group
            while let anchor = next {
                if renamesUnderWay[anchor] != nil || namesAwaited[id.side][anchor] != nil { return true }
                guard case .entry(let parent)? = try store.outline(id.side, anchor)?.parent else { break }
                next = parent
            }
        }
        return isBeingFollowed(value, form)
    }

    /// Whether a text that is to stand for a member is just being taken from him by us; or stands for another entry, too, which has something yet to be carried to it: perhaps
    /// that it has another one.
    private func isGivenUp(
        _ value: Octets,
        _ id: LinkID,
        _ form: MembershipForm,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard case .memberAttribute = form.value, let key = form.key(of: value) else { return false }
        if renamesUnderWay[id.member] != nil { return true }
        return try store.anchors(id.side, key: key, limit: 4).contains { other in
            guard other != id.member, let pair = try store.pairID(id.side, other) else { return false }
            return try inFlight[pair] != nil || unsaved[pair] != nil || store.dirty(pair) != nil
        }
    }

    /// Whether a server may be just about to rewrite a value, or to take it away.
    func isBeingFollowed(_ value: Octets, _ form: MembershipForm) -> Bool {
        guard !formerNames.isEmpty || formerNames.hasLeft,
            let name = try? DistinguishedName(parsing: form.nameOctets(of: value))
        else { return false }
        return formerNames.isBeingFollowed(name, at: stepTime)
    }

    /// A container has another name, and so has all that stands in it. What was written below its former name since then names nobody: the server had followed
    /// the rename before.
    private mutating func renameLinks(
        below container: Replica,
        from formerName: DistinguishedName,
        as version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard namesMembersByDN(.miniorange), version != .unordered else { return }
        var open = [(anchor: container.anchor, formerName: formerName)]
        while let parent = open.popLast() {
            var last: Anchor?
            while true {
                let children = try store.children(.miniorange, of: parent.anchor, after: last, limit: 1_000)
                for child in children {
                    guard let outline = try store.outline(.miniorange, child) else { continue }
                    let formerName = parent.formerName.child(outline.rdn)
                    guard outline.kind != .container else {
                        open.append((child, formerName))
                        continue
                    }
                    for id in try links(of: child, .miniorange, .user, store) {
                        guard var row = try store.link(id), row.isPresent, isOlder(version, than: row.version),
                            try isNamedByServer(id.group, .miniorange, store)
                        else { continue }
                        if row.value == nil {
                            row.value = Octets(formerName.description)
                            try store.put(row, for: id)
                        }
                        try linkMoved(id, store, now: now)
                    }
                }
                guard children.count == 1_000 else { break }
                last = children.last
            }
        }
    }

    // MARK: Values that were written

    /// Whether a server may yet rewrite, or take away, what was written, or have it there still by another name.
    func mayBeFollowed(
        _ change: Intent.LinkChange,
        of holder: Anchor,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard try isNamedByServer(change.link.group, change.link.side, store) else { return false }
        let named = change.link.member == holder ? change.link.group : change.link.member
        guard change.isPresent else { return formerNames.mayStillStand(at: now) }
        return formerNames.mayStillMean(another: named, by: change.value, at: now)
            || formerNames.mayFollowUnknown(at: now) { namings.miniorange.isLater(named, than: $0) }
    }

    /// Whether what was taken away was a text that no server keeps right, and is not what would be written now.
    mutating func isListedByAnotherName(_ change: Intent.LinkChange, _ store: any StoreTransaction) throws -> Bool {
        guard change.link.side == .miniorange,
            let form = try object(ofGroup: change.link.group, .miniorange, store)?.mapping.specification.membership?
                .form,
            form.keepsValue, let expected = try expectedValue(change.link, form, store)
        else { return false }
        return !form.isSame(expected, change.value)
    }
}
