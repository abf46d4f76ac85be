import Mapping
import SyncModel

/// What became of memberships that were written. A row changes by what the server has confirmed.
extension Engine {
    mutating func settleEdit(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        refused: [RefusedValue],
        absent: [Octets],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let refusals = Dictionary(refused.map { ($0.value, $0.refusal) }) { first, _ in first }
        var members: [PairID: [HistoryRecord.MemberChange]] = [:]
        // What the feed has told meanwhile of all that the entry holds.
        let holder = intent.write.operation.anchor
        let replica = try holder.flatMap { try store.replica(intent.write.side, $0) }
        let told = replica?.membersVersion ?? .unordered
        let removed = intent.write.operation.removedValues
        var hasMissed = false
        let hasRefused = try store.count(.refusedLinks) > 0
        let group = try holder.flatMap { try linkGroup(intent.write.side, $0, store) }
        for change in intent.links where !change.isVoid {
            if let refusal = refusals[change.value] {
                try refuse(change.link, change.isPresent, refusal, of: intent.write.pair, store, now: now)
                continue
            }
            if hasRefused { try store.removeRefused(change.link, of: intent.write.pair) }
            if !change.isPresent, absent.contains(change.value), try isNamedByServer(change.link, store) {
                // Nothing was removed: where the feed does not tell that somebody else was faster, it stands there by another name.
                hasMissed = true
                continue
            }
            // Renamed since it was sent, he may be listed by the new name besides.
            if !change.isPresent, try isListedByAnotherName(change, store) { hasMissed = true }
            try store.unpend(change.link, of: intent.write.pair)
            // Who has left the scope meanwhile has no rows: what stands there is read when it comes back. By a name that is not the member's any more it would be that
            // of whoever has it then.
            guard try replica != nil || isForNobody(change, store) else { continue }
            try confirm(
                change,
                within: hasSelectingGroups ? nil : group,
                removed: removed,
                snapshot.version,
                told: told,
                store,
                now: now
            )
            if let group = try store.pairID(change.link.side, change.link.group),
                let member = try store.pairID(change.link.side, change.link.member)
            {
                members[group, default: []].append(
                    HistoryRecord.MemberChange(member: member, isPresent: change.isPresent)
                )
            }
        }
        try forgetPlaceholder(intent, store)
        try appendHistory(of: intent, members, store, now: now)
        try takeIn(snapshot, intent.write.side, answering: intent.write.id, store, now: now)
        try noteRefusals(of: intent.write.pair, store, now: now)
        // What the feed told later has been taken in with these values on their way.
        if let holder, isOlder(snapshot.version, than: told), createsMissingGroups {
            try requestRead(.read(holder), intent.write.side, store, now: now)
        }
        // What was added by the name that another one had just now may be taken away with him, or be rewritten to his new one.
        // What was removed by its present name may stand there by the one from before, and is rewritten by the server to the present one: then it was not removed.
        if !hasMissed, let holder, formerNames.mayStillStand(at: now) || formerNames.hasUnknownLeft,
            try intent.links.contains(where: { try !$0.isVoid && mayBeFollowed($0, of: holder, store, now: now) })
        {
            rereads.watch(holder, now: now)
        }
        if hasMissed, let holder { try requestRead(.readMembers(holder), intent.write.side, store, now: now) }
        markDirty(intent.write.pair, .membership, now: now)
    }

    /// Whether a member was written by a name that he has no more, or that was his until he was deleted.
    private mutating func isForNobody(_ change: Intent.LinkChange, _ store: any StoreTransaction) throws -> Bool {
        let id = change.link
        guard change.isPresent, id.side == .miniorange,
            let form = try object(ofGroup: id.group, id.side, store)?.mapping.specification.membership?.form,
            form.holder == .group, form.isMaintainedByServer
        else { return false }
        if try isGone(id.member, id.side, store) { return true }
        return try expectedValue(id, form, store).map { !form.isSame($0, change.value) } ?? false
    }

    /// An edit whose answer was lost, after a look at what the entry holds. Memberships that are as they were to be are agreed on: whatever the other side
    /// has done to them since is news, and this side's state is not. The others are still pending. False where the answer could not be understood yet: the intent is
    /// open still, so that what is told meanwhile of what it has written is not taken for somebody else's doing.
    mutating func settleRepeatedEdit(
        _ intent: Intent,
        _ snapshot: EntrySnapshot,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        guard case .readMembers(let holder) = intent.write.operation, !intent.links.isEmpty else { return true }
        guard let told = try store.replica(intent.write.side, holder)?.membersVersion else {
            markDirty(intent.write.pair, .membership, now: now)
            return true
        }
        if membersTold[holder] != nil || isOlder(told, than: snapshot.version), let time = rereads.takeNext(holder) {
            try repeatAsRead(intent, store, notBefore: time)
            return false
        }
        for change in intent.links where !change.isVoid {
            let link = try store.link(change.link)
            guard change.isPresent == (link?.isPresent ?? false) else { continue }
            // There by the name that was to be replaced: still to be written.
            if change.isPresent, let value = link?.value, value != change.value { continue }
            try store.removeRefused(change.link, of: intent.write.pair)
            try store.unpend(change.link, of: intent.write.pair)
            try confirm(change, within: nil, snapshot.version, told: told, store, now: now)
        }
        markDirty(intent.write.pair, .membership, now: now)
        return true
    }

    /// A value that was to be written by another name is there no more: somebody has taken it away, or has done the same. What the entry holds tells.
    mutating func settleStaleEdit(_ intent: Intent, _ store: any StoreTransaction, now: Timestamp) throws {
        guard case .editValues(let holder, _, let edits) = intent.write.operation, edits.isGuarded else { return }
        for change in intent.links where !change.isVoid {
            guard var link = try store.link(change.link), link.isPresent else { continue }
            // By which value it stands there is not known.
            link.version = .unordered
            try store.put(link, for: change.link)
        }
        try requestRead(.readMembers(holder), intent.write.side, store, now: now)
    }

    /// Whether a membership stands at the LDAP side by a name that the server changes without a word.
    private func isNamedByServer(_ id: LinkID, _ store: any StoreTransaction) throws -> Bool {
        try store.link(id)?.isPresent == true && isNamedByServer(id.group, id.side, store)
    }

    func isNamedByServer(_ group: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard side == .miniorange, let object = try object(ofGroup: group, side, store) else { return false }
        return object.mapping.specification.membership?.form.isMaintainedByServer ?? false
    }

    /// The write took the placeholder away, now that there is a member. That it was put back the feed tells.
    private func forgetPlaceholder(_ intent: Intent, _ store: any StoreTransaction) throws {
        guard case .editValues(let anchor, _, let edits) = intent.write.operation, edits.placeholder == nil,
            let object = intent.write.object.flatMap({ objects[$0] }),
            let placeholder = object.mapping.specification.membership?.placeholder,
            edits.remove.contains(Octets(placeholder.description))
        else { return }
        try store.removeLink(LinkID(side: intent.write.side, group: anchor, member: .placeholder))
    }

    /// `removed`: the values that are not there after the same write.
    private mutating func confirm(
        _ change: Intent.LinkChange,
        within group: LinkGroup?,
        removed: [Octets] = [],
        _ version: Version,
        told: Version,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let id = change.link
        let view = try view(of: id, within: group, store)
        guard
            let membership = try view?.membership
                ?? object(ofGroup: id.group, id.side, store)?.mapping.specification.membership
        else { return }
        let form = membership.form(id.side)
        if !change.isPresent { forgetWritten(in: id.group, without: [change.value], form) }
        let source: Link.Sources = form.holder == .group ? .group : .member
        let old = try store.link(id)
        var link = old ?? Link(sources: [])
        var mustRewrite = false
        if !change.isPresent, old?.isPresent == true, old?.value != change.value, form.isMaintainedByServer,
            id.side == .miniorange, let expected = try expectedValue(id, form, store),
            !form.isSame(expected, change.value)
        {
            // The member was renamed while its removal was on its way: it still stands there by its new name.
            try linkMoved(id, store, now: now)
            return
        }
        // The feed may have told something later already, of the membership or of all that the entry holds.
        if !isOlder(version, than: link.version), !isOlder(version, than: told) {
            if change.isPresent { link.sources.insert(source) } else { link.sources.remove(source) }
            link.version = version
            // Until the server has told it, it stands there by the name that was written.
            let isTold = old?.isPresent == true && old?.version == version
            if !change.isPresent {
                link.value = nil
            } else if form.keepsValue || id.side == .miniorange && !isTold {
                link.value = change.value
            }
            if change.isPresent, form.keepsValue, old?.isPresent == true, let other = old?.value, other != change.value,
                !removed.contains(other), try !isOfAnother(other, id, form, store)
            {
                // Somebody had put it there by another value meanwhile, which stands there besides, and may mean another one by now.
                link.value = other
                mustRewrite = true
            }
        }
        // What followed from others is agreed whatever became of its entries: AD has no value that went with them.
        link.isAgreed = try change.isPresent && (view != nil || change.isImplied || isAnswerable(id, store))
        link.isUnwanted = false
        if change.isPresent, id.side == .miniorange, let expected = try expectedValue(id, form, store) {
            if !form.isSame(expected, change.value) {
                // It was renamed while the value was on its way: what was written names nothing.
                link.value = change.value
                mustRewrite = true
            } else if form.keepsValue, let told = link.value, !form.isSame(expected, told) {
                // By what the feed has told already it stands there by another value besides, which may mean another one by now.
                mustRewrite = true
            }
        }
        if link.isPresent || link.isAgreed || link.version != .unordered {
            if link != old { try store.put(link, for: id) }
        } else if old != nil {
            try store.removeLink(id)
        }
        if link.isPresent != old?.isPresent ?? false {
            try impliedMembersMoved(by: id, store, now: now)
        }
        if let view {
            try confirmCounterpart(view, of: id, change.isPresent, store, now: now)
            try reportIfStillImplied(view, id, change, store, now: now)
        }
        if mustRewrite || link.isPresent != change.isPresent { try linkMoved(id, store, now: now) }
        if change.isPresent, view == nil, id.side == .miniorange {
            let isOfGone = try isGone(id.member, id.side, store)
            if isOfGone, form.holder == .group, form.isMaintainedByServer, link.isPresent, link.version == version {
                writtenOfGone.note(id, link)
            }
            let isLeftover = try isOfGone || isGone(id.group, id.side, store)
            if isLeftover { try linkMoved(id, store, now: now) }
        }
    }

    /// A direct membership was taken away at AD, and another group keeps its member in.
    private mutating func reportIfStillImplied(
        _ before: LinkView,
        _ id: LinkID,
        _ change: Intent.LinkChange,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard flattens, id.side == .ad, !change.isPresent, let after = try view(of: id, store),
            try isMemberAtAD(after, store)
        else { return }
        try reportImplied(before, store, now: now)
        try linkMoved(id, store, now: now)
    }

    /// Whether the other side can still be held to an agreement: not where its group or member was deleted while the answer was on its way.
    private func isAnswerable(_ id: LinkID, _ store: any StoreTransaction) throws -> Bool {
        for anchor in [id.group, id.member] {
            guard let pairID = try store.pairID(id.side, anchor), let pair = try store.outline(pairID) else {
                return false
            }
            switch pair.presence[id.side.opposite] {
            case .present, .outOfScope: continue
            case .missing, .deleted: return false
            }
        }
        return true
    }

    /// The other side's row now says that both agreed, whatever has become of it since.
    private mutating func confirmCounterpart(
        _ view: LinkView,
        of id: LinkID,
        _ isPresent: Bool,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let other = id.side.opposite
        let otherID = view.ids[other]
        let old = view.rows[other]
        let shown = other == .ad ? try isMemberAtAD(view, store) : old?.isPresent ?? false
        var link = old ?? Link(sources: [])
        link.isAgreed = isPresent
        if link.isPresent || link.isAgreed && !(old == nil && shown) {
            if link != old { try store.put(link, for: otherID) }
        } else if old != nil {
            try store.removeLink(otherID)
        }
        // What stands there by a name from before may be written anew now.
        let isOutdated = try other == .miniorange && isPresent && outdatedValue(view, store) != nil
        if shown != isPresent || isOutdated { try linkMoved(otherID, store, now: now) }
    }

    private func appendHistory(
        of intent: Intent,
        _ members: [PairID: [HistoryRecord.MemberChange]],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard case .editValues(_, _, let edits) = intent.write.operation else { return }
        for (group, changes) in members.sorted(by: { $0.key < $1.key }) {
            try store.append(
                HistoryRecord(
                    pair: group,
                    time: now,
                    event: .membersChanged,
                    side: intent.write.side,
                    cause: .membership,
                    attributes: [edits.attribute],
                    members: changes
                )
            )
        }
    }

    /// What a search has found: entries that stand in a container which is new here, or the groups of an entry that is.
    mutating func settleFound(
        _ intent: Intent,
        _ snapshots: [EntrySnapshot],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let side = intent.write.side
        for snapshot in snapshots {
            let wasKnown = try store.outline(side, snapshot.anchor) != nil
            try takeIn(snapshot, side, answering: intent.write.id, store, now: now)
            if !wasKnown, try store.outline(side, snapshot.anchor)?.kind != .container {
                try readAround(snapshot.anchor, wasKnown: false, side, store, now: now)
            }
            guard case .readGroups(let member) = intent.write.operation,
                let group = try store.replica(side, snapshot.anchor),
                // What the feed has told since of all its members counts for more.
                !isOlder(snapshot.version, than: group.membersVersion),
                let object = group.object.flatMap({ objects[$0] }),
                let form = linkForms(of: object, side).first(where: { $0.form.holder == .group })
            else { continue }
            let link = LinkID(side: side, group: snapshot.anchor, member: member)
            // Found by a name that may still stand there for somebody who had it just now: all that it holds tells more.
            // So it is where it may stand there for nobody.
            let isDoubtful =
                try expectedValue(link, form.form, store).map {
                    try mayMeanAnother($0, than: member, link, form, store, now: now)
                        || isMeantByUnclaimed($0, member, form, of: group, store)
                        || wasWrittenOfGone($0, member, form, group, snapshot.version, store)
                } ?? false
            if !isDoubtful { try tell(link, true, form, snapshot.version, value: nil, store, now: now) }
            // One of its values that named nothing was this one, by another name.
            if try isDoubtful || !store.parkedLinks(side, holder: snapshot.anchor).isEmpty {
                try requestMembers(of: snapshot.anchor, side, store, now: now)
            }
        }
        if case .readGroups(let member) = intent.write.operation {
            try readGroups(without: member, besides: Set(snapshots.map(\.anchor)), side, store, now: now)
            try endLookingFor(member, store, now: now)
        }
        markDirty(intent.write.pair, .retry, now: now)
    }

    /// Groups that are known to hold an entry and were not found by it: its server may have taken it for who had its name before, and was deleted.
    private mutating func readGroups(
        without member: Anchor,
        besides found: Set<Anchor>,
        _ side: Side,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        var others: [Anchor] = []
        try store.forEachGroup(side, ofMember: member, after: nil) { group in
            let link = LinkID(side: side, group: group, member: member)
            if !found.contains(group), try store.link(link)?.sources.contains(.group) == true { others.append(group) }
            return true
        }
        for group in others where try isNamedByServer(group, side, store) {
            try requestMembers(of: group, side, store, now: now)
        }
    }
}
