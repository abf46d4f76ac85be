internal import LMDB
package import SyncModel

// What only the inspector asks: walks over everything, and what the daemon finds from the other end.
extension CacheTransaction {
    /// Visits one side's replicas in order of their anchors, until `body` returns false. `glance` is set to each in turn, and its octets end with `body`.
    package func forEachReplica(
        _ side: Side,
        after: Anchor?,
        _ glance: ReplicaGlance,
        _ body: () throws -> Bool
    ) throws {
        let prefix = [side.rawValue]
        let start = after.map { prefix + $0.octets + [0] }
        try tables.replicas.scan(prefix: prefix, from: start, in: transaction) { key, value in
            guard key.count == 17, let anchor = key.anchor(at: 1) else {
                throw damaged(.replicas, key, "invalid key")
            }
            do throws(RecordDamage) {
                try glance.read(side, anchor, value)
            } catch {
                throw damaged(.replicas, key, error.text)
            }
            return try body() ? .next : .stop
        }
    }

    /// Whether `waiter` is to be looked at again when `target` changes its presence.
    package func isWaiting(on target: PairID, waiter: PairID) throws -> Bool {
        try tables.waiting.contains(key.waiting(on: target, waiter: waiter), in: transaction)
    }

    /// Whether `waiter` is to be looked at again when an entry with this normalised name appears.
    package func isParked(_ side: Side, name: Octets, waiter: PairID) throws -> Bool {
        try tables.parked.contains(key.parked(side, name: name, waiter: waiter), in: transaction)
    }

    /// When the first line of history that is still there was written.
    package func oldestHistory() throws -> Timestamp? {
        var oldest: Timestamp?
        try tables.history.scanRows(in: transaction) { row in
            oldest = HistoryPlace(row.key)?.time
            return .stop
        }
        return oldest
    }

    /// Octets of keys and values in a table, as they are stored. Reads every row.
    package func contentOctets(_ table: CacheTable) throws -> Int {
        var octets = 0
        try tables[table].scanRows(in: transaction) { row in
            octets += row.key.count + row.stored.count
            return .next
        }
        return octets
    }
}
