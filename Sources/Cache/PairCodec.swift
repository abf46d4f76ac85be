import SyncModel

/// The record of a pair. Its id is its key.
enum PairCodec {
    static func encode(_ pair: Pair, into writer: RecordWriter) {
        writer.begin()
        writer.append(pair.kind.rawValue)
        writer.append(pair.nameCounter)
        writer.appendOptional(pair.object, writer.append)
        for side in Side.allCases {
            writer.append(pair.presence[side].rawValue)
            writer.appendOptional(pair.anchors[side], writer.append)
        }
        writer.appendOptional(pair.base, writer.append)
    }

    static func decode(_ id: PairID, from reader: inout RecordReader) throws(RecordDamage) -> Pair {
        try reader.begin()
        var nameCounter: UInt8 = 0
        let outline = try readOutline(id, &nameCounter, from: &reader)
        var pair = Pair(id: id, object: outline.object, kind: outline.kind)
        pair.nameCounter = nameCounter
        pair.presence = outline.presence
        pair.anchors = outline.anchors
        pair.base = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readAttributes()
        }
        try reader.end()
        return pair
    }

    /// The first part of the record; the base is not looked at.
    static func decodeOutline(
        _ id: PairID,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> PairOutline {
        try reader.begin()
        var nameCounter: UInt8 = 0
        return try readOutline(id, &nameCounter, from: &reader)
    }

    private static func readOutline(
        _ id: PairID,
        _ nameCounter: inout UInt8,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> PairOutline {
        let kind = try reader.readCase(ObjectKind.self)
        nameCounter = try reader.readOctet()
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        var outline = PairOutline(
            id: id,
            object: object,
            kind: kind,
            anchors: PerSide(both: nil),
            presence: PerSide(both: .missing)
        )
        for side in Side.allCases {
            outline.presence[side] = try reader.readCase(Presence.self)
            outline.anchors[side] = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readAnchor()
            }
        }
        return outline
    }
}
