import SyncModel

/// The row of a conflict that waits for a person. Pair and canonical name are its key.
enum HeldConflictCodec {
    /// - Parameter name: only where the key holds no more than a digest of it.
    static func encode(_ id: ConflictID, name: String?, into writer: RecordWriter) {
        writer.begin()
        writer.appendVarint(id.rawValue)
        if let name { writer.append(name) }
    }

    /// - Parameter name: nil where the record tells it.
    static func decode(
        name: String?,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> (name: String, id: ConflictID) {
        try reader.begin()
        let id = ConflictID(try reader.readVarint())
        let name = if let name { name } else { try reader.readText() }
        try reader.end()
        return (name, id)
    }
}
