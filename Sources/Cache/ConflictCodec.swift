import SyncModel

/// The record of a conflict, and how it was settled afterwards. Its id is its key.
enum ConflictCodec {
    /// 2 added the rule, the stamps and settlements other than by a side.
    static let version: UInt8 = 2

    static func encode(_ record: ConflictRecord, _ resolution: ConflictResolution?, into writer: RecordWriter) {
        writer.begin(version: version)
        writer.appendOptional(resolution) { resolution in
            encode(resolution.choice, into: writer)
            writer.append(resolution.time)
        }
        writer.appendVarint(record.pair.rawValue)
        writer.append(record.time)
        writer.append(record.winner.rawValue)
        writer.append(record.decision.rawValue)
        writer.append(record.rule.rawValue)
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
        for side in Side.allCases {
            // Names in full: the report outlives what the codes of stamps were given for.
            writer.appendOptional(record.stamps[side]) { StampCodec.append($0, StampNames(), into: writer) }
        }
    }

    static func decode(_ id: ConflictID, from reader: inout RecordReader) throws(RecordDamage) -> StoredConflict {
        let (head, recordVersion) = try readHead(id, from: &reader)
        let base = try reader.readValues()
        let ad = try reader.readValues()
        let values = PerSide(ad: ad, miniorange: try reader.readValues())
        var stamps = PerSide<Stamp?>(both: nil)
        if recordVersion >= 2 {
            for side in Side.allCases { stamps[side] = try decodeStamp(from: &reader) }
        }
        try reader.end()
        let record = ConflictRecord(
            pair: head.pair,
            object: head.object,
            subject: head.subject,
            base: base,
            values: values,
            winner: head.winner,
            decision: head.decision,
            rule: head.rule,
            stamps: stamps,
            isJoin: head.isJoin,
            time: head.time
        )
        return StoredConflict(id: id, record: record, resolution: head.resolution)
    }

    /// All but the values and the stamps.
    static func decodeHead(_ id: ConflictID, from reader: inout RecordReader) throws(RecordDamage) -> ConflictHead {
        try readHead(id, from: &reader).head
    }

    private static func readHead(
        _ id: ConflictID,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> (head: ConflictHead, version: UInt8) {
        let recordVersion = try reader.begin(upTo: version)
        let resolution = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            let choice =
                recordVersion >= 2 ? try decodeChoice(from: &reader) : .side(try reader.readCase(Side.self))
            return ConflictResolution(choice: choice, time: try reader.readTime())
        }
        let pair = PairID(try reader.readVarint())
        let time = try reader.readTime()
        let winner = try reader.readCase(Side.self)
        let decision = try reader.readCase(ConflictRecord.Decision.self)
        let rule = recordVersion >= 2 ? try reader.readCase(ConflictRule.self) : ruleBefore2(decision, winner)
        let isJoin = try reader.readFlag()
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        let head = ConflictHead(
            id: id,
            pair: pair,
            object: object,
            subject: try decodeSubject(from: &reader),
            winner: winner,
            decision: decision,
            rule: rule,
            isJoin: isJoin,
            time: time,
            resolution: resolution
        )
        return (head, recordVersion)
    }

    /// What stood for a rule before there were any: the preferred side always won.
    private static func ruleBefore2(_ decision: ConflictRecord.Decision, _ winner: Side) -> ConflictRule {
        guard decision == .preferredSide else { return .newest }
        return winner == .ad ? .ad : .miniorange
    }

    private static func decodeStamp(from reader: inout RecordReader) throws(RecordDamage) -> Stamp? {
        try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try StampCodec.read(StampNames(), from: &reader)
        }
    }

    private static func encode(_ choice: ConflictChoice, into writer: RecordWriter) {
        switch choice {
        case .side(let side): writer.append(side.rawValue)
        case .base: writer.append(2 as UInt8)
        case .values(let values):
            writer.append(3 as UInt8)
            writer.append(values)
        case .agreement: writer.append(4 as UInt8)
        }
    }

    private static func decodeChoice(from reader: inout RecordReader) throws(RecordDamage) -> ConflictChoice {
        switch try reader.readOctet() {
        case Side.ad.rawValue: return .side(.ad)
        case Side.miniorange.rawValue: return .side(.miniorange)
        case 2: return .base
        case 3: return .values(try reader.readValues())
        case 4: return .agreement
        default: throw .invalid("choice")
        }
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
