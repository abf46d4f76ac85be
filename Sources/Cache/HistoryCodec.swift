import SyncModel

/// The record of one line of history. Time and pair are part of its key.
enum HistoryCodec {
    /// 2 added the members, 3 the values before.
    static let version: UInt8 = 3

    static func encode(_ record: HistoryRecord, into writer: RecordWriter) {
        writer.begin(version: version)
        writer.append(record.event.rawValue)
        writer.append(record.side.rawValue)
        writer.append(record.cause.rawValue)
        writer.appendList(record.attributes, writer.append)
        writer.appendList(record.members) { change in
            writer.appendVarint(change.member.rawValue)
            writer.append(change.isPresent)
        }
        writer.append(record.before)
    }

    static func decode(
        _ pair: PairID,
        _ time: Timestamp,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> HistoryRecord {
        let recordVersion = try reader.begin(upTo: version)
        let event = try reader.readCase(HistoryRecord.Event.self)
        let side = try reader.readCase(Side.self)
        let cause = try reader.readCase(DirtyCause.self)
        let attributes = try reader.readNames()
        let members = recordVersion >= 2 ? try decodeMembers(from: &reader) : []
        let before = recordVersion >= 3 ? try reader.readAttributes() : Attributes()
        try reader.end()
        return HistoryRecord(
            pair: pair,
            time: time,
            event: event,
            side: side,
            cause: cause,
            attributes: attributes,
            members: members,
            before: before
        )
    }

    private static func decodeMembers(
        from reader: inout RecordReader
    ) throws(RecordDamage) -> [HistoryRecord.MemberChange] {
        try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            let member = PairID(try reader.readVarint())
            return HistoryRecord.MemberChange(member: member, isPresent: try reader.readFlag())
        }
    }
}
