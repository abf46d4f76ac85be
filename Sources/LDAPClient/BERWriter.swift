package import SyncModel

/// Writes the part of BER that LDAP uses, with the shortest lengths.
package struct BERWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var octets: Octets { Octets(bytes) }

    package mutating func integer(_ value: Int64, tag: UInt8 = BERTag.integer) {
        var contents: [UInt8] = []
        var rest = value
        // The shortest two's complement form: stop when what is left is the sign of what is written.
        repeat {
            contents.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        } while !((rest == 0 && contents[0] < 0x80) || (rest == -1 && contents[0] >= 0x80))
        element(tag, contents)
    }

    package mutating func enumerated(_ value: Int64) {
        integer(value, tag: BERTag.enumerated)
    }

    package mutating func boolean(_ value: Bool) {
        element(BERTag.boolean, [value ? 0xFF : 0])
    }

    package mutating func octetString(_ value: Octets, tag: UInt8 = BERTag.octetString) {
        element(tag, value.bytes)
    }

    package mutating func string(_ value: String, tag: UInt8 = BERTag.octetString) {
        element(tag, value.utf8)
    }

    package mutating func sequence(tag: UInt8 = BERTag.sequence, _ body: (inout BERWriter) -> Void) {
        var contents = BERWriter()
        body(&contents)
        element(tag, contents.bytes)
    }

    private mutating func element(_ tag: UInt8, _ contents: some Collection<UInt8>) {
        bytes.append(tag)
        let count = contents.count
        if count < 0x80 {
            bytes.append(UInt8(count))
        } else {
            let octets = withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0.drop { $0 == 0 }) }
            bytes.append(0x80 | UInt8(octets.count))
            bytes.append(contentsOf: octets)
        }
        bytes.append(contentsOf: contents)
    }
}
