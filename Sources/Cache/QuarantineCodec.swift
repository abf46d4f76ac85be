import SyncModel

/// The record of a pair in quarantine. The pair's id is its key.
enum QuarantineCodec {
    static func encode(_ record: QuarantineRecord, into writer: RecordWriter) {
        writer.begin()
        writer.append(record.since)
        writer.appendOptional(record.next, writer.append)
        writer.appendSigned(Int64(record.attempts))
        encode(record.reason, into: writer)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> QuarantineRecord {
        try reader.begin()
        let since = try reader.readTime()
        let next = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readTime()
        }
        let attempts = Int(try reader.readSigned())
        let reason = try decodeReason(from: &reader)
        try reader.end()
        return QuarantineRecord(reason: reason, attempts: attempts, since: since, next: next)
    }

    private static func encode(_ reason: QuarantineReason, into writer: RecordWriter) {
        switch reason {
        case .refused(let side, let refusal):
            writer.append(0 as UInt8)
            writer.append(side.rawValue)
            writer.append(refusal.reason.rawValue)
            writer.appendSigned(Int64(refusal.code))
            writer.append(refusal.message)
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
        }
    }

    private static func decodeReason(from reader: inout RecordReader) throws(RecordDamage) -> QuarantineReason {
        switch try reader.readOctet() {
        case 0:
            let side = try reader.readCase(Side.self)
            let reason = try reader.readCase(RefusalReason.self)
            guard let code = Int32(exactly: try reader.readSigned()) else { throw .invalid("result code") }
            return .refused(side, Refusal(reason: reason, code: code, message: try reader.readText()))
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
        default:
            throw .invalid("quarantine reason")
        }
    }
}
