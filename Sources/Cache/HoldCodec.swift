import SyncModel

/// The record of a hold. Its number is its key.
enum HoldCodec {
    static func encode(_ hold: Hold, into writer: RecordWriter) {
        writer.begin()
        switch hold.kind {
        case .deletions(let object, let side):
            writer.append(0 as UInt8)
            writer.append(side.rawValue)
            writer.append(object)
        }
        writer.append(hold.since)
        writer.append(hold.cause)
        writer.append(hold.state.rawValue)
        writer.appendOptional(hold.ended, writer.append)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> Hold {
        try reader.begin()
        let kind = try decodeKind(from: &reader)
        let since = try reader.readTime()
        let cause = try reader.readText()
        let state = try reader.readCase(Hold.State.self)
        let ended = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readTime()
        }
        try reader.end()
        return Hold(kind: kind, since: since, cause: cause, state: state, ended: ended)
    }

    private static func decodeKind(from reader: inout RecordReader) throws(RecordDamage) -> Hold.Kind {
        switch try reader.readOctet() {
        case 0:
            let side = try reader.readCase(Side.self)
            return .deletions(object: try reader.readText(), at: side)
        default: throw .invalid("kind of hold")
        }
    }
}
