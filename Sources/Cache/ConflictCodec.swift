import SyncModel

/// The record of a conflict, and how a person settled it. Its id is its key.
enum ConflictCodec {
    static func encode(_ record: ConflictRecord, _ resolution: ConflictResolution?, into writer: RecordWriter) {
        writer.begin()
        writer.appendOptional(resolution) { resolution in
            writer.append(resolution.taken.rawValue)
            writer.append(resolution.time)
        }
        writer.appendVarint(record.pair.rawValue)
        writer.append(record.time)
        writer.append(record.winner.rawValue)
        writer.append(record.decision.rawValue)
        writer.append(record.isJoin)
        writer.appendOptional(record.object, writer.append)
        switch record.subject {
        case .existence: writer.append(0 as UInt8)
        case .attribute(let name):
            writer.append(1 as UInt8)
            writer.append(name)
        case .member(let member):
            writer.append(2 as UInt8)
            writer.appendVarint(member.rawValue)
        }
        writer.append(record.base)
        writer.append(record.values.ad)
        writer.append(record.values.miniorange)
    }

    static func decode(_ id: UInt64, from reader: inout RecordReader) throws(RecordDamage) -> StoredConflict {
        try reader.begin()
        let resolution = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            let taken = try reader.readCase(Side.self)
            return ConflictResolution(taken: taken, time: try reader.readTime())
        }
        let pair = PairID(try reader.readVarint())
        let time = try reader.readTime()
        let winner = try reader.readCase(Side.self)
        let decision = try reader.readCase(ConflictRecord.Decision.self)
        let isJoin = try reader.readFlag()
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        let subject = try decodeSubject(from: &reader)
        let base = try reader.readValues()
        let ad = try reader.readValues()
        let values = PerSide(ad: ad, miniorange: try reader.readValues())
        try reader.end()
        let record = ConflictRecord(
            pair: pair,
            object: object,
            subject: subject,
            base: base,
            values: values,
            winner: winner,
            decision: decision,
            isJoin: isJoin,
            time: time
        )
        return StoredConflict(id: id, record: record, resolution: resolution)
    }

    private static func decodeSubject(
        from reader: inout RecordReader
    ) throws(RecordDamage) -> ConflictRecord.Subject {
        switch try reader.readOctet() {
        case 0: return .existence
        case 1: return .attribute(try reader.readName())
        case 2: return .member(PairID(try reader.readVarint()))
        default: throw .invalid("subject")
        }
    }
}
