internal import LMDB
package import SyncModel

extension CacheTransaction {
    package func makePairID() throws -> PairID { PairID(try take(\.nextPair)) }

    package func pair(_ id: PairID) throws -> Pair? {
        try record(.pairs, tables.pairs, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try PairCodec.decode(id, from: &reader)
        }
    }

    package func outline(_ id: PairID) throws -> PairOutline? {
        if let known = workspace.pairs.value(id) { return known }
        let outline = try record(.pairs, tables.pairs, key.number(id.rawValue)) { reader throws(RecordDamage) in
            try PairCodec.decodeOutline(id, from: &reader)
        }
        workspace.pairs.note(outline, for: id)
        return outline
    }

    /// Stores, and moves the joins from `old`, which must be what is stored now. An anchor belongs to the pair that claimed it last.
    package func put(_ pair: Pair, replacing old: Pair?) throws {
        PairCodec.encode(pair, into: writer)
        workspace.pairs.forget(pair.id)
        try storeRecord(tables.pairs, key.number(pair.id.rawValue))
        for side in Side.allCases where old?.anchors[side] != pair.anchors[side] {
            if let anchor = old?.anchors[side] { try removeJoin(side, anchor, of: pair.id) }
            if let anchor = pair.anchors[side] {
                writer.begin()
                writer.appendFixed(pair.id.rawValue)
                try storeRecord(tables.joins, key.entry(side, anchor))
                workspace.joins.note(pair.id, for: EntryKey(side: side, anchor: anchor))
            }
        }
    }

    package func remove(_ pair: Pair) throws {
        workspace.pairs.forget(pair.id)
        try tables.pairs.delete(key.number(pair.id.rawValue), in: try writable())
        for side in Side.allCases {
            if let anchor = pair.anchors[side] { try removeJoin(side, anchor, of: pair.id) }
        }
        let prefix = pair.id.rawValue.bigEndianOctets
        for table in [tables.heldConflicts, tables.settlements] {
            try table.deleteAll(prefix: prefix, in: try writable())
        }
    }

    package func pairID(_ side: Side, _ anchor: Anchor) throws -> PairID? {
        let entry = EntryKey(side: side, anchor: anchor)
        if let known = workspace.joins.value(entry) { return known }
        let id = try record(.joins, tables.joins, key.entry(side, anchor)) { reader throws(RecordDamage) in
            try Self.decodeJoin(&reader)
        }
        workspace.joins.note(id, for: entry)
        return id
    }

    package func forEachPairID(after: PairID?, _ body: (PairID) throws -> Bool) throws {
        try forEachNumber(.pairs, after: after?.rawValue) { try body(PairID($0)) }
    }

    /// Visits the pairs in order of their ids, until `body` returns false.
    package func forEachPair(after: PairID? = nil, _ body: (Pair) throws -> Bool) throws {
        try forEachRecord(
            .pairs,
            after: after?.rawValue,
            { number, reader throws(RecordDamage) in try PairCodec.decode(PairID(number), from: &reader) },
            { try body($1) }
        )
    }

    static func decodeJoin(_ reader: inout RecordReader) throws(RecordDamage) -> PairID {
        try reader.begin()
        let id = PairID(try reader.readFixed())
        try reader.end()
        return id
    }

    private func removeJoin(_ side: Side, _ anchor: Anchor, of id: PairID) throws {
        guard try pairID(side, anchor) == id else { return }
        workspace.joins.forget(EntryKey(side: side, anchor: anchor))
        try tables.joins.delete(key.entry(side, anchor), in: try writable())
    }
}
