import Mapping
import Reconcile
package import SyncModel

/// A server that went backwards, or another one that is behind. Nothing is written before everything there was read. Then what it shows otherwise than agreed
/// counts as a change only where it was set after the time until which everything was known; else what was agreed stands, and is written back.
extension Engine {
    private static func setBackFact(_ side: Side) -> String { "setback.\(side.name)" }
    private static func lastSetBackFact(_ side: Side) -> String { "setback.last.\(side.name)" }
    private static func openFact(_ side: Side) -> String { "setback.open.\(side.name)" }
    private static func serverFact(_ side: Side) -> String { "server.\(side.name)" }

    /// The one that is not yet done with.
    package static func setBack(_ side: Side, _ store: any StoreTransaction) throws -> SetBack? {
        try store.fact(setBackFact(side)).flatMap(SetBack.init)
    }

    /// The last one that is done with.
    package static func lastSetBack(_ side: Side, _ store: any StoreTransaction) throws -> SetBack? {
        try store.fact(lastSetBackFact(side)).flatMap(SetBack.init)
    }

    /// AD is asked for its time before it is asked for what changed: what came to be in between may be known.
    func range(ofKnown time: Timestamp, _ side: Side) -> ClosedRange<Timestamp> {
        time...time.advanced(byMilliseconds: side == .ad ? Engine.askingTime : 0)
    }

    /// Milliseconds.
    private static let askingTime: Int64 = 2_000

    /// What a server's clock shows now, at the latest.
    func shownNow(_ side: Side) -> Timestamp? {
        clocks[side].map { stepTime.advanced(byMilliseconds: $0.latest + $0.drift(at: stepTime)) }
    }

    mutating func recallSetBacks(_ store: any StoreTransaction) throws {
        try recallUnclaimed(store)
        for side in Side.allCases {
            setBacks[side] = try Engine.setBack(side, store)
            doubts[side] = try Engine.doubts(side, store)
            linkSetBacks[side] = try Engine.linkSetBack(side, store)
            let octets = try store.fact(Engine.openFact(side))?.bytes ?? []
            openAtSetBack[side] = Set(
                stride(from: 0, to: octets.count, by: 8).compactMap { start in
                    UInt64(bigEndianOctets: Array(octets[start..<min(start + 8, octets.count)])).map { PairID($0) }
                }
            )
        }
    }

    mutating func noteServer(_ server: Octets, _ side: Side, _ store: any StoreTransaction) throws {
        let fact = Engine.serverFact(side)
        formerServers[side] = try store.fact(fact)
        if formerServers[side] != server { try store.setFact(fact, server) }
    }

    mutating func noteStepBack(_ stepBack: StepBack, _ side: Side, _ store: any StoreTransaction, now: Timestamp) throws
    {
        let present = try store.fact(Engine.serverFact(side))
        let isSame = formerServers[side] == nil || formerServers[side] == present
        // The first one stands until it is done with: what was known then was known.
        let known = setBacks[side]?.knownUntil ?? certain[side] ?? now
        let setBack = SetBack(
            cause: stepBack.cause ?? (isSame ? .restored : .anotherServer),
            reason: stepBack.reason,
            since: setBacks[side]?.since ?? now,
            knownUntil: known
        )
        if setBacks[side] == nil { try keepOpen(try pairsInWork(store), side, store) }
        setBacks[side] = setBack
        try store.setFact(Engine.setBackFact(side), setBack.octets)
        // Everything there is read anew, by versions that may be lower.
        namings[side] = Namings()
        stampsAsked[side] = [:]
        if side == .miniorange { membersTold = [:] }
    }

    /// Whatever may not have been in agreement.
    private func pairsInWork(_ store: any StoreTransaction) throws -> Set<PairID> {
        var pairs = Set(unsaved.keys).union(inFlight.keys)
        var last: PairID?
        while let some = Optional(try store.dirty(after: last, limit: 1_000)), !some.isEmpty {
            pairs.formUnion(some)
            last = some.last
        }
        pairs.formUnion(try store.quarantined(after: nil, limit: .max).map(\.0))
        try store.forEachDeletion(after: nil) { pair, _ in
            pairs.insert(pair)
            return true
        }
        return pairs
    }

    private mutating func keepOpen(_ pairs: Set<PairID>, _ side: Side, _ store: any StoreTransaction) throws {
        openAtSetBack[side] = pairs
        let octets = pairs.sorted().flatMap(\.rawValue.bigEndianOctets)
        try store.setFact(Engine.openFact(side), octets.isEmpty ? nil : Octets(octets))
    }

    private static func otherwiseFact(_ side: Side, _ pair: PairID) -> String {
        "setback.otherwise.\(side.name).\(pair.rawValue)"
    }

    private static func againFact(_ side: Side, _ pair: PairID) -> String {
        "setback.again.\(side.name).\(pair.rawValue)"
    }

    /// A read of everything shows an entry otherwise than it was known: what was still open of it is what was known then but for these attributes.
    func noteOtherwise(
        _ replica: Replica,
        from old: Replica,
        _ pair: PairID,
        _ store: any StoreTransaction
    ) throws {
        guard setBacks[replica.side]?.isRead == false else { return }
        try note(otherwise: Engine.changedAttributes(replica, from: old), of: pair, replica.side, store)
    }

    /// As it leaves the scope: when it is back, nothing is known any more that it could be compared with. Whom a read of everything does not show is asked for behind it.
    mutating func noteOtherwise(
        _ snapshot: EntrySnapshot,
        from old: Replica,
        isAnswer: Bool,
        _ store: any StoreTransaction
    ) throws {
        let side = old.side
        guard let setBack = setBacks[side], !setBack.isRead || isAnswer, let pair = try store.pairID(side, old.anchor),
            let object = old.object.flatMap({ objects[$0] })
        else { return }
        let shown = try replica(of: snapshot, object, isProtected: old.isProtected, old, side, store)
        try note(otherwise: Engine.changedAttributes(shown, from: old), of: pair, side, store)
    }

    /// Of a pair that is in doubt since its side was set back before, these were known until now, whatever was known of the others.
    private func note(
        otherwise changed: [String],
        of pair: PairID,
        _ side: Side,
        _ store: any StoreTransaction
    ) throws {
        guard !changed.isEmpty, let known = setBacks[side]?.knownUntil else { return }
        if try isDoubtful(pair, side, store) {
            let times = try again(pair, side, store).merging(changed.map { ($0, known) }) { max($0, $1) }
            let words = times.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.milliseconds)" }
            try store.setFact(Engine.againFact(side, pair), Octets(words.joined(separator: " ")))
        } else if openAtSetBack[side].contains(pair) {
            let names = try (otherwise(pair, side, store) ?? []).union(changed)
            try store.setFact(Engine.otherwiseFact(side, pair), Octets(names.sorted().joined(separator: " ")))
        }
    }

    /// The attributes of a side, lower-cased, that were shown otherwise when it was set back once more, with the time until which everything was known then.
    func again(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws -> [String: Timestamp] {
        let words = try store.fact(Engine.againFact(side, pair))?.lossyText.split(separator: " ") ?? []
        var times: [String: Timestamp] = [:]
        for word in words {
            let parts = word.split(separator: "=")
            if parts.count == 2, let milliseconds = Int64(parts[1]) {
                times[String(parts[0])] = Timestamp(milliseconds: milliseconds)
            }
        }
        return times
    }

    /// The attributes of a side, lower-cased, that were shown otherwise than they were known when what was open of the pair was kept; nil where all may be.
    func otherwise(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws -> Set<String>? {
        try store.fact(Engine.otherwiseFact(side, pair)).map {
            Set($0.lossyText.split(separator: " ").map(String.init))
        }
    }

    func forgetOtherwise(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws {
        try store.setFact(Engine.otherwiseFact(side, pair), nil)
        try store.setFact(Engine.againFact(side, pair), nil)
    }

    /// Everything of the side was read.
    mutating func noteRead(_ side: Side, _ store: any StoreTransaction) throws {
        guard setBacks[side]?.isRead == false else { return }
        setBacks[side]?.isRead = true
        if let setBack = setBacks[side] { try store.setFact(Engine.setBackFact(side), setBack.octets) }
        // Whoever is out of scope is not looked at before he comes back.
        for (pair, _) in try leavers(side, store) { try doubt(pair, store) }
        queue.recallBacklog()
    }

    /// Whoever is made again is made as he was agreed on, but for what was set since. What no entry can be without was never agreed to be lacking: where nothing was agreed on,
    /// it is what is shown.
    func fillRequired(
        _ result: inout Reconciliation,
        _ shown: Attributes?,
        on side: Side,
        _ object: Object,
        _ store: any StoreTransaction
    ) throws {
        guard let shown, !result.undecided.isEmpty else { return }
        while let missing = try object.mapping.newEntry(
            side,
            target: result.target,
            nameCounter: 0,
            resolver: StoreResolver(store: store)
        ).missingRequired {
            let names = object.canonicalNames(of: missing, side)
            guard
                let name = names.first(where: {
                    result.undecided.contains($0) && result.target[$0].isEmpty && !shown[$0].isEmpty
                })
            else { return }
            result.target[name] = shown[name]
        }
    }

    /// It is done with once nothing is left to be looked at: from then on every difference has come about since.
    mutating func endSetBacks(_ store: any StoreTransaction) throws {
        for side in Side.allCases {
            guard let setBack = setBacks[side], setBack.isRead, unsaved.isEmpty, inFlight.isEmpty,
                try store.count(.dirty) == 0
            else { continue }
            setBacks[side] = nil
            try endDoubtfulTime(side, store)
            for pair in openAtSetBack[side] where try !isDoubtful(pair, side, store) {
                try forgetOtherwise(pair, side, store)
            }
            try keepOpen([], side, store)
            try setLinkSetBack(setBack, side, store)
            try store.setFact(Engine.setBackFact(side), nil)
            try store.setFact(Engine.lastSetBackFact(side), setBack.octets)
        }
        try endLinkSetBacks(store)
    }
}
