internal import LMDB
package import SyncModel

// Feeds, facts and counts.
extension CacheTransaction {
    package func cursor(_ side: Side) throws -> SyncModel.Cursor? {
        try record(.cursors, tables.cursors, key.feed(side, .cursor)) { reader throws(RecordDamage) in
            try CursorCodec.decode(from: &reader)
        }
    }

    package func put(_ cursor: SyncModel.Cursor, for side: Side) throws {
        CursorCodec.encode(cursor, into: writer)
        try storeRecord(tables.cursors, key.feed(side, .cursor))
    }

    package func isLoaded(_ side: Side) throws -> Bool {
        if let known = workspace.isLoaded[side] { return known }
        let isLoaded = try readLoaded(side)
        workspace.isLoaded[side] = isLoaded
        return isLoaded
    }

    private func readLoaded(_ side: Side) throws -> Bool {
        try record(.cursors, tables.cursors, key.feed(side, .loaded)) { reader throws(RecordDamage) in
            try reader.begin()
            let loaded = try reader.readFlag()
            try reader.end()
            return loaded
        } ?? false
    }

    package func setLoaded(_ side: Side, _ loaded: Bool) throws {
        writer.begin()
        writer.append(loaded)
        try storeRecord(tables.cursors, key.feed(side, .loaded))
        workspace.isLoaded[side] = loaded
    }

    package func fact(_ name: String) throws -> Octets? {
        let factKey = key.fact(Octets(name))
        let stored = try tables.meta.get(factKey, in: transaction) { try decodeFact(factKey, $0) }
        // Two long names may share a digest.
        return stored?.name == name ? stored?.value : nil
    }

    func decodeFact(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws -> (name: String, value: Octets) {
        try decode(.meta, key, value) { reader throws(RecordDamage) in
            try reader.begin()
            let name = try reader.readText()
            let value = try reader.readOctets()
            try reader.end()
            return (name, value)
        }
    }

    package func setFact(_ name: String, _ value: Octets?) throws {
        let factKey = key.fact(Octets(name))
        guard let value else {
            try tables.meta.delete(factKey, in: try writable())
            return
        }
        writer.begin()
        writer.append(name)
        writer.append(value)
        try storeRecord(tables.meta, factKey)
    }

    package func removeFacts(withPrefix prefix: String) throws {
        var names: [String] = []
        try tables.meta.forEach(prefix: [CacheKey.factMark], in: transaction) { key, value in
            let name = try decodeFact(key, value).name
            if name.hasPrefix(prefix) { names.append(name) }
        }
        for name in names { try setFact(name, nil) }
    }

    /// Rows of a table, without looking at them. `waiting` counts those who wait for a name and those who wait for a pair.
    package func count(_ table: StoreTable) throws -> Int {
        switch table {
        case .pairs: try tables.pairs.count(in: transaction)
        case .dirty: try tables.dirty.count(in: transaction)
        case .intents: try tables.intents.count(in: transaction)
        case .quarantine: try tables.quarantine.count(in: transaction)
        case .conflicts: try tables.conflicts.count(in: transaction)
        case .replicas: try tables.replicas.count(in: transaction)
        case .links: try tables.links.count(in: transaction)
        case .parkedLinks: try tables.parkedLinks.count(in: transaction)
        case .pendingLinks: try tables.pendingLinks.count(in: transaction)
        case .stamps: try tables.stamps.count(in: transaction)
        case .heldConflicts: try tables.heldConflicts.count(in: transaction)
        case .settlements: try tables.settlements.count(in: transaction)
        case .holds: try tables.holds.count(in: transaction)
        case .deletions: try tables.deletions.count(in: transaction)
        case .refusedLinks: try tables.refusedLinks.count(in: transaction)
        case .waiting:
            try tables.waiting.count(in: transaction) + tables.parked.count(in: transaction)
        }
    }
}
