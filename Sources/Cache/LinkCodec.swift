import SyncModel

/// The record of a membership, in as few octets as there may be millions of them. Side, group and member are its key.
///
/// After the record's version one octet: sources (2 bits), agreed, unwanted, whether a value follows, kind of version (2 bits), and one
/// bit that is 0. Then the version: USN and the code of its server, or with the invocationId itself where there was no code left; or the parts of an entryCSN.
enum LinkCodec {
    private static let sources: UInt8 = 0b11
    private static let isAgreed: UInt8 = 1 << 2
    private static let isUnwanted: UInt8 = 1 << 3
    private static let hasValue: UInt8 = 1 << 4
    private static let kindShift: UInt8 = 5

    private enum Kind: UInt8 {
        case unordered = 0
        case usn = 1
        case csn = 2
        case usnOfUncodedServer = 3
    }

    static func encode(_ link: Link, _ versions: LinkVersions, into writer: RecordWriter) {
        writer.begin()
        var flags = link.sources.rawValue & sources
        if link.isAgreed { flags |= isAgreed }
        if link.isUnwanted { flags |= isUnwanted }
        if link.value != nil { flags |= hasValue }
        func append(_ kind: Kind) { writer.append(flags | kind.rawValue << kindShift) }
        switch link.version {
        case .unordered:
            append(.unordered)
        case .usn(let number, let server):
            if let code = versions.code(of: server) {
                append(.usn)
                writer.appendVarint(number)
                writer.appendCount(code)
            } else {
                append(.usnOfUncodedServer)
                writer.appendVarint(number)
                writer.append(server)
            }
        case .csn(let number):
            append(.csn)
            CompactNumber(number).encode(into: writer)
        }
        if let value = link.value { writer.append(value) }
    }

    static func decode(_ versions: LinkVersions, from reader: inout RecordReader) throws(RecordDamage) -> Link {
        try reader.begin()
        let flags = try reader.readOctet()
        guard let kind = Kind(rawValue: flags >> kindShift) else { throw .invalid("membership") }
        var link = Link(
            sources: Link.Sources(rawValue: flags & sources),
            isAgreed: flags & isAgreed != 0,
            isUnwanted: flags & isUnwanted != 0
        )
        switch kind {
        case .unordered:
            break
        case .usn:
            let number = try reader.readVarint()
            guard let server = versions.server(try reader.readVarint()) else { throw .invalid("server") }
            link.version = .usn(number, invocationID: server)
        case .usnOfUncodedServer:
            let number = try reader.readVarint()
            link.version = .usn(number, invocationID: try reader.readAnchor())
        case .csn:
            let parts = try CompactNumber(from: &reader)
            guard let number = versions.number(parts) else { throw .invalid("entryCSN") }
            link.version = .csn(number)
        }
        if flags & hasValue != 0 { link.value = try reader.readOctets() }
        try reader.end()
        return link
    }
}
