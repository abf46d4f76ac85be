internal import LMDB
package import SyncModel

// Names of members and groups that nothing is known of, found from the name and from the entry that holds it.
//
// A key says the name itself, and the row holds nothing. Where the cache is encrypted, and for a name that is too long, it stands in the key as a digest, which others may be made to share: then the
// row holds the names, so that none is taken for another and none is lost.
extension CacheTransaction {
    package func parkLink(_ side: Side, name: Octets, holder: Anchor) throws {
        try add(name, .parkedLinks, key.parkedLink(side, name: name, holder: holder))
        try add(name, .heldNames, key.name(side, parent: holder, rdn: name))
    }

    package func unparkLink(_ side: Side, name: Octets, holder: Anchor) throws {
        try remove(name, .parkedLinks, key.parkedLink(side, name: name, holder: holder))
        try remove(name, .heldNames, key.name(side, parent: holder, rdn: name))
    }

    package func takeParkedLinks(_ side: Side, name: Octets) throws -> [Anchor] {
        _ = try writable()
        let prefix = [UInt8](key.parkedLinkPrefix(side, name: name))
        var holders: [Anchor] = []
        try tables.parkedLinks.scan(prefix: prefix, in: transaction) { key, value in
            guard key.count == prefix.count + 16, let holder = key.anchor(at: prefix.count) else {
                throw damaged(.parkedLinks, key, "invalid key")
            }
            if try parkedNames(key, value).contains(name) { holders.append(holder) }
            return .next
        }
        for holder in holders { try unparkLink(side, name: name, holder: holder) }
        return holders
    }

    package func parkedLinks(_ side: Side, holder: Anchor) throws -> [Octets] {
        let prefix = [UInt8](key.entry(side, holder))
        var found: [Octets] = []
        try tables.heldNames.scan(prefix: prefix, in: transaction) { key, value in
            found += try heldNames(key, value)
            return .next
        }
        return found.sorted()
    }

    private func isDigest(_ key: UnsafeRawBufferPointer) -> Bool { keysAreDigests || key.holdsDigest }

    /// The names of a row of heldNames.
    func heldNames(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> [Octets] {
        guard key.count >= 17 else { throw damaged(.heldNames, key, "invalid key") }
        return isDigest(key) ? try names(.heldNames, key, value) : [Octets(key[17...])]
    }

    /// The names of a row of parkedLinks.
    func parkedNames(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> [Octets] {
        guard key.count >= 19 else { throw damaged(.parkedLinks, key, "invalid key") }
        return isDigest(key) ? try names(.parkedLinks, key, value) : [Octets(key[3..<key.count - 16])]
    }

    /// The names that a row with a digest holds.
    private func names(
        _ table: CacheTable,
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws -> [Octets] {
        try decode(table, key, value) { reader throws(RecordDamage) in
            try reader.begin()
            let names = try reader.readValues()
            try reader.end()
            return names
        }
    }

    private func storedNames(_ table: CacheTable, _ key: UnsafeRawBufferPointer) throws -> [Octets] {
        try tables[table].get(key, in: transaction) { try names(table, key, $0) } ?? []
    }

    private func add(_ name: Octets, _ table: CacheTable, _ key: UnsafeRawBufferPointer) throws {
        guard isDigest(key) else {
            try tables[table].put(key, .nothing, in: try writable())
            return
        }
        let stored = try storedNames(table, key)
        if !stored.contains(name) { try store(stored + [name], table, key) }
    }

    private func remove(_ name: Octets, _ table: CacheTable, _ key: UnsafeRawBufferPointer) throws {
        let others = isDigest(key) ? try storedNames(table, key).filter { $0 != name } : []
        if others.isEmpty {
            try tables[table].delete(key, in: try writable())
        } else {
            try store(others, table, key)
        }
    }

    private func store(_ names: [Octets], _ table: CacheTable, _ key: UnsafeRawBufferPointer) throws {
        writer.begin()
        writer.append(names)
        try storeRecord(tables[table], key)
    }
}
