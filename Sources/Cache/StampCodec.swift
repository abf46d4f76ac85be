import SyncModel

/// The record of a stamp, in as few octets as there may be one for each attribute of each entry. Side, anchor and attribute are its key.
///
/// After the record's version one octet: source (3 bits), ours, how the server is told (2 bits) and the author (2 bits). Then the time, the granularity, the
/// version plus one or 0, the server and the author: a code of `StampNames`, or the text where there was no code.
enum StampCodec {
    private static let isOurs: UInt8 = 1 << 3
    private static let serverShift: UInt8 = 4
    private static let authorShift: UInt8 = 6

    private enum Form: UInt8 {
        case none = 0
        case code = 1
        case text = 2
    }

    /// - Parameter attribute: only where the key holds no more than a digest of it.
    static func encode(_ stamp: Stamp, attribute: String? = nil, _ names: StampNames, into writer: RecordWriter) {
        writer.begin()
        append(stamp, names, into: writer)
        if let attribute { writer.append(attribute) }
    }

    /// - Parameter attribute: nil where the record tells it.
    static func decode(
        attribute: String?,
        _ names: StampNames,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> AttributeStamp {
        try reader.begin()
        let stamp = try read(names, from: &reader)
        let attribute = if let attribute { attribute } else { try reader.readText() }
        try reader.end()
        return AttributeStamp(attribute: attribute, stamp: stamp)
    }

    /// As a part of another record.
    static func append(_ stamp: Stamp, _ names: StampNames, into writer: RecordWriter) {
        func form(_ name: String?) -> Form {
            guard let name else { return .none }
            return names.code(of: name) == nil ? .text : .code
        }
        func append(_ name: String?) {
            guard let name else { return }
            if let code = names.code(of: name) { writer.appendCount(code) } else { writer.append(name) }
        }
        var flags = stamp.source.rawValue
        if stamp.isOurs { flags |= isOurs }
        flags |= form(stamp.server).rawValue << serverShift
        flags |= form(stamp.author).rawValue << authorShift
        writer.append(flags)
        writer.append(stamp.time)
        writer.appendSigned(stamp.granularity)
        writer.appendVarint(stamp.version.map { UInt64($0) + 1 } ?? 0)
        append(stamp.server)
        append(stamp.author)
    }

    static func read(_ names: StampNames, from reader: inout RecordReader) throws(RecordDamage) -> Stamp {
        let flags = try reader.readOctet()
        guard let source = Stamp.Source(rawValue: flags & 0b111) else { throw .invalid("source of a stamp") }
        let time = try reader.readTime()
        let granularity = try reader.readSigned()
        let number = try reader.readVarint()
        guard number <= UInt64(UInt32.max) + 1 else { throw .invalid("version of a stamp") }
        let server = try readName(flags >> serverShift & 0b11, names, from: &reader)
        return Stamp(
            time: time,
            granularity: granularity,
            source: source,
            server: server,
            author: try readName(flags >> authorShift, names, from: &reader),
            version: number == 0 ? nil : UInt32(number - 1),
            isOurs: flags & isOurs != 0
        )
    }

    private static func readName(
        _ form: UInt8,
        _ names: StampNames,
        from reader: inout RecordReader
    ) throws(RecordDamage) -> String? {
        switch Form(rawValue: form) {
        case .some(.none): return nil
        case .code:
            guard let name = names.name(try reader.readVarint()) else { throw .invalid("name of a stamp") }
            return name
        case .text: return try reader.readText()
        case nil: throw .invalid("name of a stamp")
        }
    }
}
