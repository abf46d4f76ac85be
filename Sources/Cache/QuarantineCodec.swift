import SyncModel

/// The record of a pair in quarantine. The pair's id is its key.
enum QuarantineCodec {
    /// 2 added whether it was dropped.
    private static let version: UInt8 = 2

    static func encode(_ record: QuarantineRecord, into writer: RecordWriter) {
        writer.begin(version: version)
        writer.append(record.since)
        writer.appendOptional(record.next, writer.append)
        writer.appendSigned(Int64(record.attempts))
        encode(record.reason, into: writer)
        writer.append(record.isDropped)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> QuarantineRecord {
        let recordVersion = try reader.begin(upTo: version)
        let since = try reader.readTime()
        let next = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readTime()
        }
        let attempts = Int(try reader.readSigned())
        let reason = try decodeReason(from: &reader)
        let isDropped = recordVersion < 2 ? false : try reader.readFlag()
        try reader.end()
        return QuarantineRecord(reason: reason, attempts: attempts, since: since, next: next, isDropped: isDropped)
    }

    private static func encode(_ reason: QuarantineReason, into writer: RecordWriter) {
        switch reason {
        case .refused(let side, let refusal):
            writer.append(0 as UInt8)
            writer.append(side.rawValue)
            writer.append(refusal)
        case .ambiguousMatch(let rule, let candidates):
            writer.append(1 as UInt8)
            writer.appendSigned(Int64(rule))
            writer.appendList(candidates, writer.append)
        case .noCounterpartForParent:
            writer.append(2 as UInt8)
        case .missingRequiredValue(let name):
            writer.append(3 as UInt8)
            writer.append(name)
        case .protected(let side):
            writer.append(4 as UInt8)
            writer.append(side.rawValue)
        case .members(let side, let count, let refusal):
            writer.append(5 as UInt8)
            writer.append(side.rawValue)
            writer.appendSigned(Int64(count))
            writer.append(refusal)
        case .vanished(let side):
            writer.append(6 as UInt8)
            writer.append(side.rawValue)
        case .returned(let side):
            writer.append(7 as UInt8)
            writer.append(side.rawValue)
        case .unreadable(let side, let attributes):
            writer.append(8 as UInt8)
            writer.append(side.rawValue)
            writer.appendList(attributes, writer.append)
        }
    }

    private static func decodeReason(from reader: inout RecordReader) throws(RecordDamage) -> QuarantineReason {
        switch try reader.readOctet() {
        case 0:
            let side = try reader.readCase(Side.self)
            return .refused(side, try reader.readRefusal())
        case 1:
            let rule = Int(try reader.readSigned())
            let candidates = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readAnchor()
            }
            return .ambiguousMatch(rule: rule, candidates: candidates)
        case 2:
            return .noCounterpartForParent
        case 3:
            return .missingRequiredValue(try reader.readText())
        case 4:
            return .protected(try reader.readCase(Side.self))
        case 5:
            let side = try reader.readCase(Side.self)
            let count = Int(try reader.readSigned())
            return .members(side, count: count, try reader.readRefusal())
        case 6:
            return .vanished(try reader.readCase(Side.self))
        case 7:
            return .returned(try reader.readCase(Side.self))
        case 8:
            let side = try reader.readCase(Side.self)
            let attributes = try reader.readNames()
            return .unreadable(side, attributes: attributes)
        default:
            throw .invalid("quarantine reason")
        }
    }
}
