internal import LMDB
package import SyncModel

// Writes that are stopped until a person decides, and deletions that the other side is to follow.
extension CacheTransaction {
    package func append(_ hold: Hold) throws -> HoldID {
        let id = HoldID(try take(\.nextHold))
        try put(hold, for: id)
        return id
    }

    package func hold(_ id: HoldID) throws -> Hold? {
        try record(.holds, tables.holds, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try HoldCodec.decode(from: &reader)
        }
    }

    package func put(_ hold: Hold, for id: HoldID) throws {
        HoldCodec.encode(hold, into: writer)
        try storeRecord(tables.holds, key.number(id.rawValue))
    }

    package func removeHold(_ id: HoldID) throws {
        try tables.holds.delete(key.number(id.rawValue), in: try writable())
    }

    package func holds() throws -> [(id: HoldID, hold: Hold)] {
        var found: [(id: HoldID, hold: Hold)] = []
        try forEachRecord(
            .holds,
            after: nil,
            { _, reader throws(RecordDamage) in try HoldCodec.decode(from: &reader) },
            { number, hold in
                found.append((HoldID(number), hold))
                return true
            }
        )
        return found
    }

    package func deletion(of pair: PairID) throws -> Deletion? {
        try record(.deletions, tables.deletions, key.number(pair.rawValue)) { reader throws(RecordDamage) in
            try DeletionCodec.decode(from: &reader)
        }
    }

    package func put(_ deletion: Deletion, of pair: PairID) throws {
        DeletionCodec.encode(deletion, into: writer)
        try storeRecord(tables.deletions, key.number(pair.rawValue))
    }

    package func removeDeletion(of pair: PairID) throws {
        try tables.deletions.delete(key.number(pair.rawValue), in: try writable())
    }

    package func forEachDeletion(after: PairID?, _ body: (PairID, Deletion) throws -> Bool) throws {
        try forEachRecord(
            .deletions,
            after: after?.rawValue,
            { _, reader throws(RecordDamage) in try DeletionCodec.decode(from: &reader) },
            { try body(PairID($0), $1) }
        )
    }
}
