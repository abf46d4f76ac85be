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
        let kind = try reader.readCase(ObjectKind.self)
        let nameCounter = try reader.readOctet()
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        var pair = Pair(id: id, object: object, kind: kind)
        pair.nameCounter = nameCounter
        for side in Side.allCases {
            pair.presence[side] = try reader.readCase(Presence.self)
            pair.anchors[side] = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readAnchor()
            }
        }
        pair.base = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readAttributes()
        }
        try reader.end()
        return pair
    }
}
