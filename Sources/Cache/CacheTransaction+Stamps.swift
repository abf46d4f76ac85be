internal import LMDB
package import SyncModel

// When, where and by whom the values of a replica were set: one row for each attribute, beside the replica and gone with it.
extension CacheTransaction {
    package func stamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws -> Stamp? {
        let rowKey = key.stamp(side, anchor, attribute: Octets(attribute))
        let row = try tables.stamps.get(rowKey, in: transaction) { try decodeStamp(rowKey, $0) }
        // Two long names may share a digest.
        return row?.attribute == attribute ? row?.stamp : nil
    }

    /// All of the entry's, in order of the names' octets.
    package func stamps(_ side: Side, _ anchor: Anchor) throws -> [AttributeStamp] {
        var found: [AttributeStamp] = []
        var isCut = false
        try tables.stamps.scan(prefix: [UInt8](key.entry(side, anchor)), in: transaction) { key, value in
            found.append(try decodeStamp(key, value))
            isCut = isCut || key.holdsDigest
            return .next
        }
        return isCut ? found.sorted { Octets($0.attribute) < Octets($1.attribute) } : found
    }

    /// Of an entry that is not there nothing is kept: its deletion may be told before the answer to a write.
    package func put(_ stamp: AttributeStamp, _ side: Side, _ anchor: Anchor) throws {
        guard try tables.replicas.get(key.entry(side, anchor), in: transaction, { _ in true }) != nil else { return }
        var names = try stampNames()
        if names.take(stamp.stamp) { try store(names) }
        let rowKey = key.stamp(side, anchor, attribute: Octets(stamp.attribute))
        StampCodec.encode(stamp.stamp, attribute: rowKey.holdsDigest ? stamp.attribute : nil, names, into: writer)
        try storeRecord(tables.stamps, rowKey)
    }

    package func removeStamp(_ side: Side, _ anchor: Anchor, _ attribute: String) throws {
        try tables.stamps.delete(key.stamp(side, anchor, attribute: Octets(attribute)), in: try writable())
    }

    package func removeStamps(_ side: Side, _ anchor: Anchor) throws {
        try tables.stamps.deleteAll(prefix: [UInt8](key.entry(side, anchor)), in: try writable())
    }

    func decodeStamp(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> AttributeStamp {
        guard key.count >= 17 else { throw damaged(.stamps, key, "invalid key") }
        let names = try stampNames()
        let attribute = try nameOfKey(.stamps, key, from: 17)
        return try decode(.stamps, key, value) { reader throws(RecordDamage) in
            try StampCodec.decode(attribute: attribute, names, from: &reader)
        }
    }

    /// What a key ends with; nil where that is a digest.
    func nameOfKey(_ table: CacheTable, _ key: UnsafeRawBufferPointer, from offset: Int) throws -> String? {
        if key.holdsDigest { return nil }
        guard let name = names.name(UnsafeRawBufferPointer(rebasing: key[offset...])) else {
            throw damaged(table, key, "invalid name")
        }
        return name
    }
}

extension UnsafeRawBufferPointer {
    /// Of a key that ends with a name: only one with a digest has the greatest length.
    var holdsDigest: Bool { count == Environment.maximumKeyOctets }
}
