import Mapping
import SyncModel

/// Values of memberships that a log tells one by one.
extension Engine {
    /// Takes the edits of memberships out of what a log tells of an entry, and returns the others.
    mutating func takeMembershipEdits(
        _ anchor: Anchor,
        _ edits: [AttributeEdit],
        _ version: Version,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> [AttributeEdit] {
        guard edits.contains(where: { linkAttributes[side].contains(CaseFolding.lowercaseName($0.name)) }) else {
            try noteMembersStand(of: anchor, version, side, store)
            return edits
        }
        guard let replica = try store.replica(side, anchor) ?? departedGroup(anchor, side, store),
            let object = replica.object.flatMap({ objects[$0] })
        else { return edits }
        let forms = linkForms(of: object, side)
        var rest: [AttributeEdit] = []
        var isTaken = false
        var isUnderstood = true
        // Of the state in which all of them were read, what its server has done since without a word is known as well: it may have put back whom this edit took out by another name.
        let isRead = version != .unordered && version == replica.membersVersion && isNamingMembers(replica)
        let isNews = !isOlder(version, than: membersKnown(of: replica)) && (side == .ad || !isRead)
        let added = edits.filter { $0.kind == .add }.flatMap(\.values)
        for edit in Engine.removalsFirst(edits) {
            let name = CaseFolding.lowercaseName(edit.name)
            let matching = forms.filter { $0.form.attribute == name }
            if matching.isEmpty { rest.append(edit) }
            guard isNews else {
                for form in matching where edit.kind != .delete {
                    try recallNames(edit.values, form, replica, version, store, now: now)
                }
                continue
            }
            for form in matching {
                if try !take(edit, beside: added, form, replica, version, store, now: now) { isUnderstood = false }
                isTaken = true
            }
        }
        guard isTaken else { return rest }
        // Where it is not known who went, there is no state in which its members are known before it is read: else who went would have gone in silence.
        let isUnknown = side == .miniorange && (!isUnderstood || replica.membersVersion == .unordered)
        // Nor where all of them are being asked for: what was told before this edit is yet to be understood.
        let isAwaited = side == .miniorange && membersTold[anchor] != nil
        if isUnknown || isAwaited { membersTold[anchor] = version }
        if isUnknown {
            try noteMembersVersion(.unordered, of: anchor, side, store)
        } else if !isAwaited {
            try noteMembersVersion(version, of: anchor, side, store)
        }
        return rest
    }

    /// A log tells a change of an entry, and none of its members: as they were known they are known as of that, and whoever is not shown then went without a word.
    private func noteMembersStand(
        of anchor: Anchor,
        _ version: Version,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard side == .miniorange, hasMemberships, membersTold[anchor] == nil,
            let replica = try store.replica(side, anchor), replica.membersVersion != .unordered,
            version.supersedes(replica.membersVersion), isNamingMembers(replica)
        else { return }
        try noteMembersVersion(version, of: anchor, side, store)
    }

    /// A value was there before all that is known of the entry, in which it names nobody: it was given for who had the name then.
    mutating func recallNames(
        _ values: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard case .memberAttribute = form.form.value, form.form.keepsValue, try store.count(.parkedLinks) > 0 else {
            return
        }
        let parked = try store.parkedLinks(holder.side, holder: holder.anchor)
        for value in values {
            guard let key = LinkKey.memberKey(value), parked.contains(key),
                case .entry(let anchor) = try only(key, holder.side, asOf: version, store)
            else { continue }
            try store.unparkLink(holder.side, name: key, holder: holder.anchor)
            let link = form.link(holder.side, holder.anchor, anchor)
            try tell(link, true, form, holder.membersVersion, value: value, store, now: now)
        }
    }

    /// In one change a value may come that stands for the same as one that goes: it stands alone.
    private static func removalsFirst(_ edits: [AttributeEdit]) -> [AttributeEdit] {
        let removals = edits.filter { $0.kind == .delete && !$0.values.isEmpty }
        let additions = edits.filter { $0.kind == .add }
        let added = Set(additions.flatMap(\.values))
        guard removals.count + additions.count == edits.count, added.isDisjoint(with: removals.flatMap(\.values)) else {
            return edits
        }
        return removals + additions
    }

    /// False where values went of which it is not known whom they named: the entry is read. `added`: what comes with the same change.
    private mutating func take(
        _ edit: AttributeEdit,
        beside added: [Octets],
        _ form: LinkForm,
        _ holder: Replica,
        _ version: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        if edit.kind == .replace || edit.kind == .delete && edit.values.isEmpty {
            guard try !namesSomebodyRenamed(edit.values, form, holder, version, store, now: now) else {
                try requestRead(.readMembers(holder.anchor), holder.side, store, now: now)
                return false
            }
            try compare(holder, form, with: edit.values, version, store, now: now)
            return true
        }
        let side = holder.side
        let isPresent = edit.kind == .add
        if !isPresent, form.form.holder == .group { forgetWritten(in: holder.anchor, without: edit.values, form.form) }
        var mustRead = false
        var known: [Octets: Anchor]?
        for value in edit.values {
            if isPresent, form.form.keepsValue, form.form.holder == .member {
                // One that was written for a group stands for it, whoever has that name by now: none is made for it.
                let values = try known ?? knownValues(of: holder.anchor, form, side, store)
                known = values
                if let anchor = values[form.form.comparable(value)] {
                    let link = form.link(side, holder.anchor, anchor)
                    let noted = try mustBeReplaced(link, form.form, beside: value, store) ? nil : value
                    try tell(link, true, form, version, value: noted, store, now: now)
                    continue
                }
            }
            var name = try named(
                by: value,
                form,
                of: holder.anchor,
                side,
                asOf: version,
                isThere: isPresent,
                store,
                now: now
            )
            // Whoever it stood for, it is not there any more for who gets that name next.
            if !isPresent, case .unknown(let parked) = name {
                try store.unparkLink(side, name: parked, holder: holder.anchor)
                try claim(parked, of: holder, store)
            }
            if !isPresent, form.form.isMaintainedByServer, case .former = name {
                // By the name from before he is gone; by the one that he has now he may well be there.
                mustRead = true
                continue
            }
            if !isPresent, form.form.isMaintainedByServer, case .entry(let anchor) = name,
                try isAwaitingName(anchor, side, store)
            {
                // So he is where the name that he had by then is being asked for.
                mustRead = true
                continue
            }
            // A value that comes names who has the name now. One that goes may still be that of somebody who had it.
            if !isPresent, !name.isPlaceholder, try !isTold(value, by: name, form, holder, store) {
                let values = try known ?? knownValues(of: holder.anchor, form, side, store)
                known = values
                if !values.isEmpty, let anchor = values[form.form.comparable(value)] { name = .entry(anchor) }
                for other in try leftovers(with: value, of: holder.anchor, form, side, store) {
                    try tell(form.link(side, holder.anchor, other), false, form, version, value: nil, store, now: now)
                }
            }
            if !isPresent, case .entry(let anchor) = name, form.form.keepsValue,
                let kept = try store.link(form.link(side, holder.anchor, anchor))?.value
            {
                let link = form.link(side, holder.anchor, anchor)
                // It stands there by another value: what went was that of somebody who had this name before.
                guard form.form.isSame(kept, value) else { continue }
                if !isUnderWay(link, of: holder.anchor, by: added), try !isExpected(value, link, form.form, store) {
                    // It may be listed by its present name besides: also where that is being written in its place, and does not come with this, as it stood there before.
                    try requestRead(.readMembers(holder.anchor), side, store, now: now)
                    continue
                }
            }
            if isPresent, case .unknown = name, form.form.isMaintainedByServer {
                let values = try known ?? knownValues(of: holder.anchor, form, side, store)
                known = values
                if !values.isEmpty, let anchor = values[form.form.comparable(value)] {
                    let link = form.link(side, holder.anchor, anchor)
                    try tell(link, true, form, version, value: nil, store, now: now)
                    try keepFormerName(value, of: link, store, now: now)
                    continue
                }
            }
            switch name {
            case .entry(let anchor):
                let link = form.link(side, holder.anchor, anchor)
                let isDoubtful =
                    try isPresent
                    && (meantAnother(than: anchor, link, form, asOf: version, store)
                        || wasWrittenOfGone(value, anchor, form, holder, version, store))
                if isDoubtful {
                    mustRead = true
                    continue
                }
                let noted = try isPresent && mustBeReplaced(link, form.form, beside: value, store) ? nil : value
                if try !tell(link, isPresent, form, version, value: noted, store, now: now) { mustRead = true }
            case .former(let anchor):
                let link = form.link(side, holder.anchor, anchor)
                if try !tell(link, isPresent, form, version, value: nil, store, now: now) { mustRead = true }
                if isPresent { try keepFormerName(value, of: link, store, now: now) }
            case .placeholder:
                let link = form.link(side, holder.anchor, .placeholder)
                try tell(link, isPresent, form, version, value: value, store, now: now)
            case .unknown(let name):
                if isPresent {
                    try claim(name, of: holder, store)
                    try store.parkLink(side, name: name, holder: holder.anchor)
                    if form.form.isMaintainedByServer {
                        try watch(holder.anchor, parked: name, asOf: version, side, store, now: now)
                    }
                    if let container = try unknownContainer(of: value, form, side, store) {
                        try store.parkLink(side, name: container, holder: holder.anchor)
                    }
                }
                // Who is named may have been renamed since, which is known already. What the server says now is known by its name now.
                if try isRenamedMaybe(value, form, side, store) { mustRead = true }
            }
        }
        guard mustRead, form.form.holder == .group else { return true }
        try requestRead(.readMembers(holder.anchor), side, store, now: now)
        return isPresent
    }

    /// Whether an entry, or a container above it, has another name that is being asked for.
    func isAwaitingName(_ anchor: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        try !namesAwaited[side].isEmpty && mayHaveBeenAnother(anchor, side, nil, store)
    }

    /// Whether a membership stands by a value that names nobody any more, or soon will not, and is to be taken away: it is, though the right one came beside it.
    private mutating func mustBeReplaced(
        _ id: LinkID,
        _ form: MembershipForm,
        beside other: Octets,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard form.keepsValue, let row = try store.link(id), row.isPresent, let value = row.value else { return false }
        let isOutdated = try outdating(of: value, id, form, store)
        return try isOutdated > .none && isOutdated >= outdating(of: other, id, form, store)
    }

    /// Rows of who is gone that stand by just this value, which may be another one's name by now.
    private func leftovers(
        with value: Octets,
        of holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> [Anchor] {
        guard form.form.keepsValue else { return [] }
        return try linked(to: holder, form, side, store).filter { other in
            try store.link(form.link(side, holder, other))?.value == value && isGone(other, side, store)
        }
    }

    /// Added by a name from before a rename, maybe after the server has followed it: it is written by the new one.
    private mutating func keepFormerName(
        _ value: Octets,
        of id: LinkID,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard var link = try store.link(id), link.isPresent else { return }
        link.value = value
        try store.put(link, for: id)
        try linkMoved(id, store, now: now)
    }

    /// What the highest container that is not known in a value's DN is parked by: it may come by a rename, which tells nothing of what stands below it.
    func unknownContainer(
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
    func isTold(
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

    func isRenamedMaybe(
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
}
