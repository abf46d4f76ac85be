import SyncModel

/// Pairs all of whose pending memberships wait for a place in one side's window, and which of them moved since that was found. Until there is a place, only these are
/// looked at: while much is being written, a large group is looked at again with every few of its members that come.
struct WaitingLinks {
    struct Waiting {
        var side: Side
        var moved: Set<LinkID> = []
    }

    private var pairs: [PairID: Waiting] = [:]

    subscript(pair: PairID) -> Waiting? { pairs[pair] }

    /// Whatever is pending of the pair is to be written to this side.
    mutating func wait(_ pair: PairID, for side: Side) { pairs[pair] = Waiting(side: side) }

    mutating func note(_ link: LinkID, of pair: PairID) {
        guard !pairs.isEmpty, pairs[pair] != nil else { return }
        pairs[pair]?.moved.insert(link)
    }

    mutating func forget(_ pair: PairID) {
        if !pairs.isEmpty { pairs[pair] = nil }
    }

    mutating func forgetAll() { pairs = [:] }
}
