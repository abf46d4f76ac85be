import SyncModel

/// The record of a membership that a server refused. Membership and pair are its key.
enum RefusedLinkCodec {
    static func encode(_ refused: RefusedLink, into writer: RecordWriter) {
        writer.begin()
        writer.append(refused.since)
        writer.append(refused.next)
        writer.appendSigned(Int64(refused.attempts))
        writer.append(refused.isAddition)
        writer.append(refused.refusal)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> RefusedLink {
        try reader.begin()
        let since = try reader.readTime()
        let next = try reader.readTime()
        let attempts = Int(try reader.readSigned())
        let isAddition = try reader.readFlag()
        let refusal = try reader.readRefusal()
        try reader.end()
        return RefusedLink(refusal: refusal, isAddition: isAddition, attempts: attempts, since: since, next: next)
    }
}

extension RecordWriter {
    func append(_ refusal: Refusal) {
        append(refusal.reason.rawValue)
        appendSigned(Int64(refusal.code))
        append(refusal.message)
    }
}

extension RecordReader {
    mutating func readRefusal() throws(RecordDamage) -> Refusal {
        let reason = try readCase(RefusalReason.self)
        guard let code = Int32(exactly: try readSigned()) else { throw .invalid("result code") }
        return Refusal(reason: reason, code: code, message: try readText())
    }
}
