import SyncModel

/// The record of an intent. Its id is its key.
enum IntentCodec {
    static func encode(_ intent: Intent, into writer: RecordWriter) {
        writer.begin()
        writer.append(intent.since)
        writer.appendVarint(intent.write.pair.rawValue)
        writer.append(intent.write.side.rawValue)
        writer.appendOptional(intent.write.object, writer.append)
        encode(intent.write.operation, into: writer)
        writer.appendList(intent.target) { change in
            writer.append(change.name)
            writer.append(change.values)
            writer.append(change.agreed)
        }
    }

    static func decode(_ id: IntentID, from reader: inout RecordReader) throws(RecordDamage) -> Intent {
        try reader.begin()
        let since = try reader.readTime()
        let pair = PairID(try reader.readVarint())
        let side = try reader.readCase(Side.self)
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        let operation = try decodeOperation(from: &reader)
        let target = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            let name = try reader.readName()
            return Intent.CanonicalChange(
                name: name,
                values: try reader.readValues(),
                agreed: try reader.readValues()
            )
        }
        try reader.end()
        let write = Write(id: id, pair: pair, side: side, object: object, operation: operation)
        return Intent(write: write, target: target, since: since)
    }

    private enum Tag: UInt8 {
        case add = 0
        case modify = 1
        case rename = 2
        case delete = 3
        case read = 4
        case readName = 5
        case confirmAbsence = 6
    }

    private static func encode(_ operation: WriteOperation, into writer: RecordWriter) {
        switch operation {
        case .add(let name, let objectClasses, let attributes):
            writer.append(Tag.add.rawValue)
            writer.append(name)
            writer.appendList(objectClasses, writer.append)
            writer.append(attributes)
        case .modify(let anchor, let name, let version, let changes):
            encode(.modify, anchor, name, version, into: writer)
            writer.appendList(changes) { change in
                writer.append(change.name)
                writer.append(change.old)
                writer.append(change.new)
            }
        case .rename(let anchor, let name, let version, let newName):
            encode(.rename, anchor, name, version, into: writer)
            writer.append(newName)
        case .delete(let anchor, let name, let version):
            encode(.delete, anchor, name, version, into: writer)
        case .read(let anchor):
            writer.append(Tag.read.rawValue)
            writer.append(anchor)
        case .confirmAbsence(let anchor):
            writer.append(Tag.confirmAbsence.rawValue)
            writer.append(anchor)
        case .readName(let name):
            writer.append(Tag.readName.rawValue)
            writer.append(name)
        }
    }

    private static func encode(
        _ tag: Tag,
        _ anchor: Anchor,
        _ name: DistinguishedName,
        _ version: Version,
        into writer: RecordWriter
    ) {
        writer.append(tag.rawValue)
        writer.append(anchor)
        writer.append(name)
        writer.append(version)
    }

    private static func decodeOperation(from reader: inout RecordReader) throws(RecordDamage) -> WriteOperation {
        let tag = try reader.readCase(Tag.self)
        switch tag {
        case .add:
            let name = try reader.readDistinguishedName()
            let objectClasses = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readName()
            }
            return .add(name: name, objectClasses: objectClasses, attributes: try reader.readAttributes())
        case .read:
            return .read(try reader.readAnchor())
        case .confirmAbsence:
            return .confirmAbsence(try reader.readAnchor())
        case .readName:
            return .readName(try reader.readDistinguishedName())
        case .modify, .rename, .delete:
            break
        }
        let anchor = try reader.readAnchor()
        let name = try reader.readDistinguishedName()
        let version = try reader.readVersion()
        switch tag {
        case .modify:
            return .modify(anchor, name: name, version: version, changes: try decodeChanges(from: &reader))
        case .rename:
            return .rename(anchor, name: name, version: version, newName: try reader.readDistinguishedName())
        default:
            return .delete(anchor, name: name, version: version)
        }
    }

    private static func decodeChanges(from reader: inout RecordReader) throws(RecordDamage) -> [AttributeChange] {
        try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            let name = try reader.readName()
            let old = try reader.readValues()
            return AttributeChange(name: name, old: old, new: try reader.readValues())
        }
    }
}
