import SyncModel

/// The record of a feed's cursor. The side is its key.
enum CursorCodec {
    static func encode(_ cursor: SyncModel.Cursor, into writer: RecordWriter) {
        writer.begin()
        writer.append(cursor.server)
        writer.append(cursor.position)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> SyncModel.Cursor {
        try reader.begin()
        let server = try reader.readOctets()
        let cursor = SyncModel.Cursor(server: server, position: try reader.readOctets())
        try reader.end()
        return cursor
    }
}
