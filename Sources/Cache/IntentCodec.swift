import SyncModel

/// The record of an intent. Its id is its key.
enum IntentCodec {
    /// 2 added the memberships, 3 whether they were implied, 4 whether they agree on anything.
    static let version: UInt8 = 4

    static func encode(_ intent: Intent, into writer: RecordWriter) {
        writer.begin(version: version)
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
        writer.appendList(intent.links) { change in
            writer.append(change.link.side.rawValue)
            writer.append(change.link.group)
            writer.append(change.link.member)
            writer.append(change.isPresent)
            writer.append(change.value)
            writer.append(change.isImplied)
            writer.append(change.isVoid)
        }
    }

    static func decode(_ id: IntentID, from reader: inout RecordReader) throws(RecordDamage) -> Intent {
        let recordVersion = try reader.begin(upTo: version)
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
        let links = recordVersion >= 2 ? try decodeLinks(recordVersion, from: &reader) : []
        try reader.end()
        let write = Write(id: id, pair: pair, side: side, object: object, operation: operation)
        return Intent(write: write, target: target, since: since, links: links)
    }

    private static func decodeLinks(
        _ recordVersion: UInt8,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> [Intent.LinkChange] {
        try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            let side = try reader.readCase(Side.self)
            let group = try reader.readAnchor()
            let link = LinkID(side: side, group: group, member: try reader.readAnchor())
            return Intent.LinkChange(
                link: link,
                isPresent: try reader.readFlag(),
                value: try reader.readOctets(),
                isImplied: recordVersion >= 3 ? try reader.readFlag() : false,
                isVoid: recordVersion >= 4 ? try reader.readFlag() : false
            )
        }
    }

    private enum Tag: UInt8 {
        case add = 0
        case modify = 1
        case rename = 2
        case delete = 3
        case read = 4
        case readName = 5
        case confirmAbsence = 6
        case editValues = 7
        case readMembers = 8
        case readBelow = 9
        case readGroups = 10
        case readStamps = 11
        case confirmAbsenceOf = 12
        case editGuardedValues = 13
        case confirmEmpty = 14
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
        case .editValues(let anchor, let name, let edits):
            encode(edits.isGuarded ? .editGuardedValues : .editValues, anchor, into: writer)
            writer.append(name)
            writer.append(edits.attribute)
            writer.append(edits.add)
            writer.append(edits.remove)
            writer.appendOptional(edits.placeholder, writer.append)
        case .read(let anchor): encode(.read, anchor, into: writer)
        case .confirmAbsence(let anchor, let lastSeen):
            encode(.confirmAbsenceOf, anchor, into: writer)
            writer.appendOptional(lastSeen.parent, writer.append)
            writer.appendOptional(lastSeen.time, writer.append)
        case .readMembers(let anchor): encode(.readMembers, anchor, into: writer)
        case .readBelow(let anchor): encode(.readBelow, anchor, into: writer)
        case .readGroups(let anchor): encode(.readGroups, anchor, into: writer)
        case .readStamps(let anchor, let attributes):
            encode(.readStamps, anchor, into: writer)
            writer.appendList(attributes, writer.append)
        case .confirmEmpty(let anchor, let attributes):
            encode(.confirmEmpty, anchor, into: writer)
            writer.appendList(attributes, writer.append)
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
        encode(tag, anchor, into: writer)
        writer.append(name)
        writer.append(version)
    }

    private static func encode(_ tag: Tag, _ anchor: Anchor, into writer: RecordWriter) {
        writer.append(tag.rawValue)
        writer.append(anchor)
    }

    private static func decodeOperation(from reader: inout RecordReader) throws(RecordDamage) -> WriteOperation {
        let tag = try reader.readCase(Tag.self)
        switch tag {
        case .add:
            let name = try reader.readDistinguishedName()
            let objectClasses = try reader.readNames()
            return .add(name: name, objectClasses: objectClasses, attributes: try reader.readAttributes())
        case .read:
            return .read(try reader.readAnchor())
        case .confirmAbsence:
            return .confirmAbsence(try reader.readAnchor(), LastSeen())
        case .confirmAbsenceOf:
            let anchor = try reader.readAnchor()
            let parent = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readAnchor()
            }
            let time = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readTime()
            }
            return .confirmAbsence(anchor, LastSeen(parent: parent, time: time))
        case .readName:
            return .readName(try reader.readDistinguishedName())
        case .readMembers:
            return .readMembers(try reader.readAnchor())
        case .readBelow:
            return .readBelow(try reader.readAnchor())
        case .readGroups:
            return .readGroups(try reader.readAnchor())
        case .readStamps, .confirmEmpty:
            let anchor = try reader.readAnchor()
            let attributes = try reader.readNames()
            return tag == .readStamps
                ? .readStamps(anchor, attributes: attributes) : .confirmEmpty(anchor, attributes: attributes)
        case .editValues, .editGuardedValues:
            let anchor = try reader.readAnchor()
            let name = try reader.readDistinguishedName()
            var edits = try decodeEdits(from: &reader)
            edits.isGuarded = tag == .editGuardedValues
            return .editValues(anchor, name: name, edits: edits)
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

    private static func decodeEdits(from reader: inout RecordReader) throws(RecordDamage) -> ValueEdits {
        let attribute = try reader.readName()
        let add = try reader.readValues()
        let remove = try reader.readValues()
        let placeholder = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readOctets()
        }
        return ValueEdits(attribute: attribute, add: add, remove: remove, placeholder: placeholder)
    }

    private static func decodeChanges(from reader: inout RecordReader) throws(RecordDamage) -> [AttributeChange] {
        try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            let name = try reader.readName()
            let old = try reader.readValues()
            return AttributeChange(name: name, old: old, new: try reader.readValues())
        }
    }
}
