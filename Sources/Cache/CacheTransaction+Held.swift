internal import LMDB
package import SyncModel

// Conflicts that wait for a person, and persons' decisions that are to be carried out.
extension CacheTransaction {
    package func heldConflicts(of pair: PairID) throws -> [(name: String, id: ConflictID)] {
        var found: [(name: String, id: ConflictID)] = []
        try tables.heldConflicts.scan(prefix: pair.rawValue.bigEndianOctets, in: transaction) { key, value in
            found.append(try decodeHeld(key, value))
            return .next
        }
        return found.sorted { Octets($0.name) < Octets($1.name) }
    }

    package func setHeldConflict(_ id: ConflictID?, of pair: PairID, _ name: String) throws {
        let rowKey = key.named(pair, Octets(name))
        guard let id else {
            try tables.heldConflicts.delete(rowKey, in: try writable())
            return
        }
        HeldConflictCodec.encode(id, name: rowKey.holdsDigest ? name : nil, into: writer)
        try storeRecord(tables.heldConflicts, rowKey)
    }

    package func settlements(of pair: PairID) throws -> [(name: String, settlement: Settlement)] {
        var found: [(name: String, settlement: Settlement)] = []
        try tables.settlements.scan(prefix: pair.rawValue.bigEndianOctets, in: transaction) { key, value in
            found.append(try decodeSettlement(key, value))
            return .next
        }
        return found.sorted { Octets($0.name) < Octets($1.name) }
    }

    package func setSettlement(_ settlement: Settlement?, of pair: PairID, _ name: String) throws {
        let rowKey = key.named(pair, Octets(name))
        guard let settlement else {
            try tables.settlements.delete(rowKey, in: try writable())
            return
        }
        SettlementCodec.encode(settlement, name: rowKey.holdsDigest ? name : nil, into: writer)
        try storeRecord(tables.settlements, rowKey)
    }

    func decodeHeld(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws -> (name: String, id: ConflictID) {
        guard key.count >= 8 else { throw damaged(.heldConflicts, key, "invalid key") }
        let name = try nameOfKey(.heldConflicts, key, from: 8)
        return try decode(.heldConflicts, key, value) { reader throws(RecordDamage) in
            try HeldConflictCodec.decode(name: name, from: &reader)
        }
    }

    func decodeSettlement(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws -> (name: String, settlement: Settlement) {
        guard key.count >= 8 else { throw damaged(.settlements, key, "invalid key") }
        let name = try nameOfKey(.settlements, key, from: 8)
        return try decode(.settlements, key, value) { reader throws(RecordDamage) in
            try SettlementCodec.decode(name: name, from: &reader)
        }
    }
}
