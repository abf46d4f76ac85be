internal import LMDB
package import SyncModel

extension CacheTransaction {
    package func replica(_ side: Side, _ anchor: Anchor) throws -> Replica? {
        try record(.replicas, tables.replicas, key.entry(side, anchor)) { reader throws(RecordDamage) in
            try ReplicaCodec.decode(side, anchor, from: &reader)
        }
    }

    package func outline(_ side: Side, _ anchor: Anchor) throws -> ReplicaOutline? {
        let entry = EntryKey(side: side, anchor: anchor)
        if let known = workspace.replicas.value(entry) { return known }
        let outline = try record(.replicas, tables.replicas, key.entry(side, anchor)) { reader throws(RecordDamage) in
            try ReplicaCodec.decodeOutline(from: &reader)
        }
        workspace.replicas.note(outline, for: entry)
        return outline
    }

    /// Stores, and moves the names and keys that lead to the entry from `old`, which must be what is stored now.
    package func put(_ replica: Replica, replacing old: Replica?) throws {
        ReplicaCodec.encode(replica, into: writer)
        workspace.replicas.forget(EntryKey(side: replica.side, anchor: replica.anchor))
        try storeRecord(tables.replicas, key.entry(replica.side, replica.anchor))
        guard let old else {
            if replica.side == .ad { try change(\.replicasOfAD, by: 1) }
            try putName(of: replica)
            for matchKey in replica.keys { try putKey(matchKey, of: replica) }
            return
        }
        try moveName(from: old, to: replica)
        guard old.keys != replica.keys else { return }
        for matchKey in old.keys where !replica.keys.contains(matchKey) { try removeKey(matchKey, of: old) }
        // All of them, since two keys that are too long may share a row which was just removed with one of them.
        for matchKey in replica.keys { try putKey(matchKey, of: replica) }
    }

    package func remove(_ replica: Replica) throws {
        workspace.replicas.forget(EntryKey(side: replica.side, anchor: replica.anchor))
        let wasThere = try tables.replicas.delete(key.entry(replica.side, replica.anchor), in: try writable())
        if wasThere && replica.side == .ad { try change(\.replicasOfAD, by: -1) }
        try removeName(of: replica)
        for matchKey in replica.keys { try removeKey(matchKey, of: replica) }
        try removeStamps(replica.side, replica.anchor)
    }

    /// Number of one side's replicas, without looking at them.
    package func countReplicas(_ side: Side) throws -> Int {
        let ofAD = Int(try counters().replicasOfAD)
        return side == .ad ? ofAD : max(0, try count(.replicas) - ofAD)
    }

    package func forEachAnchor(_ side: Side, after: Anchor?, _ body: (Anchor) throws -> Bool) throws {
        let prefix = [side.rawValue]
        // The first key beyond that of `after`.
        let start = after.map { prefix + $0.octets + [0] }
        try tables.replicas.scanRows(prefix: prefix, from: start, in: transaction) { row in
            let key = row.key
            guard key.count == 17, let anchor = key.anchor(at: 1) else {
                throw damaged(.replicas, key, "invalid key")
            }
            return try body(anchor) ? .next : .stop
        }
    }

    /// Visits one side's replicas in order of their anchors, until `body` returns false.
    package func forEachReplica(_ side: Side, after: Anchor? = nil, _ body: (Replica) throws -> Bool) throws {
        let prefix = [side.rawValue]
        let start = after.map { prefix + $0.octets + [0] }
        try tables.replicas.scan(prefix: prefix, from: start, in: transaction) { key, value in
            guard key.count == 17, let anchor = key.anchor(at: 1) else {
                throw damaged(.replicas, key, "invalid key")
            }
            let replica = try decode(.replicas, key, value) { reader throws(RecordDamage) in
                try ReplicaCodec.decode(side, anchor, from: &reader)
            }
            return try body(replica) ? .next : .stop
        }
    }

    // MARK: - Names

    /// The entry directly below `parent` with this normalised RDN. Where a change of names is seen from its end first, two replicas
    /// have one name for a while: then the one that was stored last.
    package func child(_ side: Side, of parent: Anchor, named rdn: Octets) throws -> Anchor? {
        let nameKey = key.name(side, parent: parent, rdn: rdn)
        guard let anchors = try storedAnchors(nameKey) else { return nil }
        guard nameKey.count == Environment.maximumKeyOctets else { return anchors.last }
        // The key holds a digest only, so each entry is asked for its name.
        for anchor in anchors.reversed() {
            guard let replica = try replica(side, anchor) else { continue }
            if replica.parent == .entry(parent) && replica.rdn.normalized == rdn { return anchor }
        }
        return nil
    }

    /// Anchors of entries with one name, the last stored at the end.
    func storedAnchors(_ nameKey: UnsafeRawBufferPointer) throws -> [Anchor]? {
        try tables.names.get(nameKey, in: transaction) { try anchors(nameKey, $0) }
    }

    func anchors(_ nameKey: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> [Anchor] {
        guard value.count > 16, value.count % 16 == 1, value[0] == CacheFormat.recordVersion else {
            throw damaged(.names, nameKey, RecordDamage.tooShort.text)
        }
        return stride(from: 1, to: value.count, by: 16).compactMap { value.anchor(at: $0) }
    }

    private func moveName(from old: Replica, to replica: Replica) throws {
        guard old.parent != replica.parent || old.rdn != replica.rdn else { return }
        if old.parent == replica.parent && old.rdn.normalized == replica.rdn.normalized { return }
        try removeName(of: old)
        try putName(of: replica)
    }

    func putName(of replica: Replica) throws {
        guard case .entry(let parent) = replica.parent else { return }
        let nameKey = key.name(replica.side, parent: parent, rdn: replica.rdn.normalized)
        writer.begin()
        writer.append(replica.anchor)
        if try tables.names.put(nameKey, writer.octets, mode: .keepExisting, in: try writable()) { return }
        let others = (try storedAnchors(nameKey) ?? []).filter { $0 != replica.anchor }
        try store(others + [replica.anchor], under: nameKey)
    }

    private func removeName(of replica: Replica) throws {
        guard case .entry(let parent) = replica.parent else { return }
        let nameKey = key.name(replica.side, parent: parent, rdn: replica.rdn.normalized)
        guard let anchors = try storedAnchors(nameKey) else { return }
        try store(anchors.filter { $0 != replica.anchor }, under: nameKey)
    }

    private func store(_ anchors: [Anchor], under nameKey: UnsafeRawBufferPointer) throws {
        guard !anchors.isEmpty else {
            try tables.names.delete(nameKey, in: try writable())
            return
        }
        writer.begin()
        for anchor in anchors { writer.append(anchor) }
        try storeRecord(tables.names, nameKey)
    }

    // MARK: - Match keys

    package func anchors(_ side: Side, key matchKey: Octets, limit: Int) throws -> [Anchor] {
        guard limit > 0 else { return [] }
        let prefix = [UInt8](key.matchPrefix(side, key: matchKey))
        // A key that is too long is in the table as a digest, so each entry is asked for its keys.
        let isCut = !keysAreDigests && matchKey.count > prefix.count - 3
        var found: [Anchor] = []
        try tables.keys.scan(prefix: prefix, in: transaction) { key, _ in
            guard key.count == prefix.count + 16, let anchor = key.anchor(at: prefix.count) else {
                throw damaged(.keys, key, "invalid key")
            }
            if isCut, try replica(side, anchor)?.keys.contains(matchKey) != true { return .next }
            found.append(anchor)
            return found.count < limit ? .next : .stop
        }
        return found
    }

    private func putKey(_ matchKey: Octets, of replica: Replica) throws {
        let octets = key.match(replica.side, key: matchKey, replica.anchor)
        try tables.keys.put(octets, .nothing, in: try writable())
    }

    private func removeKey(_ matchKey: Octets, of replica: Replica) throws {
        try tables.keys.delete(key.match(replica.side, key: matchKey, replica.anchor), in: try writable())
    }
}
