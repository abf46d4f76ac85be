import SyncModel

/// The record of a person's decision that is to be carried out. Pair and canonical name are its key.
enum SettlementCodec {
    /// - Parameter name: only where the key holds no more than a digest of it.
    static func encode(_ settlement: Settlement, name: String?, into writer: RecordWriter) {
        writer.begin()
        writer.appendVarint(settlement.conflict.rawValue)
        writer.append(settlement.time)
        writer.append(settlement.values)
        writer.append(settlement.seen.ad)
        writer.append(settlement.seen.miniorange)
        if let name { writer.append(name) }
    }

    /// - Parameter name: nil where the record tells it.
    static func decode(
        name: String?,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> (name: String, settlement: Settlement) {
        try reader.begin()
        let conflict = ConflictID(try reader.readVarint())
        let time = try reader.readTime()
        let values = try reader.readValues()
        let ad = try reader.readValues()
        let seen = PerSide(ad: ad, miniorange: try reader.readValues())
        let name = if let name { name } else { try reader.readText() }
        try reader.end()
        return (name, Settlement(conflict: conflict, values: values, seen: seen, time: time))
    }
}
