internal import Glibc
import SyncModel

/// Attributes and the parts that names are made of, as several records hold them.
extension RecordWriter {
    func append(_ attributes: Attributes) {
        appendCount(attributes.items.count)
        for item in attributes.items {
            append(item.name)
            append(item.values)
        }
    }

    func append(_ values: [Octets]) {
        appendCount(values.count)
        for value in values { append(value) }
    }

    func append(_ name: DistinguishedName) { appendList(name.rdns, append) }

    func append(_ rdn: RelativeDistinguishedName) {
        appendCount(rdn.assertions.count)
        for assertion in rdn.assertions {
            append(assertion.type)
            append(assertion.value)
        }
    }

    func append(_ version: Version) {
        switch version {
        case .unordered:
            append(0 as UInt8)
        case .usn(let number, let server):
            append(1 as UInt8)
            appendVarint(number)
            append(server)
        case .csn(let number):
            append(2 as UInt8)
            append(number.description)
        }
    }
}

extension RecordReader {
    mutating func readAttributes() throws(RecordDamage) -> Attributes {
        let count = try readCount()
        var items: [Attributes.Item] = []
        items.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            let name = try readName()
            // Look-ups rely on the order.
            if let last = items.last, !(last.name < name) { throw .invalid("order of attributes") }
            items.append(Attributes.Item(name: name, values: try readSortedValues()))
        }
        return Attributes(sorted: items)
    }

    private mutating func readSortedValues() throws(RecordDamage) -> [Octets] {
        let values = try readValues()
        guard !values.isEmpty else { throw .invalid("attribute without values") }
        if values.count > 1 {
            for index in 1..<values.count where !Self.precedes(values[index - 1].bytes, values[index].bytes) {
                throw .invalid("order of values")
            }
        }
        return values
    }

    private static func precedes(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        let order = first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                guard let start = first.baseAddress, let other = second.baseAddress else { return 0 as Int32 }
                return memcmp(start, other, min(first.count, second.count))
            }
        }
        return order == 0 ? first.count < second.count : order < 0
    }

    mutating func readValues() throws(RecordDamage) -> [Octets] {
        let count = try readCount()
        var values: [Octets] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try readOctets()) }
        return values
    }

    mutating func readDistinguishedName() throws(RecordDamage) -> DistinguishedName {
        DistinguishedName(
            try readList { (reader: inout RecordReader) throws(RecordDamage) in
                try reader.readRelativeDistinguishedName()
            }
        )
    }

    mutating func readRelativeDistinguishedName() throws(RecordDamage) -> RelativeDistinguishedName {
        let count = try readCount()
        if count == 1 {
            let type = try readName()
            return RelativeDistinguishedName(type: type, value: try readOctets())
        }
        var assertions: [RelativeDistinguishedName.Assertion] = []
        for _ in 0..<count {
            let type = try readName()
            assertions.append(RelativeDistinguishedName.Assertion(type: type, value: try readOctets()))
        }
        return RelativeDistinguishedName(assertions)
    }

    mutating func readVersion() throws(RecordDamage) -> Version {
        switch try readOctet() {
        case 0:
            return .unordered
        case 1:
            let number = try readVarint()
            return .usn(number, invocationID: try readAnchor())
        case 2:
            guard let number = ChangeSequenceNumber(parsing: try readOctets()) else { throw .invalid("entryCSN") }
            return .csn(number)
        default:
            throw .invalid("version")
        }
    }
}
