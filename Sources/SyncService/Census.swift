import Cache
import SyncModel
import Synchronization

/// What of each kind there is, counted by looking at all of it.
struct Census: Sendable {
    /// Pairs of configured objects, by kind; one with a single side counts as well.
    var groups = 0
    var containers = 0
    /// Memberships that stand on each side, those that are implied by others not.
    var memberships = PerSide<Int>(both: 0)
    /// Memberships of entries that are known by their anchors alone: out of scope, or not yet in it.
    var ofStrangers = 0

    init(_ transaction: CacheTransaction) throws {
        var found: [PerSide<Anchor?>] = []
        var containers = 0
        try transaction.forEachPair { pair in
            guard pair.object != nil else { return true }
            switch pair.kind {
            case .group: found.append(pair.anchors)
            case .container: containers += 1
            case .user: break
            }
            return true
        }
        groups = found.count
        self.containers = containers
        var strangers = 0
        for side in Side.allCases {
            var count = 0
            for group in found.compactMap({ $0[side] }) {
                try transaction.forEachLink(side, ofGroup: group, after: nil) { member, link in
                    guard link.isPresent, member != .placeholder else { return true }
                    if try transaction.pairID(side, member) == nil { strangers += 1 } else { count += 1 }
                    return true
                }
            }
            memberships[side] = count
        }
        ofStrangers = strangers
    }
}

/// A census that is taken again only when it is old in proportion to what it costs: who asks often must not load the machine.
final class CensusKeeper: Sendable {
    private struct State {
        var census: Census?
        var expires = ContinuousClock.now
    }

    /// A census costs at most this part of one processor.
    private static let share = 50

    private let state = Mutex(State())

    func census(_ cache: Cache) throws -> Census {
        try state.withLock { state in
            let begin = ContinuousClock.now
            if let census = state.census, begin < state.expires { return census }
            let census = try cache.read { try Census($0) }
            let end = ContinuousClock.now
            state.census = census
            state.expires = end + (end - begin) * Self.share
            return census
        }
    }
}
