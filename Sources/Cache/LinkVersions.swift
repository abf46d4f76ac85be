import SyncModel

/// What the versions of many memberships share, and their records leave out.
final class LinkVersions {
    /// The code of a server is its place here, for ever. Few: one for each domain controller that was ever read, and one more for each time that one
    /// was restored.
    private var servers: [Anchor] = []
    /// Servers beyond these stand in the records themselves.
    static let limit = 256
    static let key = [UInt8]("servers".utf8)
    /// Rows that lie together often have one version.
    private var last: (parts: CompactNumber, number: ChangeSequenceNumber)?

    @inline(__always)
    func code(of server: Anchor) -> Int? { servers.firstIndex(of: server) }

    @inline(__always)
    func server(_ code: UInt64) -> Anchor? { code < UInt64(servers.count) ? servers[Int(code)] : nil }

    /// Whether the server got a code now; false where it has one or there is none left.
    func take(_ server: Anchor) -> Bool {
        guard code(of: server) == nil, servers.count < Self.limit else { return false }
        servers.append(server)
        return true
    }

    /// Nil for parts that no number has.
    func number(_ parts: CompactNumber) -> ChangeSequenceNumber? {
        if let last, last.parts == parts { return last.number }
        guard let number = parts.number else { return nil }
        last = (parts, number)
        return number
    }

    func encode(into writer: RecordWriter) {
        writer.begin()
        writer.appendList(servers, writer.append)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> LinkVersions {
        try reader.begin()
        let versions = LinkVersions()
        versions.servers = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readAnchor()
        }
        try reader.end()
        return versions
    }
}

/// An entryCSN by its parts: a dozen octets in place of forty.
struct CompactNumber: Equatable {
    private let microseconds: Int64
    private let count: UInt64
    /// The lowest bit tells the form before OpenLDAP 2.4, without a fraction.
    private let replicaAndForm: UInt64
    private let modification: UInt64

    private static let lengthWithoutFraction = 32

    init(_ number: ChangeSequenceNumber) {
        microseconds = number.microseconds
        count = UInt64(number.count)
        modification = UInt64(number.modification)
        // The text is made for one in a million only.
        let isOld =
            number.microseconds % 1_000_000 == 0 && number.description.utf8.count == Self.lengthWithoutFraction
        replicaAndForm = UInt64(number.replica) << 1 | (isOld ? 1 : 0)
    }

    init(from reader: inout RecordReader) throws(RecordDamage) {
        microseconds = try reader.readSigned()
        count = try reader.readVarint()
        replicaAndForm = try reader.readVarint()
        modification = try reader.readVarint()
    }

    func encode(into writer: RecordWriter) {
        writer.appendSigned(microseconds)
        writer.appendVarint(count)
        writer.appendVarint(replicaAndForm)
        writer.appendVarint(modification)
    }

    /// Made by way of the text, which is what defines a number.
    var number: ChangeSequenceNumber? {
        let isOld = replicaAndForm & 1 == 1
        var seconds = microseconds / 1_000_000
        var fraction = microseconds % 1_000_000
        if fraction < 0 {
            seconds -= 1
            fraction += 1_000_000
        }
        var text = Array(GeneralizedTime(seconds: seconds).textInSeconds.utf8.dropLast())
        if !isOld {
            text.append(UInt8(ascii: "."))
            Self.append(UInt64(fraction), radix: 10, width: 6, to: &text)
        }
        text.append(UInt8(ascii: "Z"))
        for (part, width) in [(count, 6), (replicaAndForm >> 1, isOld ? 2 : 3), (modification, 6)] {
            text.append(UInt8(ascii: "#"))
            Self.append(part, radix: 16, width: width, to: &text)
        }
        // What is beyond a field, or beyond the year 9999, does not come back as it was.
        guard let number = ChangeSequenceNumber(parsing: Octets(text)), CompactNumber(number) == self else {
            return nil
        }
        return number
    }

    private static func append(_ number: UInt64, radix: UInt64, width: Int, to text: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var rest = number
        var reversed: [UInt8] = []
        for _ in 0..<width {
            reversed.append(digits[Int(rest % radix)])
            rest /= radix
        }
        text += reversed.reversed()
    }
}
