import Mapping
import SyncModel

/// Names in memberships that a restored server shows, that were not known to be there, and that nobody has. Whose they were in its older state can't be told: who gets one
/// later was put into nothing by it. Such a value is taken away as soon as it would mean somebody.
extension Engine {
    /// How many entries hold such names.
    private static let unclaimedCountFact = "unclaimed"
    private static func unclaimedFact(_ holder: Anchor) -> String { "unclaimed.\(holder.text(on: .miniorange))" }

    mutating func recallUnclaimed(_ store: any StoreTransaction) throws {
        let count = try store.fact(Engine.unclaimedCountFact).flatMap { UInt64(bigEndianOctets: $0.bytes) }
        unclaimedHolders = count.map(Int.init) ?? 0
    }

    /// What the values of an entry are parked by.
    func unclaimedNames(of holder: Replica, _ store: any StoreTransaction) throws -> Set<Octets> {
        holder.side == .miniorange ? try unclaimedNames(of: holder.anchor, store) : []
    }

    private func unclaimedNames(of holder: Anchor, _ store: any StoreTransaction) throws -> Set<Octets> {
        // Nobody's server was restored: the usual case by far.
        guard unclaimedHolders > 0, let bytes = try store.fact(Engine.unclaimedFact(holder))?.bytes else { return [] }
        var names: Set<Octets> = []
        var rest = bytes[...]
        while rest.count >= 4 {
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            names.insert(Octets(rest.dropFirst(4).prefix(count)))
            rest = rest.dropFirst(4 + count)
        }
        return names
    }

    private mutating func setUnclaimed(
        _ names: Set<Octets>,
        from known: Set<Octets>,
        of holder: Anchor,
        _ store: any StoreTransaction
    ) throws {
        guard names != known else { return }
        let octets = names.sorted().flatMap { UInt64($0.count).bigEndianOctets.suffix(4) + $0.bytes }
        try store.setFact(Engine.unclaimedFact(holder), octets.isEmpty ? nil : Octets(octets))
        guard names.isEmpty != known.isEmpty else { return }
        unclaimedHolders += names.isEmpty ? -1 : 1
        let count = unclaimedHolders > 0 ? Octets(UInt64(unclaimedHolders).bigEndianOctets) : nil
        try store.setFact(Engine.unclaimedCountFact, count)
    }

    /// All that an entry holds in a form was told: the names in it that nobody has, and which of them are new.
    mutating func noteUnclaimed(
        _ parked: Set<Octets>,
        new: Set<Octets>,
        _ form: LinkForm,
        of holder: Replica,
        _ store: any StoreTransaction
    ) throws {
        let known = try unclaimedNames(of: holder, store)
        var names = known.filter { parked.contains($0) || !form.form.mayPark($0) }
        if !new.isEmpty, try isShownBack(holder, store) {
            // One that two have is somebody's.
            names.formUnion(try new.filter { try store.anchors(holder.side, key: $0, limit: 1).isEmpty })
        }
        try setUnclaimed(names, from: known, of: holder.anchor, store)
    }

    /// Whether an entry that was known is read of a server that was restored.
    private func isShownBack(_ holder: Replica, _ store: any StoreTransaction) throws -> Bool {
        guard holder.side == .miniorange, setBacks.miniorange?.cause == .restored,
            try isOfReadBack(holder.anchor, holder.side, store),
            let pair = try store.pairID(holder.side, holder.anchor)
        else { return false }
        return try store.pair(pair)?.base != nil
    }

    /// The name is somebody's now, or a value with it was put there since, or taken away.
    mutating func claim(_ name: Octets, of holder: Replica, _ store: any StoreTransaction) throws {
        let known = try unclaimedNames(of: holder, store)
        try setUnclaimed(known.subtracting([name]), from: known, of: holder.anchor, store)
    }

    mutating func forgetUnclaimed(of holder: Anchor, _ side: Side, _ store: any StoreTransaction) throws {
        guard side == .miniorange else { return }
        try setUnclaimed([], from: unclaimedNames(of: holder, store), of: holder, store)
    }

    func isMeantByUnclaimed(
        _ value: Octets,
        _ named: Anchor,
        _ form: LinkForm,
        of holder: Replica,
        _ store: any StoreTransaction
    ) throws -> Bool {
        guard let name = form.form.namingKey(of: value) else { return false }
        return try isMeantByUnclaimed(parkedBy: name, named, form, of: holder, store)
    }

    /// Whether a value means an entry by such a name alone, whose membership neither AD shows nor anybody has agreed on. While everything is being read, whose it is may be yet
    /// to be told.
    func isMeantByUnclaimed(
        parkedBy name: Octets,
        _ named: Anchor,
        _ form: LinkForm,
        of holder: Replica,
        _ store: any StoreTransaction
    ) throws -> Bool {
        let link = form.link(holder.side, holder.anchor, named)
        guard form.membership.direction.permits(writingTo: .miniorange), setBacks.miniorange?.isRead != false,
            try unclaimedNames(of: holder, store).contains(name), try store.link(link)?.isPresent != true
        else { return false }
        return try view(of: link, store).map { try !$0.isAgreed && !isMemberAtAD($0, store) } ?? true
    }
}
