internal import Glibc
package import SyncModel

/// A replica's record with the places of a few attributes in it, for walks over all replicas: nothing is copied that nobody looks at.
///
/// One glance serves a whole walk. What it says, and the octets it gives, end with the closure of `forEachReplica`.
package final class ReplicaGlance {
    private struct Place {
        /// Where the values begin, after their number.
        var offset = 0
        var count = 0
        /// Whether the attribute is of the entry's own name.
        var isNaming = false
    }

    package private(set) var side = Side.ad
    package private(set) var anchor = Anchor(high: 0, low: 0)
    private let wanted: [[UInt8]]
    private var places: [Place]
    private var record = UnsafeRawBufferPointer(start: nil, count: 0)
    private var rdnOffset = 0
    private let names = NameTable()

    /// - Parameter attributes: the lower-cased names that are asked for, by their position.
    package init(attributes: [String]) {
        wanted = attributes.map { Array($0.utf8) }
        places = Array(repeating: Place(), count: attributes.count)
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
        for index in places.indices { places[index] = Place() }
        var reader = RecordReader(octets, names: names)
        _ = try reader.begin(upTo: ReplicaCodec.version)
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
    }

    private func readAttribute(_ reader: inout RecordReader) throws(RecordDamage) {
        let name = try reader.readField()
        let count = try reader.readCount()
        let offset = reader.position
        for _ in 0..<count { _ = try reader.readField() }
        for index in wanted.indices where wanted[index].count == name.count {
            guard let start = name.baseAddress, memcmp(start, wanted[index], name.count) == 0 else { continue }
            places[index].offset = offset
            places[index].count = count
        }
    }

    private func noteNaming(_ type: UnsafeRawBufferPointer) {
        for index in wanted.indices where wanted[index].count == type.count {
            var isEqual = true
            for position in 0..<type.count {
                let octet = type[position]
                if (octet &- 0x41 < 26 ? octet | 0x20 : octet) != wanted[index][position] { isEqual = false }
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
