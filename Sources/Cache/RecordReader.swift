import SyncModel

/// What is wrong with a record: nothing of its contents, only the kind of contradiction.
enum RecordDamage: Error, Hashable {
    /// The record ends within a field.
    case tooShort
    /// Octets follow the last field.
    case tooLong
    /// The record's version is not one that this program writes.
    case unknownVersion(UInt8)
    /// A field holds what nothing writes.
    case invalid(String)
}

/// Reads one record, and believes nothing of it: every length is checked against what is there.
struct RecordReader {
    private let octets: UnsafeRawBufferPointer
    private let names: NameTable
    /// How many octets were read.
    private(set) var position = 0

    init(_ octets: UnsafeRawBufferPointer, names: NameTable) {
        self.octets = octets
        self.names = names
    }

    private var remaining: Int { octets.count - position }

    /// Reads the format version that every record begins with.
    mutating func begin() throws(RecordDamage) {
        let version = try readOctet()
        guard version == CacheFormat.recordVersion else { throw .unknownVersion(version) }
    }

    /// Reads the format version of a record that has changed since the first, up to the one that is written now.
    mutating func begin(upTo newest: UInt8) throws(RecordDamage) -> UInt8 {
        let version = try readOctet()
        guard version >= CacheFormat.recordVersion, version <= newest else { throw .unknownVersion(version) }
        return version
    }

    /// To be called after the last field.
    func end() throws(RecordDamage) {
        if remaining != 0 { throw .tooLong }
    }

    @inline(__always)
    mutating func readOctet() throws(RecordDamage) -> UInt8 {
        guard position < octets.count else { throw .tooShort }
        defer { position += 1 }
        return octets[position]
    }

    mutating func readFlag() throws(RecordDamage) -> Bool {
        switch try readOctet() {
        case 0: return false
        case 1: return true
        default: throw .invalid("flag")
        }
    }

    @inline(__always)
    mutating func readVarint() throws(RecordDamage) -> UInt64 {
        let first = try readOctet()
        if first < 0x80 { return UInt64(first) }
        return try readLongVarint(first)
    }

    private mutating func readLongVarint(_ first: UInt8) throws(RecordDamage) -> UInt64 {
        var number = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let octet = try readOctet()
            // The tenth octet has one bit left; a last octet of 0 would be a second way to write the same number.
            guard shift < 63 || (shift == 63 && octet == 1), octet != 0 else { throw .invalid("number") }
            number |= UInt64(octet & 0x7F) << shift
            if octet < 0x80 { return number }
            shift += 7
        }
    }

    /// A number of things of which each takes at least one octet of the record.
    mutating func readCount() throws(RecordDamage) -> Int {
        let count = try readVarint()
        guard count <= UInt64(remaining) else { throw .tooShort }
        return Int(count)
    }

    mutating func readInt() throws(RecordDamage) -> Int {
        guard let number = Int(exactly: try readVarint()) else { throw .invalid("number") }
        return number
    }

    mutating func readSigned() throws(RecordDamage) -> Int64 {
        let number = try readVarint()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    mutating func readFixed() throws(RecordDamage) -> UInt64 {
        let field = try readRaw(8)
        return UInt64(bigEndian: field.loadUnaligned(as: UInt64.self))
    }

    mutating func readAnchor() throws(RecordDamage) -> Anchor {
        let high = try readFixed()
        return Anchor(high: high, low: try readFixed())
    }

    mutating func readOctets() throws(RecordDamage) -> Octets {
        Octets([UInt8](try readRaw(try readCount())))
    }

    /// A text that differs from record to record.
    mutating func readText() throws(RecordDamage) -> String {
        guard let text = String(validating: try readRaw(try readCount()), as: UTF8.self) else {
            throw .invalid("text")
        }
        return text
    }

    /// The name of an attribute or of a configured object: few in number, so each is made once.
    @inline(__always)
    mutating func readName() throws(RecordDamage) -> String {
        guard let name = names.name(try readRaw(try readCount())) else { throw .invalid("name") }
        return name
    }

    mutating func readNames() throws(RecordDamage) -> [String] {
        try readList { (reader: inout RecordReader) throws(RecordDamage) in try reader.readName() }
    }

    mutating func readTime() throws(RecordDamage) -> Timestamp {
        Timestamp(milliseconds: try readSigned())
    }

    /// Of an enumeration by its raw value.
    mutating func readCase<Value: RawRepresentable>(
        _ type: Value.Type
    ) throws(RecordDamage) -> Value where Value.RawValue == UInt8 {
        guard let value = Value(rawValue: try readOctet()) else { throw .invalid("\(type)") }
        return value
    }

    mutating func readOptional<Value>(
        _ read: (inout RecordReader) throws(RecordDamage) -> Value
    ) throws(RecordDamage) -> Value? {
        guard try readFlag() else { return nil }
        return try read(&self)
    }

    mutating func readList<Element>(
        _ read: (inout RecordReader) throws(RecordDamage) -> Element
    ) throws(RecordDamage) -> [Element] {
        let count = try readCount()
        var list: [Element] = []
        // One octet may stand for a large element: a count that lies must not reserve more than the record could fill.
        list.reserveCapacity(min(count, 1024))
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    @inline(__always)
    mutating func readRaw(_ count: Int) throws(RecordDamage) -> UnsafeRawBufferPointer {
        guard count <= remaining else { throw .tooShort }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: octets[position..<position + count])
    }
}
