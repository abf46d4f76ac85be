import Mapping
import Reconcile
import SyncModel

/// Memberships of a server that was set back. What it shows otherwise than it was known, when everything there is read anew, may have come back with its older state;
/// what was known before has not: it is agreed on, or a change that is yet to be carried.
extension Engine {
    private static func linkSetBackFact(_ side: Side) -> String { "setback.links.\(side.name)" }

    static func linkSetBack(_ side: Side, _ store: any StoreTransaction) throws -> SetBack? {
        try store.fact(linkSetBackFact(side)).flatMap(SetBack.init)
    }

    /// By which a side's memberships are judged that have come back: also when everything else is done with, until the last of them has been.
    private func linkSetBack(_ side: Side) -> SetBack? { setBacks[side] ?? linkSetBacks[side] }

    mutating func setLinkSetBack(_ setBack: SetBack?, _ side: Side, _ store: any StoreTransaction) throws {
        linkSetBacks[side] = setBack
        try store.setFact(Engine.linkSetBackFact(side), setBack?.octets)
    }

    mutating func endLinkSetBacks(_ store: any StoreTransaction) throws {
        for side in Side.allCases where linkSetBacks[side] != nil {
            guard try store.count(.pendingLinks) == 0, try store.count(.refusedLinks) == 0 else { continue }
            try setLinkSetBack(nil, side, store)
            // Those of a later one are its own.
            if setBacks[side] == nil { try store.removeFacts(withPrefix: Engine.returnedFacts(side)) }
        }
    }

    static func returnedFacts(_ side: Side) -> String { "returned.\(side.name)." }

    private static func returnedFact(_ side: Side, _ anchors: Anchor...) -> String {
        returnedFacts(side) + anchors.map { $0.text(on: side) }.joined(separator: ".")
    }

    private static func ageFact(_ side: Side, _ holder: Anchor) -> String {
        returnedFacts(side) + "stamp.\(holder.text(on: side))"
    }

    /// What is written down means something for this one set-back only.
    private func note(_ content: Octets, _ fact: String, _ side: Side, _ store: any StoreTransaction) throws {
        guard let since = linkSetBack(side)?.since else { return }
        try store.setFact(fact, Octets(since.octets.bytes + content.bytes))
    }

    private func noted(_ fact: String, _ side: Side, _ store: any StoreTransaction) throws -> Octets? {
        guard let since = linkSetBack(side)?.since, let octets = try store.fact(fact)?.bytes, octets.count >= 8,
            Timestamp(octets: Octets(octets[..<8])) == since
        else { return nil }
        return Octets(octets[8...])
    }

    private static func holderFact(_ side: Side, _ holder: Anchor) -> String {
        returnedFacts(side) + "holder.\(holder.text(on: side))"
    }

    private static func lateFact(_ side: Side, _ holder: Anchor) -> String {
        returnedFacts(side) + "late.\(holder.text(on: side))"
    }

    /// What an entry holds was told when everything was read, and could not be understood: what is answered later is from then.
    func noteLate(_ holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        guard setBacks[side]?.isRead == false else { return }
        try note(Octets([]), Engine.lateFact(side, holder), side, store)
    }

    /// The server has begun to count anew: by the versions from before, nothing that it tells from now on would be news.
    func forgetVersions(
        ofLinksIn holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        for other in try linked(to: holder, form, side, store) {
            let id = form.link(side, holder, other)
            guard var link = try store.link(id), link.version != .unordered else { continue }
            link.version = .unordered
            try store.put(link, for: id)
        }
    }

    /// It is understood.
    func endLate(_ holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        guard setBacks[side] != nil else { return }
        try store.setFact(Engine.lateFact(side, holder), nil)
    }

    /// Whether what is told now of an entry's memberships is what it held when everything was read of a server that was set back.
    func isOfReadBack(_ holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        guard let setBack = setBacks[side] else { return false }
        return try !setBack.isRead || noted(Engine.lateFact(side, holder), side, store) != nil
    }

    /// A membership came, or went, as a side tells it.
    func noteReturned(_ link: LinkID, _ form: MembershipForm, _ store: any StoreTransaction) throws {
        guard linkSetBack(link.side) != nil else { return }
        let fact = Engine.returnedFact(link.side, link.group, link.member)
        let holder = form.holder == .group ? link.group : link.member
        // That none is there was told before, and had yet to be believed.
        let wasTold = try membersLacked[link.side].contains(holder) && store.link(link)?.isPresent != true
        guard try isOfReadBack(holder, link.side, store), !wasTold else {
            // It has moved since.
            if try noted(fact, link.side, store) != nil { try store.setFact(fact, nil) }
            return
        }
        // What was never agreed on can't have been set back.
        for anchor in [link.group, link.member] {
            guard let id = try store.pairID(link.side, anchor), try store.pair(id)?.base != nil else { return }
        }
        try note(Octets([]), fact, link.side, store)
        try note(
            Octets(CaseFolding.lowercaseName(form.attribute)),
            Engine.holderFact(link.side, holder),
            link.side,
            store
        )
    }

    /// Asks when the memberships were set that an entry of the pair shows otherwise than they were known. Nothing is written to it before that is known: our own
    /// writes set them as well. False where nothing is to be asked.
    mutating func asksForAge(_ pair: Pair, _ store: any StoreTransaction, now: Timestamp) throws -> Bool {
        var asks = false
        for side in Side.allCases where linkSetBack(side) != nil && isConnected[side] {
            guard pair.presence[side] == .present, let holder = pair.anchors[side],
                let attribute = try noted(Engine.holderFact(side, holder), side, store),
                try noted(Engine.ageFact(side, holder), side, store) == nil
            else { continue }
            try requestRead(.readStamps(holder, attributes: [attribute.lossyText]), side, store, now: now)
            asks = true
        }
        return asks
    }

    enum Shown {
        /// `undated`: the side of which nobody can tell whether it shows an older state.
        case known(PerSide<Bool>, undated: Undated?)
        /// What holds it is being asked when its memberships were set; it is looked at again with the answer.
        case asked
        /// What holds it is another pair's entry.
        case heldBy(PairID)
    }

    struct Undated {
        var side: Side
        /// Of what holds its memberships.
        var stamp: Stamp?
    }

    /// What both sides show of a membership, without what has come back. Servers tell when the attribute was set that holds it, not each value: where that was later
    /// than everything was known, what is there counts, and what another server has more counts in any case. Where nobody can tell, another server's word counts,
    /// which has yet to hear the rest; of one that was restored nobody gets access by it.
    mutating func shown(
        _ view: LinkView,
        _ isPresent: PerSide<Bool>,
        for pair: Pair,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Shown {
        var shown = isPresent
        var undated: Undated?
        for side in Side.allCases {
            let id = view.ids[side]
            guard let setBack = linkSetBack(side), isPresent[side] != view.isAgreed,
                view.membership.direction.permits(writingTo: side.opposite),
                try noted(Engine.returnedFact(side, id.group, id.member), side, store) != nil
            else { continue }
            let form = view.membership.form(side)
            let (holder, own) = form.holder == .group ? (id.group, view.group.id) : (id.member, view.member.id)
            guard let told = try noted(Engine.ageFact(side, holder), side, store) else {
                guard own == pair.id else { return .heldBy(own) }
                let attribute = CaseFolding.lowercaseName(form.attribute)
                try requestRead(.readStamps(holder, attributes: [attribute]), side, store, now: now)
                return .asked
            }
            let known = range(ofKnown: setBack.knownUntil, side)
            let stamp = Stamp(told)
            switch Age(of: stamp, isEmpty: !isPresent[side], known, present: shownNow(side)) {
            // What another server has more may have been on its way here: until when everything was known is an estimate, by which nobody loses access.
            case .older: if setBack.cause == .restored || view.isAgreed { shown[side] = view.isAgreed }
            case .later: continue
            case .unknown:
                guard setBack.cause == .restored else { continue }
                shown[side] = false
                undated = Undated(side: side, stamp: stamp)
            }
        }
        return .known(shown, undated: undated)
    }

    /// The first answer counts: our own writes set the attribute as well.
    func noteMembersStamps(
        _ holder: Anchor,
        _ attributes: [String],
        _ stamps: [AttributeStamp],
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard attributes.contains(where: linkAttributes[side].contains) else { return }
        let fact = Engine.ageFact(side, holder)
        guard try noted(fact, side, store) == nil else { return }
        let stamp = stamps.first { linkAttributes[side].contains($0.attribute) }?.stamp
        try note(stamp?.octets ?? Octets([]), fact, side, store)
    }
}

/// As much of it as tells an age: time, granularity, source.
extension Stamp {
    fileprivate var octets: Octets {
        let numbers = [time.milliseconds, granularity].flatMap { UInt64(bitPattern: $0).bigEndianOctets }
        return Octets(numbers + [source.rawValue])
    }

    fileprivate init?(_ octets: Octets) {
        let bytes = octets.bytes
        guard bytes.count == 17, let time = UInt64(bigEndianOctets: bytes[..<8]),
            let granularity = UInt64(bigEndianOctets: bytes[8..<16]), let source = Source(rawValue: bytes[16])
        else { return nil }
        self.init(
            time: Timestamp(milliseconds: Int64(bitPattern: time)),
            granularity: Int64(bitPattern: granularity),
            source: source
        )
    }
}
