import SyncModel

/// The record of a replica. Side and anchor are its key.
enum ReplicaCodec {
    /// 2 added the version of the members, 3 what is withheld.
    static let version: UInt8 = 3

    static func encode(_ replica: Replica, into writer: RecordWriter) {
        writer.begin(version: version)
        writer.append(replica.kind.rawValue)
        writer.append(replica.isProtected)
        writer.appendOptional(replica.object, writer.append)
        encode(replica.parent, into: writer)
        writer.append(replica.rdn)
        writer.append(replica.version)
        writer.append(replica.keys)
        writer.append(replica.attributes)
        writer.append(replica.membersVersion)
        writer.appendList(replica.withheld, writer.append)
    }

    static func decode(
        _ side: Side,
        _ anchor: Anchor,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> Replica {
        let recordVersion = try reader.begin(upTo: Self.version)
        let outline = try readOutline(from: &reader)
        let version = try reader.readVersion()
        let keys = try reader.readValues()
        let attributes = try reader.readAttributes()
        let membersVersion = recordVersion >= 2 ? try reader.readVersion() : .unordered
        let withheld = recordVersion >= 3 ? try reader.readNames() : []
        try reader.end()
        return Replica(
            side: side,
            anchor: anchor,
            object: outline.object,
            kind: outline.kind,
            parent: outline.parent,
            rdn: outline.rdn,
            attributes: attributes,
            version: version,
            keys: keys,
            isProtected: outline.isProtected,
            membersVersion: membersVersion,
            withheld: withheld
        )
    }

    /// The first part of the record; the rest is not looked at.
    static func decodeOutline(from reader: inout RecordReader) throws(RecordDamage) -> ReplicaOutline {
        _ = try reader.begin(upTo: Self.version)
        return try readOutline(from: &reader)
    }

    private static func readOutline(from reader: inout RecordReader) throws(RecordDamage) -> ReplicaOutline {
        let kind = try reader.readCase(ObjectKind.self)
        let isProtected = try reader.readFlag()
        let object = try reader.readOptional { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readName()
        }
        return ReplicaOutline(
            object: object,
            kind: kind,
            parent: try decodeParent(from: &reader),
            rdn: try reader.readRelativeDistinguishedName(),
            isProtected: isProtected
        )
    }

    private static func encode(_ parent: Parent, into writer: RecordWriter) {
        switch parent {
        case .root:
            writer.append(0 as UInt8)
        case .entry(let anchor):
            writer.append(1 as UInt8)
            writer.append(anchor)
        case .unresolved(let name):
            writer.append(2 as UInt8)
            writer.append(name)
        }
    }

    private static func decodeParent(from reader: inout RecordReader) throws(RecordDamage) -> Parent {
        switch try reader.readOctet() {
        case 0: return .root
        case 1: return .entry(try reader.readAnchor())
        case 2: return .unresolved(try reader.readDistinguishedName())
        default: throw .invalid("parent")
        }
    }
}
