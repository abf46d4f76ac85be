import SyncModel

/// The record of a pair in the work queue. The pair's id is its key.
enum DirtyCodec {
    static func encode(_ record: DirtyRecord, into writer: RecordWriter) {
        writer.begin()
        writer.append(record.since)
        writer.append(record.cause.rawValue)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> DirtyRecord {
        try reader.begin()
        let since = try reader.readTime()
        let record = DirtyRecord(since: since, cause: try reader.readCase(DirtyCause.self))
        try reader.end()
        return record
    }
}
