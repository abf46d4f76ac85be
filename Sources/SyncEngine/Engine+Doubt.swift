import Reconcile
import SyncModel

/// Pairs that came to no agreement while a side was set back: set aside, held, out of scope, or naming somebody who is not there. What they show of that side may be
/// from before whenever they are looked at again, when everything else is long done with.
extension Engine {
    /// How many there are.
    private static func countFact(_ side: Side) -> String { "doubt.\(side.name)" }
    private static func doubtFact(_ side: Side, _ pair: PairID) -> String { "doubt.\(side.name).\(pair.rawValue)" }

    static func doubts(_ side: Side, _ store: any StoreTransaction) throws -> Int {
        try store.fact(countFact(side)).flatMap { UInt64(bigEndianOctets: $0.bytes) }.map(Int.init) ?? 0
    }

    /// The time until which everything of the pair was known, by the clock of a side that shows an older state of it perhaps; nil where what it shows counts.
    func knownUntil(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws -> Timestamp? {
        // The first set-back stands: nothing was agreed on since.
        if doubts[side] > 0, let known = try store.fact(Engine.doubtFact(side, pair)).flatMap(Timestamp.init(octets:)) {
            return known
        }
        guard let setBack = setBacks[side],
            try !openAtSetBack[side].contains(pair) || otherwise(pair, side, store) != nil
        else { return nil }
        let left = try store.fact(Engine.leftFact(side, pair)).flatMap(Timestamp.init(octets:))
        return left.map { min($0, setBack.knownUntil) } ?? setBack.knownUntil
    }

    private static func leftFact(_ side: Side, _ pair: PairID) -> String { "left.\(side.name).\(pair.rawValue)" }

    /// An entry leaves the scope: what becomes of it from now on is not known, or not carried.
    func noteLeaving(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws {
        let known = setBacks[side] == nil ? certain[side] : certainSince[side] ?? certain[side]
        try store.setFact(Engine.leftFact(side, pair), known?.octets)
    }

    /// It is back. Where its server was set back meanwhile, it is known until it left, and not until then.
    func noteReturn(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws {
        if setBacks[side] == nil { try forgetLeaving(pair, side, store) }
    }

    func forgetLeaving(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws {
        try store.setFact(Engine.leftFact(side, pair), nil)
    }

    private static func wantedFact(_ pair: PairID) -> String { "wanted.\(pair.rawValue)" }

    /// Whose deletion was undone while a side was in doubt is to be made again, however long that takes.
    func noteWanted(_ pair: PairID, by side: Side, _ store: any StoreTransaction) throws {
        guard try knownUntil(pair, side, store) != nil else { return }
        try store.setFact(Engine.wantedFact(pair), Octets([1]))
    }

    func isWanted(_ pair: PairID, _ store: any StoreTransaction) throws -> Bool {
        try store.fact(Engine.wantedFact(pair)) != nil
    }

    func isDoubtful(_ pair: PairID, _ side: Side, _ store: any StoreTransaction) throws -> Bool {
        try doubts[side] > 0 && store.fact(Engine.doubtFact(side, pair)) != nil
    }

    mutating func doubt(_ pair: PairID, _ store: any StoreTransaction) throws {
        for side in Side.allCases {
            let fact = Engine.doubtFact(side, pair)
            guard setBacks[side] != nil, let known = try knownUntil(pair, side, store), try store.fact(fact) == nil
            else { continue }
            try store.setFact(fact, known.octets)
            try forgetLeaving(pair, side, store)
            try setDoubts(doubts[side] + 1, side, store)
        }
    }

    /// From now on whatever the pair shows counts.
    mutating func trust(_ pair: PairID, _ store: any StoreTransaction) throws {
        guard setBacks != PerSide(both: nil) || doubts != PerSide(both: 0) else { return }
        try store.setFact(Engine.wantedFact(pair), nil)
        for side in Side.allCases where setBacks[side] != nil { try forgetLeaving(pair, side, store) }
        for side in Side.allCases where doubts[side] > 0 {
            guard try isDoubtful(pair, side, store) else { continue }
            try store.setFact(Engine.doubtFact(side, pair), nil)
            try forgetOtherwise(pair, side, store)
            try setDoubts(doubts[side] - 1, side, store)
        }
    }

    private mutating func setDoubts(_ count: Int, _ side: Side, _ store: any StoreTransaction) throws {
        doubts[side] = count
        try store.setFact(Engine.countFact(side), count > 0 ? Octets(UInt64(count).bigEndianOctets) : nil)
    }

    /// Whether the pair has come to rest, and in agreement.
    mutating func noteAgreement(
        _ pair: PairID,
        _ plan: PairPlan,
        _ result: Reconciliation,
        _ states: PerSide<SideState>,
        _ store: any StoreTransaction
    ) throws {
        guard setBacks != PerSide(both: nil) || doubts != PerSide(both: 0) else { return }
        guard plan.writes.isEmpty, unsaved[pair] == nil, inFlight[pair] == nil else { return }
        let isAgreed =
            result.existence == .both && plan.obstacle == nil && result.needsStamps.isEmpty
            && !result.conflicts.contains(where: \.isHeld)
            && Side.allCases.allSatisfy { states[$0].isWholeKnown }
        if isAgreed { try trust(pair, store) } else { try doubt(pair, store) }
    }
}

extension SideState {
    fileprivate var isWholeKnown: Bool {
        if case .present(_, let unknown) = self { unknown.isEmpty } else { false }
    }
}
