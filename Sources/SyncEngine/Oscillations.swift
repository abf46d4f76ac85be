import SyncModel

/// Attributes that two writers set against each other: each of our writes is overwritten, the other side is written, and so on without end.
struct Oscillations {
    private struct Key: Hashable {
        var pair: PairID
        var name: String
    }
    private struct Turns {
        /// The side that was written last, and what was written.
        var last: Side
        var values: [Octets]
        /// What that took the place of, where it had been written by us, too.
        var replaced: [Octets]?
        /// When a value came back over the one that had replaced it, as far back as the window reaches.
        var times: [Timestamp] = []
    }

    private static let mostRemembered = 10_000
    private var turns: [Key: Turns] = [:]
    private var frozen: [PairID: Set<String>] = [:]

    /// Notes what is written to a side. An attribute that came back and forth `limit` times within `window` milliseconds is frozen from now on;
    /// ever new values are just busy people.
    mutating func note(
        _ name: String,
        _ values: [Octets],
        of pair: PairID,
        to side: Side,
        now: Timestamp,
        limit: Int,
        window: Int64
    ) {
        let key = Key(pair: pair, name: name)
        guard var turn = turns[key] else {
            if turns.count >= Self.mostRemembered { forgetOld(before: now.advanced(byMilliseconds: -window)) }
            turns[key] = Turns(last: side, values: values)
            return
        }
        if turn.last != side && turn.replaced == values {
            turn.times.removeAll { $0 < now.advanced(byMilliseconds: -window) }
            turn.times.append(now)
        }
        turn.last = side
        turn.replaced = turn.values
        turn.values = values
        turns[key] = turn
        if turn.times.count >= limit { frozen[pair, default: []].insert(name) }
    }

    func frozen(_ pair: PairID) -> Set<String> { frozen.isEmpty ? [] : frozen[pair] ?? [] }

    mutating func forget(_ pair: PairID, _ name: String) {
        turns[Key(pair: pair, name: name)] = nil
        frozen[pair]?.remove(name)
        if frozen[pair]?.isEmpty == true { frozen[pair] = nil }
    }

    private mutating func forgetOld(before time: Timestamp) {
        turns = turns.filter { ($0.value.times.last ?? time) > time }
        if turns.count >= Self.mostRemembered { turns = [:] }
    }
}
