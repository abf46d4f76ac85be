import Cache
import Mapping
import SyncModel

/// Whether a pair is equal as both directories show it, and if not, whether something known explains it.
struct PairVerdict {
    enum Kind: Equatable {
        case equal
        case explained(String)
        case drift(String)
        /// A change that the cache does not have yet. A daemon at work has it in a moment.
        case newer(String)
    }

    var kind: Kind
    /// What differs, for people.
    var differs: [String] = []

    /// - Parameters:
    ///   - shown, live: the pair, and the copy in which both directories were read and the engine has decided.
    ///   - isCalledFor: whether the engine would write something of the pair now.
    ///   - known: the cache as the daemon has it; nil where there is none.
    init(_ shown: ShownPair, _ live: InspectedView, isCalledFor: Bool, known: InspectedView?) throws {
        let comparison = try PairComparison(shown, live)
        // What both sides show alike is equal, whatever was agreed before.
        let differences = comparison.differences.filter { $0.reason != .baseDiffers }
        differs = differences.map(\.title)
        if !comparison.members.isEmpty { differs.append("members") }
        if let reason = try live.transaction.quarantine(shown.pair.id)?.reason, let unseen = reason.unseen {
            differs = unseen
            kind = .explained("set aside: \(reason.explanation)")
            return
        }
        if comparison.onlyAt != nil { differs.append("existence") }
        guard !differs.isEmpty else {
            kind = .equal
            return
        }
        if let reason = try Self.obstacle(shown, live, known)
            ?? Self.rule(shown, comparison, differences, isCalledFor, live, known)
        {
            kind = .explained(reason)
            return
        }
        guard let known else {
            kind = .drift("differs, and there is no cache that explains it")
            return
        }
        kind = try Self.change(shown, live, known)
    }

    /// The side that does not show an entry which it had, though nothing proves that it was deleted there. What is known of it says nothing of what it holds.
    static func hiddenSide(_ id: PairID, _ live: InspectedView) throws -> Side? {
        guard case .vanished(let side)? = try live.transaction.quarantine(id)?.reason else { return nil }
        return side
    }

    /// Set aside, or waiting for a person.
    private static func obstacle(
        _ shown: ShownPair,
        _ live: InspectedView,
        _ known: InspectedView?
    ) throws -> String? {
        let id = shown.pair.id
        let quarantine = try known?.transaction.quarantine(id) ?? live.transaction.quarantine(id)
        if let quarantine { return "set aside: \(quarantine.reason.explanation)" }
        if let words = try waitingDeletion(id, live, known) { return words }
        if try !live.transaction.heldConflicts(of: id).isEmpty {
            return "a conflict waits for a person: syncline conflicts list --state held"
        }
        return nil
    }

    private static func waitingDeletion(
        _ id: PairID,
        _ live: InspectedView,
        _ known: InspectedView?
    ) throws -> String? {
        try (known ?? live).transaction.deletion(of: id)?.state.waitingWords
    }

    /// A member that is there on one side only because its deletion waits.
    private static func member(
        _ members: PairComparison.Members,
        _ live: InspectedView,
        _ known: InspectedView?
    ) throws -> String? {
        for (side, member) in members.first {
            guard let id = try live.transaction.pairID(side, member),
                let words = try waitingDeletion(id, live, known)
            else { continue }
            return "member \(try live.names.name(of: member, side)): \(words)"
        }
        return nil
    }

    /// The configuration wants it so.
    private static func rule(
        _ shown: ShownPair,
        _ comparison: PairComparison,
        _ differences: [PairComparison.Difference],
        _ isCalledFor: Bool,
        _ live: InspectedView,
        _ known: InspectedView?
    ) throws -> String? {
        let specification = live.mapping(shown.pair.object)?.specification
        if let side = comparison.onlyAt {
            switch shown.pair.presence[side.opposite] {
            case .outOfScope: return "it is out of scope at \(side.opposite.name)"
            case .deleted where specification?.deletions.policy != .delete:
                return "it was deleted at \(side.opposite.name) and stays here (deletes.policy)"
            default: break
            }
            if specification?.direction.permits(writingTo: side.opposite) == false {
                return "the object is not carried to \(side.opposite.name)"
            }
        }
        let pending = try live.transaction.pending(of: shown.pair.id, limit: 1).count
        guard !isCalledFor, pending == 0 else { return nil }
        if let reason = differences.first?.reason, reason == .oneWay || reason == .unresolved { return reason.words }
        if try live.transaction.dirty(shown.pair.id) != nil { return nil }
        return try member(comparison.members, live, known) ?? "the rules call for no write"
    }

    /// Whether the cache knows what the directories show.
    private static func change(_ shown: ShownPair, _ live: InspectedView, _ known: InspectedView) throws -> Kind {
        for side in Side.allCases {
            guard let anchor = shown.pair.anchors[side] else { continue }
            switch news(of: shown.replicas[side], than: try known.transaction.replica(side, anchor)) {
            case .none: continue
            case .newer: return .newer("changed at \(side.name) since the cache was brought up to date")
            case .other:
                return .drift("the cache holds something else of the entry at \(side.name), of the same version")
            }
        }
        guard let id = try knownPair(shown.pair, known) else {
            return .newer("appeared since the cache was brought up to date")
        }
        let isUnderWay = try known.transaction.dirty(id) != nil || known.transaction.pending(of: id, limit: 1).count > 0
        let isWriting = try isUnderWay || known.transaction.intents().contains { $0.write.pair == id }
        return isWriting
            ? .explained("it is being carried") : .drift("the cache knows both entries, and nothing is under way")
    }

    private enum News { case none, newer, other }

    private static func news(of live: Replica?, than known: Replica?) -> News {
        guard let live else { return known == nil ? .none : .newer }
        guard let known, live.version == known.version else { return .newer }
        let isSame = live.attributes == known.attributes && live.rdn == known.rdn && live.parent == known.parent
        if isSame { return .none }
        return live.version == .unordered ? .newer : .other
    }

    private static func knownPair(_ pair: Pair, _ known: InspectedView) throws -> PairID? {
        for side in Side.allCases {
            if let anchor = pair.anchors[side], let id = try known.transaction.pairID(side, anchor) { return id }
        }
        return nil
    }

    /// Whether the cache has by now what the directories showed.
    static func hasArrived(_ pair: PairID, _ live: InspectedView, _ known: InspectedView) throws -> Bool {
        guard let pair = try live.transaction.pair(pair) else { return true }
        for side in Side.allCases {
            guard let anchor = pair.anchors[side] else { continue }
            let shown = try live.transaction.replica(side, anchor)
            let held = try known.transaction.replica(side, anchor)
            switch (shown, held) {
            case (nil, nil): continue
            case (nil, .some), (.some, nil): return false
            case (let shown?, let held?):
                // As it was, or later.
                if shown.version == held.version { continue }
                if shown.version.supersedes(held.version) { return false }
            }
        }
        return true
    }
}

extension QuarantineReason {
    /// What of an entry a side does not show, so that what is known of it says nothing of what it holds; nil where it shows all.
    fileprivate var unseen: [String]? {
        switch self {
        case .vanished: ["existence"]
        case .unreadable(_, let attributes): attributes
        default: nil
        }
    }
}
