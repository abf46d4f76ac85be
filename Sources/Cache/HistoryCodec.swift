import SyncModel

/// The record of one line of history. Time and pair are part of its key.
enum HistoryCodec {
    static func encode(_ record: HistoryRecord, into writer: RecordWriter) {
        writer.begin()
        writer.append(record.event.rawValue)
        writer.append(record.side.rawValue)
        writer.append(record.cause.rawValue)
        writer.appendList(record.attributes, writer.append)
    }

    static func decode(
        _ pair: PairID,
        _ time: Timestamp,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> HistoryRecord {
        try reader.begin()
        let event = try reader.readCase(HistoryRecord.Event.self)
        let side = try reader.readCase(Side.self)
        let cause = try reader.readCase(DirtyCause.self)
        let attributes = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        try reader.end()
        return HistoryRecord(pair: pair, time: time, event: event, side: side, cause: cause, attributes: attributes)
    }
}
