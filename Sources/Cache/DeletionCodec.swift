import SyncModel

/// The record of a deletion that the other side is to follow. The pair's id is its key.
enum DeletionCodec {
    static func encode(_ deletion: Deletion, into writer: RecordWriter) {
        writer.begin()
        writer.append(deletion.side.rawValue)
        writer.append(deletion.object)
        writer.append(deletion.learned)
        writer.appendOptional(deletion.author, writer.append)
        switch deletion.state {
        case .waiting: writer.append(0 as UInt8)
        case .held(let hold):
            writer.append(1 as UInt8)
            writer.appendVarint(hold.rawValue)
        case .approved: writer.append(2 as UInt8)
        case .rejected: writer.append(3 as UInt8)
        case .carried(let time):
            writer.append(4 as UInt8)
            writer.append(time)
        }
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> Deletion {
        try reader.begin()
        let side = try reader.readCase(Side.self)
        let object = try reader.readText()
        let learned = try reader.readTime()
        let author = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readText()
        }
        let state = try decodeState(from: &reader)
        try reader.end()
        return Deletion(side: side, object: object, learned: learned, author: author, state: state)
    }

    private static func decodeState(from reader: inout RecordReader) throws(RecordDamage) -> Deletion.State {
        switch try reader.readOctet() {
        case 0: return .waiting
        case 1: return .held(HoldID(try reader.readVarint()))
        case 2: return .approved
        case 3: return .rejected
        case 4: return .carried(try reader.readTime())
        default: throw .invalid("state of a deletion")
        }
    }
}
