import Mapping
import Reconcile
import SyncModel

/// What an account may not read a server leaves out, just as what nobody ever set. So a state that lacks what was there proves nothing: its server is asked whether the
/// attribute may be read, and until it says so the values stay as they were known and nothing of them is carried.
///
/// A log's edits, and our own, say themselves that they emptied an attribute. Memberships are rows: of them it is their rows that stay.
extension Engine {
    /// Of a server that was set back it is asked when each attribute was set, empty ones as well: that tells of what may not be read, too.
    private func mayWithhold(_ anchor: Anchor, _ side: Side) -> Bool {
        setBacks[side] == nil && virtualObject(anchor, side) == nil
    }

    /// Keeps what `old` holds and a new state of the entry lacks, unless it is known that the account would be shown it.
    func withhold(from replica: inout Replica, _ old: Replica, _ snapshot: EntrySnapshot, _ object: Object) {
        guard mayWithhold(replica.anchor, replica.side) else { return }
        for item in old.attributes.items where lacks(item.name, replica, snapshot, object) {
            replica.attributes[item.name] = item.values
            replica.withheld.append(item.name)
        }
        for name in old.withheld where !replica.withheld.contains(name) {
            // Of memberships it is noted with them.
            let isMembership = linkAttributes[replica.side].contains(name)
            if isMembership || lacks(name, replica, snapshot, object) { replica.withheld.append(name) }
        }
        replica.withheld.sort()
    }

    /// The same for an entry that comes back and is known anew: what both sides had agreed on of it, and this state does not show.
    func withholdAgreed(
        from replica: inout Replica,
        _ snapshot: EntrySnapshot,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        let side = replica.side
        guard mayWithhold(replica.anchor, side), let id = try store.pairID(side, replica.anchor),
            let pair = try store.pair(id), pair.presence[side] != .missing, let base = pair.base
        else { return }
        let shown = try canonical(replica, pair, object, store)
        let agreed = object.mapping.mergeRules.map(\.name).filter { !base[$0].isEmpty && shown?.values[$0] != base[$0] }
        let attributes = Set(agreed.flatMap { object.stampedAttributes(of: $0, side) })
        replica.withheld = attributes.filter { lacks($0, replica, snapshot, object) }.sorted()
    }

    /// The same where the feed was ahead of an answer: what this has shown, and was agreed on by it, a later state that is known already may lack.
    mutating func withholdConfirmed(
        _ names: [String],
        _ shown: Attributes,
        of anchor: Anchor,
        _ side: Side,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        guard mayWithhold(anchor, side), let known = try store.replica(side, anchor), known.object == object.name
        else { return }
        var replica = known
        for name in Set(names.flatMap { object.stampedAttributes(of: $0, side) }).sorted()
        where known.attributes[name].isEmpty && !shown[name].isEmpty && object.mapping.keeps(side, name) {
            replica.attributes[name] = shown[name]
            if !known.withheld.contains(name) { replica.withheld.append(name) }
        }
        guard replica != known else { return }
        replica.withheld.sort()
        replica.keys = object.mapping.keys(side, replica.attributes)
        try adopt(replica, known, store, now: now)
        try askAboutWithheld(replica, store, now: now)
    }

    /// Of what the mapping does not ask for any more nothing is known.
    private func lacks(_ name: String, _ replica: Replica, _ snapshot: EntrySnapshot, _ object: Object) -> Bool {
        replica.attributes[name].isEmpty && snapshot.readable[name] != true && object.mapping.keeps(replica.side, name)
    }

    /// Of an entry that was just found to be somebody's counterpart nobody knows what it had before: whether what it lacks may be read, and so may be written, is asked
    /// first. In one container one entry is asked about, since rights are given to containers; a value that stands there nevertheless no write takes the place of.
    mutating func asksAtJoin(
        _ result: Reconciliation,
        _ replicas: PerSide<Replica?>,
        _ object: Object,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        var asks = false
        for side in Side.allCases {
            guard let replica = replicas[side], mayWithhold(replica.anchor, side), isConnected[side] else { continue }
            let written = result.changes[side].flatMap { object.stampedAttributes(of: $0, side) }
            let lacking = Set(written).filter { name in
                replica.attributes[name].isEmpty && object.mapping.keeps(side, name)
                    && !replica.withheld.contains(name) && !readable[side].contains(Readable(replica.parent, name))
            }
            guard !lacking.isEmpty else { continue }
            let question = WriteOperation.confirmEmpty(replica.anchor, attributes: lacking.sorted())
            try requestRead(question, side, store, now: now)
            asks = true
        }
        return asks
    }

    /// An attribute that the account may read of what stands in a container.
    struct Readable: Hashable {
        private let container: Parent
        private let attribute: String

        init(_ container: Parent, _ attribute: String) { (self.container, self.attribute) = (container, attribute) }
    }

    /// Notes what a server has said of the attributes that an entry lacks.
    mutating func noteReadable(_ replica: inout Replica, _ told: [String: Bool], _ object: Object) {
        guard !told.isEmpty, mayWithhold(replica.anchor, replica.side) else { return }
        if readable[replica.side].count > Engine.mostReadable { readable[replica.side] = [] }
        for (name, isReadable) in told where object.mapping.keeps(replica.side, name) {
            if isReadable {
                readable[replica.side].insert(Readable(replica.parent, name))
            } else if !replica.withheld.contains(name) {
                replica.withheld = (replica.withheld + [name]).sorted()
            }
        }
    }

    /// Where a server refuses what is added since a value is there (attributeOrValueExists, RFC 4511 appendix A), and shows none, it may not be read.
    func noteUnseen(_ intent: Intent, _ refusal: Refusal, _ store: any StoreTransaction) throws -> Bool {
        let side = intent.write.side
        guard refusal.code == 20, case .modify(let anchor, _, _, let changes) = intent.write.operation,
            mayWithhold(anchor, side), let old = try store.replica(side, anchor),
            let mapping = old.object.flatMap({ objects[$0] })?.mapping
        else { return false }
        let unseen = changes.filter { $0.old.isEmpty }.map { $0.name.lowercased() }.filter {
            old.attributes[$0].isEmpty && mapping.keeps(side, $0) && !old.withheld.contains($0)
        }
        guard !unseen.isEmpty else { return false }
        var replica = old
        replica.withheld = (old.withheld + unseen).sorted()
        try store.put(replica, replacing: old)
        return true
    }

    private static let mostReadable = 10_000

    /// Whether an entry shows none of the memberships that are known of it, and may not have been asked for right: then nothing is concluded from it.
    mutating func withholdsMemberships(
        _ snapshot: EntrySnapshot,
        _ forms: [LinkForm],
        _ holder: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws -> Bool {
        let side = holder.side
        // What was withheld before its server was set back is withheld still.
        let isLacked = membersLacked[side].contains(holder.anchor)
        guard isLacked || linkSetBacks[side] == nil && mayWithhold(holder.anchor, side) else { return false }
        var isWithheld = false
        for form in forms {
            let attribute = form.form.attribute
            let isShown = !snapshot.attributes[attribute].isEmpty || snapshot.readable[attribute] == true
            if try isShown || !hasMemberships(holder.anchor, form, side, store) {
                try note(attribute, isWithheld: false, of: holder, store)
                continue
            }
            isWithheld = true
            try setLacked(holder.anchor, true, side, store)
            if snapshot.readable[attribute] == nil {
                try ask(about: [attribute], of: holder, store, now: now)
            } else {
                try note(attribute, isWithheld: true, of: holder, store)
            }
        }
        return isWithheld
    }

    private static func lackedFact(_ side: Side) -> String { "lacked.\(side.name)" }
    private static let mostLacked = 1_000

    /// Notes that an entry was told without its memberships, which is not believed yet, or that its memberships are known again.
    mutating func setLacked(_ holder: Anchor, _ isLacked: Bool, _ side: Side, _ store: any StoreTransaction) throws {
        let known = membersLacked[side]
        guard known.contains(holder) != isLacked, !isLacked || known.count < Engine.mostLacked else { return }
        membersLacked[side] = isLacked ? known.union([holder]) : known.subtracting([holder])
        let octets = membersLacked[side].sorted().flatMap(\.octets)
        try store.setFact(Engine.lackedFact(side), octets.isEmpty ? nil : Octets(octets))
    }

    mutating func recallLacked(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            membersLacked[side] = Set(try store.fact(Engine.lackedFact(side)).map(Engine.anchors) ?? [])
        }
    }

    private func hasMemberships(
        _ holder: Anchor,
        _ form: LinkForm,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws -> Bool {
        try linked(to: holder, form, side, store).contains {
            try store.link(form.link(side, holder, $0))?.isPresent == true
        }
    }

    private func note(
        _ attribute: String,
        isWithheld: Bool,
        of holder: Replica,
        _ store: any StoreTransaction
    ) throws {
        guard holder.withheld.contains(attribute) != isWithheld, let old = try store.replica(holder.side, holder.anchor)
        else { return }
        var replica = old
        replica.withheld.removeAll { $0 == attribute }
        if isWithheld { replica.withheld = (replica.withheld + [attribute]).sorted() }
        try store.put(replica, replacing: old)
    }

    /// Whether a state that is known by its version may show more of the entry than it did, or tell what may be shown.
    func isAboutRights(_ snapshot: EntrySnapshot, _ old: Replica?, isAnswer: Bool) -> Bool {
        if !snapshot.readable.isEmpty || old?.withheld.isEmpty == false { return true }
        guard isAnswer, let old, let mapping = old.object.flatMap({ objects[$0] })?.mapping else { return false }
        return mapping.selected(old.side, snapshot.attributes).items.contains { old.attributes[$0.name].isEmpty }
    }

    /// - Parameter readable: what its server has said already.
    mutating func askAboutWithheld(
        _ replica: Replica,
        knowing readable: [String: Bool] = [:],
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let attributes = replica.withheld.filter { readable[$0] == nil }
        try ask(about: attributes, of: replica, store, now: now)
    }

    private mutating func ask(
        about attributes: [String],
        of replica: Replica,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        let (side, anchor) = (replica.side, replica.anchor)
        // What may be a group's members an answer tells that has all of them.
        let members = replica.kind == .group ? linkAttributes[side] : []
        let others = attributes.filter { !members.contains($0) }
        if others.count < attributes.count { try requestMembers(of: anchor, side, store, now: now) }
        if !others.isEmpty { try requestRead(.confirmEmpty(anchor, attributes: others), side, store, now: now) }
    }

    mutating func askAboutWithheld(
        _ replicas: PerSide<Replica?>,
        _ store: any StoreTransaction,
        now: Timestamp
    ) throws {
        for side in Side.allCases {
            if let replica = replicas[side] { try askAboutWithheld(replica, store, now: now) }
        }
    }

    mutating func askAboutWithheld(of id: PairID, _ store: any StoreTransaction, now: Timestamp) throws {
        guard let pair = try store.pair(id) else { return }
        for side in Side.allCases where pair.presence[side] == .present {
            guard let anchor = pair.anchors[side], let replica = try store.replica(side, anchor) else { continue }
            try askAboutWithheld(replica, store, now: now)
        }
    }

    /// Holds: nothing is being asked of the pair, so what is withheld may not be read. The rest of the entry flows.
    func noteUnreadable(_ replicas: PerSide<Replica?>, _ object: Object, in plan: inout PairPlan) {
        guard plan.obstacle == nil else { return }
        for side in Side.allCases {
            // Others than those that are carried are kept to find the entry by.
            let withheld = (replicas[side]?.withheld ?? []).filter {
                linkAttributes[side].contains($0) || !object.canonicalNames(stampedBy: [$0], side).isEmpty
            }
            guard !withheld.isEmpty else { continue }
            plan.obstacle = .unreadable(side, attributes: withheld)
            plan.retries = true
            return
        }
    }
}

extension WriteOperation {
    /// What this has emptied is empty.
    func withOwnEmptied(_ snapshot: EntrySnapshot) -> EntrySnapshot {
        guard case .modify(_, _, _, let changes) = self else { return snapshot }
        var snapshot = snapshot
        for change in changes where change.new.isEmpty { snapshot.readable[change.name.lowercased()] = true }
        return snapshot
    }
}
