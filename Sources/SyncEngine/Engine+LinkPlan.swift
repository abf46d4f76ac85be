import Mapping
import Reconcile
import SyncModel

/// From memberships that moved to values that are written: many in one write, each decided for itself.
extension Engine {
    /// The most memberships that one write carries.
    static let linksPerWrite = 1_000

    /// What is to be done about one membership.
    enum LinkVerdict {
        /// Both sides agree, or show it as closely as they can.
        case settled
        /// Nothing can be said until somebody is on both sides; that wakes it.
        case waiting
        /// It can't be written; that is noted already.
        case setAside
        case write(LinkWrite)
        /// The value stands in another entry than the one that is looked at.
        case heldBy(PairID)
        /// What holds it is being asked.
        case asked
        /// It would be written by a name that may mean somebody else by the time that it is there.
        case later
    }

    /// One value that comes or goes.
    struct LinkWrite {
        var link: LinkID
        var isPresent: Bool
        /// What comes, or goes.
        var value: Octets
        /// What stood for the same membership until now.
        var replaced: Octets?
        var attribute: String
        var placeholder: DistinguishedName?
        /// Whether AD shows it without a value of its own: by way of a nested group, or by primaryGroupID.
        var isImplied = false
        /// What is told of it to a person as it is written.
        var report: ConflictRecord?
    }

    /// Writes what is pending of the memberships that the pair's entries hold.
    mutating func processLinks(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws {
        guard hasMemberships, inFlight[pair.id] == nil else { return }
        try recallRefused(pair, store, now: now)
        guard !isGathering(pair.id, now: now) else {
            unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
            return
        }
        if let holder = pair.anchors.miniorange, rereads.isAsking(holder) {
            // By which names its members stand there is yet to be understood: the same edits would come of it again and again. It is looked at with the answer.
            unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
            return
        }
        if let waiting = waitingLinks[pair.id], !hasRoom(waiting.side, for: pair.id) {
            try processLinks(waiting.moved.sorted(), waiting: waiting.side, pair, store, now: now)
        } else if try store.count(.pendingLinks) > 0 {
            waitingLinks.forget(pair.id)
            let pending = try store.pending(of: pair.id, limit: Engine.linksPerWrite)
            if !pending.isEmpty { try processLinks(pending, waiting: nil, pair, store, now: now) }
        }
        // After what was said of the pair itself was settled, and perhaps taken back.
        try noteRefusals(of: pair.id, store, now: now)
    }

    /// - Parameter waiting: what all other ones that are pending wait for a place at.
    private mutating func processLinks(
        _ pending: [LinkID],
        waiting: Side?,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let refused =
            try store.count(.refusedLinks) > 0
            ? Dictionary(try store.refusedLinks(of: pair.id, limit: .max)) { first, _ in first } : [:]
        var writes = PerSide<[LinkWrite]>(both: [])
        var planned: Set<LinkID> = []
        let group = try pair.anchors.ad.flatMap { try linkGroup(.ad, $0, store) }
        var isLater = false
        for link in pending {
            switch try verdict(on: link, within: group, for: pair, store, now: now) {
            case .settled, .waiting:
                try store.unpend(link, of: pair.id)
                if !refused.isEmpty { try forgetRefused(link, of: pair.id, store) }
            case .setAside:
                break
            case .asked:
                // With the answer all of them are looked at.
                unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
                return
            case .later:
                isLater = true
            case .heldBy(let holder):
                try store.unpend(link, of: pair.id)
                if !refused.isEmpty { try forgetRefused(link, of: pair.id, store) }
                try setPending(link, of: holder, store)
                markDirty(holder, .membership, now: now)
            case .write(let write):
                // Either of its rows may be pending, or both; what is written is one of them.
                if write.link != link {
                    try store.unpend(link, of: pair.id)
                    try setPending(write.link, of: pair.id, store)
                }
                let refusal = refused[write.link].flatMap { $0.isAddition == write.isPresent ? $0 : nil }
                if let refusal, refusal.next > now {
                    try store.unpend(write.link, of: pair.id)
                } else if refusal == nil,
                    let excess = repeatedEdits.excess(write.link, write.isPresent, write.value, now: now)
                {
                    try refuse(
                        write.link,
                        write.isPresent,
                        Refusal.undone,
                        attempts: excess,
                        of: pair.id,
                        store,
                        now: now
                    )
                } else if planned.insert(write.link).inserted {
                    writes[write.link.side].append(write)
                }
            }
        }
        if isLater {
            unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
            queue.delay(pair.id, until: now.advanced(byMilliseconds: FormerNames.followingTime))
        }
        let full = Side.allCases.filter { !writes[$0].isEmpty && !hasRoom($0, for: pair.id) }
        for side in full + [waiting].compactMap(\.self) {
            unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
            if isConnected[side] { queue.block(pair.id, on: side) }
        }
        let isWhole = waiting != nil || pending.count < Engine.linksPerWrite
        if let side = waiting ?? full.first, isWhole, !isLater, writes[side.opposite].isEmpty {
            waitingLinks.wait(pair.id, for: side)
        } else {
            waitingLinks.forget(pair.id)
        }
        for side in Side.allCases where !writes[side].isEmpty && !full.contains(side) {
            try open(writes[side], on: side, pair, store, now: now)
        }
        if inFlight[pair.id] == nil, unsaved[pair.id] == nil, pending.count == Engine.linksPerWrite {
            markDirty(pair.id, .membership, now: now)
        }
    }

    private func membershipForm(ofAttribute attribute: String, _ side: Side) -> MembershipForm? {
        for object in membershipObjects {
            if let form = object.mapping.specification.membership?.form(side), form.attribute == attribute {
                return form
            }
        }
        return nil
    }

    private func forgetRefused(_ link: LinkID, of pair: PairID, _ store: any StoreTransaction) throws {
        try store.removeRefused(link, of: pair)
        if let other = try counterpart(of: link, store) { try store.removeRefused(other, of: pair) }
    }

    private mutating func open(
        _ links: [LinkWrite],
        on side: Side,
        _ pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        // One write edits one attribute; what stands in another follows when this one is settled.
        let attribute = links[0].attribute
        let chosen = links.filter { $0.attribute == attribute }
        guard let anchor = pair.anchors[side], let name = try name(of: anchor, side, store) else {
            // Its place is not known yet.
            unsaved[pair.id] = DirtyRecord(since: now, cause: .membership)
            queue.delay(pair.id, until: now.advanced(byMilliseconds: 1_000))
            return
        }
        var edits = ValueEdits(attribute: attribute, add: [], remove: [])
        for link in chosen {
            repeatedEdits.note(link.link, link.isPresent, link.value, now: now)
            if link.isPresent { edits.add.append(link.value) } else { edits.remove.append(link.value) }
            guard let replaced = link.replaced else { continue }
            edits.remove.append(replaced)
            // Where somebody has taken the former one away, what is to stand in its place would put him back.
            if link.isPresent { edits.isGuarded = true }
        }
        // What one membership wants there no other one takes away.
        let form = membershipForm(ofAttribute: attribute, side)
        let wanted = Set(edits.add.map { form?.comparable($0) ?? $0 })
        edits.remove.removeAll { wanted.contains(form?.comparable($0) ?? $0) }
        if let placeholder = chosen[0].placeholder {
            edits.placeholder = Octets(placeholder.description)
            let row = LinkID(side: side, group: anchor, member: .placeholder)
            if !edits.add.isEmpty, try store.link(row)?.isPresent == true, let value = edits.placeholder {
                edits.remove.append(value)
                edits.placeholder = nil
            }
        }
        let write = Write(
            id: try store.makeIntentID(),
            pair: pair.id,
            side: side,
            object: pair.object,
            operation: .editValues(anchor, name: name, edits: edits)
        )
        for report in chosen.compactMap(\.report) {
            count { $0.conflicts += 1 }
            try store.append(report)
        }
        let changes = chosen.map {
            Intent.LinkChange(link: $0.link, isPresent: $0.isPresent, value: $0.value, isImplied: $0.isImplied)
        }
        try open(Intent(write: write, target: [], since: now, links: changes), store)
        count { $0.writes[side] += 1 }
    }

    // MARK: One membership

    private mutating func verdict(
        on link: LinkID,
        within group: LinkGroup?,
        for pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> LinkVerdict {
        guard link.member != .placeholder else { return .settled }
        guard let view = try view(of: link, within: group, store) else {
            guard let row = try store.link(link), row.isPresent, try isLeftover(link, row, store) else {
                return .waiting
            }
            return try removal(of: link, row, for: pair, store)
        }
        if let row = view.rows[link.side], row.isUnwanted { return try removal(of: link, row, for: pair, store) }
        guard try canHold(view, store) else { return .settled }
        let isPresent = PerSide(
            ad: try isMemberAtAD(view, store),
            miniorange: view.rows.miniorange?.isPresent ?? false
        )
        let shown: PerSide<Bool>
        var undated: Undated?
        switch try self.shown(view, isPresent, for: pair, store, now: now) {
        case .known(let known, let side): (shown, undated) = (known, side)
        case .asked: return .asked
        case .heldBy(let holder): return .heldBy(holder)
        }
        var isWanted = MembershipMerge(direction: view.membership.direction)
            .isWanted(base: view.isAgreed, ad: shown.ad, miniorange: shown.miniorange)
        if !isWanted, isPresent.ad, view.rows.ad?.sources.contains(.group) != true {
            // It follows from a nested group, or from primaryGroupID: nothing that could be taken away.
            try reportImplied(view, store, now: now)
            isWanted = true
        }
        let side: Side
        if isPresent.ad != isWanted {
            side = .ad
        } else if isPresent.miniorange != isWanted {
            side = .miniorange
        } else if let replaced = try outdatedValue(view, store) {
            return try write(view, on: .miniorange, isWanted: true, replacing: replaced, for: pair, store)
        } else {
            // Which groups name who is back is being asked for: until then what both had agreed on stands.
            if !isWanted, view.isAgreed, isLookedFor(view) { return .settled }
            try agree(view, isWanted, store)
            return .settled
        }
        // By way of another group it is there soon: nothing is to be added at AD, or taken away on the other side.
        if (side == .ad) == isWanted, try isComing(view, store) { return .waiting }
        // What has come back can't be taken away, and is not carried.
        guard view.membership.direction.permits(writingTo: side) else { return .waiting }
        if side == .ad, try store.outline(.ad, view.ids.ad.group)?.isProtected == true {
            try refuse(view.ids.ad, isWanted, Refusal.protectedGroup, of: pair.id, store, now: now)
            try store.unpend(link, of: pair.id)
            return .setAside
        }
        let verdict = try write(view, on: side, isWanted: isWanted, replacing: nil, for: pair, store)
        guard let undated, !isWanted, case .write(var write) = verdict else { return verdict }
        write.report = memberConflict(view, .undated, winner: side.opposite, now: now)
        write.report?.stamps[undated.side] = undated.stamp
        return .write(write)
    }

    private mutating func write(
        _ view: LinkView,
        on side: Side,
        isWanted: Bool,
        replacing replaced: Octets?,
        for pair: Pair,
        _ store: any StoreTransaction
    ) throws -> LinkVerdict {
        let form = view.membership.form(side)
        let holder = form.holder == .group ? view.group : view.member
        guard holder.id == pair.id else { return .heldBy(holder.id) }
        let expected = try expectedValue(view.ids[side], form, store)
        guard var value = isWanted ? expected : view.rows[side]?.value ?? expected else {
            // What it stands in is gone, and where it stands now is not known at this moment.
            return form.isMaintainedByServer ? .later : .waiting
        }
        if side == .miniorange, isWanted || form.isMaintainedByServer,
            try mayMeanAnotherSoon(value, view.ids.miniorange, form, store)
        {
            return .later
        }
        var replaced = replaced
        if !isWanted, form.isMaintainedByServer, let expected, !form.isSame(value, expected) {
            // Its server may have followed a rename since: then it goes by the present name.
            if try isOfAnother(value, view.ids[side], form, store) { value = expected } else { replaced = expected }
        } else if let former = replaced, try standsForAnother(former, view.ids[side], form, store) {
            replaced = nil
        }
        return .write(
            LinkWrite(
                link: view.ids[side],
                isPresent: isWanted,
                value: value,
                replaced: replaced,
                attribute: form.attribute,
                placeholder: side == .miniorange && form.holder == .group ? view.membership.placeholder : nil,
                isImplied: side == .miniorange && isWanted && view.rows.ad?.sources.contains(.group) != true
            )
        )
    }

    /// Whether the LDAP side can show the membership at all.
    private func canHold(_ view: LinkView, _ store: any StoreTransaction) throws -> Bool {
        guard view.member.kind == .group else { return true }
        return view.membership.nesting == .keep && view.membership.form.isMaintainedByServer
    }

    mutating func reportImplied(_ view: LinkView, _ store: any StoreTransaction, now: Timestamp) throws {
        guard view.isAgreed else { return }
        count { $0.conflicts += 1 }
        try store.append(memberConflict(view, .implied, winner: .ad, now: now))
    }

    private func memberConflict(
        _ view: LinkView,
        _ decision: ConflictRecord.Decision,
        winner: Side,
        now: Timestamp
    ) -> ConflictRecord {
        ConflictRecord(
            pair: view.group.id,
            object: view.group.object,
            subject: .member(view.member.id),
            base: [],
            values: PerSide(both: []),
            winner: winner,
            decision: decision,
            isJoin: false,
            time: now
        )
    }
}

extension Refusal {
    static let protectedGroup = Refusal(
        reason: .notAllowed,
        code: 0,
        message: "the group is protected (adminCount is 1): its members are never written"
    )
    static let undone = Refusal(
        reason: .other,
        code: 0,
        message:
            "it was written the same way again and again, and was undone there each time; find what undoes it, or undo it on the other side"
    )
}
