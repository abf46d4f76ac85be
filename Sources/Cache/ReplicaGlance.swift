internal import Glibc
package import SyncModel

/// A replica's record with the places of a few attributes in it, for walks over all replicas: nothing is copied that nobody looks at.
///
/// One glance serves a whole walk. What it says, and the octets it gives, end with the closure of `forEachReplica`.
package final class ReplicaGlance {
    /// Trivial, so that looking at it costs nothing.
    private struct Place {
        /// The attribute's name in `nameOctets`.
        let nameOffset: Int
        let nameCount: Int
        /// Where the values begin, after their number.
        var offset = 0
        var count = 0
        /// Whether the attribute is of the entry's own name.
        var isNaming = false
    }

    package private(set) var side = Side.ad
    package private(set) var anchor = Anchor(high: 0, low: 0)
    private let nameOctets: UnsafeMutableRawBufferPointer
    private let places: UnsafeMutableBufferPointer<Place>
    private var record = UnsafeRawBufferPointer(start: nil, count: 0)
    private var rdnOffset = 0
    private let names = NameTable()

    /// - Parameter attributes: the lower-cased names that are asked for, by their position.
    package init(attributes: [String]) {
        let octets = attributes.flatMap(\.utf8)
        nameOctets = .allocate(byteCount: octets.count, alignment: 1)
        nameOctets.copyBytes(from: octets)
        var offset = 0
        let empty = attributes.map { name in
            defer { offset += name.utf8.count }
            return Place(nameOffset: offset, nameCount: name.utf8.count)
        }
        places = .allocate(capacity: attributes.count)
        _ = places.initialize(from: empty)
    }

    deinit {
        nameOctets.deallocate()
        places.deallocate()
    }

    /// Whether the entry has values of the attribute with this position.
    package func has(_ attribute: Int) -> Bool { places[attribute].count > 0 }

    /// Whether the attribute with this position is one of those that the entry's RDN is made of.
    package func isNaming(_ attribute: Int) -> Bool { places[attribute].isNaming }

    /// Gives the octets of each value to `body`, until it returns true, and says whether it did.
    package func containsValue(_ attribute: Int, where body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        let place = places[attribute]
        guard place.count > 0 else { return false }
        var reader = RecordReader(UnsafeRawBufferPointer(rebasing: record[place.offset...]), names: names)
        for _ in 0..<place.count {
            // `read` has been through all of them.
            guard let value = try? reader.readField() else { return false }
            if body(value) { return true }
        }
        return false
    }

    package func values(_ attribute: Int) -> [Octets] {
        var values: [Octets] = []
        _ = containsValue(attribute) { value in
            values.append(Octets(value))
            return false
        }
        return values
    }

    /// The components of the entry's own name.
    package func rdn() throws -> RelativeDistinguishedName {
        var reader = RecordReader(UnsafeRawBufferPointer(rebasing: record[rdnOffset...]), names: names)
        return try reader.readRelativeDistinguishedName()
    }

    func read(_ side: Side, _ anchor: Anchor, _ octets: UnsafeRawBufferPointer) throws(RecordDamage) {
        self.side = side
        self.anchor = anchor
        record = octets
        for index in places.indices {
            places[index].count = 0
            places[index].isNaming = false
        }
        var reader = RecordReader(octets, names: names)
        let recordVersion = try reader.begin(upTo: ReplicaCodec.version)
        _ = try reader.readOctet()
        _ = try reader.readFlag()
        if try reader.readFlag() { _ = try reader.readField() }
        switch try reader.readOctet() {
        case 0: break
        case 1: _ = try reader.readRaw(16)
        case 2:
            for _ in 0..<(try reader.readCount()) { try skipName(&reader) }
        default: throw .invalid("parent")
        }
        rdnOffset = reader.position
        for _ in 0..<(try reader.readCount()) {
            noteNaming(try reader.readField())
            _ = try reader.readField()
        }
        try skipVersion(&reader)
        for _ in 0..<(try reader.readCount()) { _ = try reader.readField() }
        for _ in 0..<(try reader.readCount()) { try readAttribute(&reader) }
        if recordVersion >= 2 { try skipVersion(&reader) }
        if recordVersion >= 3 { for _ in 0..<(try reader.readCount()) { _ = try reader.readField() } }
        try reader.end()
    }

    private func readAttribute(_ reader: inout RecordReader) throws(RecordDamage) {
        let name = try reader.readField()
        let count = try reader.readCount()
        let offset = reader.position
        for _ in 0..<count { _ = try reader.readField() }
        for index in places.indices where places[index].nameCount == name.count {
            guard let start = name.baseAddress, let wanted = nameOctets.baseAddress,
                memcmp(start, wanted + places[index].nameOffset, name.count) == 0
            else { continue }
            places[index].offset = offset
            places[index].count = count
        }
    }

    private func noteNaming(_ type: UnsafeRawBufferPointer) {
        for index in places.indices where places[index].nameCount == type.count {
            let start = places[index].nameOffset
            let isEqual = type.indices.allSatisfy { position in
                let octet = type[position]
                return (octet &- 0x41 < 26 ? octet | 0x20 : octet) == nameOctets[start + position]
            }
            if isEqual { places[index].isNaming = true }
        }
    }

    private func skipVersion(_ reader: inout RecordReader) throws(RecordDamage) {
        switch try reader.readOctet() {
        case 0: break
        case 1:
            _ = try reader.readVarint()
            _ = try reader.readRaw(16)
        case 2: _ = try reader.readField()
        default: throw .invalid("version")
        }
    }

    private func skipName(_ reader: inout RecordReader) throws(RecordDamage) {
        for _ in 0..<(try reader.readCount()) {
            _ = try reader.readField()
            _ = try reader.readField()
        }
    }
}

extension RecordReader {
    /// The octets of a field that tells its length.
    @inline(__always)
    fileprivate mutating func readField() throws(RecordDamage) -> UnsafeRawBufferPointer {
        try readRaw(try readCount())
    }
}
