/// The number by which replication knows an attribute: an ATTRTYP ([MS-ADTS] 3.1.1.2.6).
struct AttributeNumber: RawRepresentable, Hashable, Sendable {
    var rawValue: UInt32

    init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// RDN of an entry: set by a rename and by a move.
    static let name = AttributeNumber(rawValue: 0x0009_0001)
    static let whenCreated = AttributeNumber(rawValue: 0x0002_0002)

    /// From what the schema tells of an attribute. One that came to the schema later has its number there (msDS-IntId); the others are numbered by
    /// the prefixes that every domain controller begins with ([MS-DRSR] 5.16.4). Nil for any other.
    init?(objectIdentifier: String, internalNumber: String?) {
        if let internalNumber {
            // A signed number in LDAP, and the highest bit is set.
            guard let signed = Int32(internalNumber) else { return nil }
            rawValue = UInt32(bitPattern: signed)
            return
        }
        guard let dot = objectIdentifier.lastIndex(of: "."),
            let prefix = Self.prefixes[String(objectIdentifier[..<dot])],
            let last = UInt32(objectIdentifier[objectIdentifier.index(after: dot)...]), last < Self.firstLongArc
        else { return nil }
        rawValue = prefix << 16 | last
    }

    /// From here on part of the last arc belongs to the prefix, and such a prefix is none of those below.
    private static let firstLongArc: UInt32 = 0x4000

    private static let prefixes: [String: UInt32] = [
        "2.5.4": 0x00,
        "2.5.6": 0x01,
        "1.2.840.113556.1.2": 0x02,
        "1.2.840.113556.1.3": 0x03,
        "2.16.840.1.101.2.2.1": 0x04,
        "2.16.840.1.101.2.2.3": 0x05,
        "2.16.840.1.101.2.1.5": 0x06,
        "2.16.840.1.101.2.1.4": 0x07,
        "2.5.5": 0x08,
        "1.2.840.113556.1.4": 0x09,
        "1.2.840.113556.1.5": 0x0A,
        "1.2.840.113556.1.4.260": 0x0B,
        "1.2.840.113556.1.5.56": 0x0C,
        "1.2.840.113556.1.4.262": 0x0D,
        "1.2.840.113556.1.5.57": 0x0E,
        "1.2.840.113556.1.4.263": 0x0F,
        "1.2.840.113556.1.5.58": 0x10,
        "1.2.840.113556.1.5.73": 0x11,
        "1.2.840.113556.1.4.305": 0x12,
        "0.9.2342.19200300.100": 0x13,
        "2.16.840.1.113730.3": 0x14,
        "0.9.2342.19200300.100.1": 0x15,
        "2.16.840.1.113730.3.1": 0x16,
        "1.2.840.113556.1.5.7000": 0x17,
        "2.5.21": 0x18,
        "2.5.18": 0x19,
        "2.5.20": 0x1A,
        "1.3.6.1.4.1.1466.101.119": 0x1B,
        "2.16.840.1.113730.3.2": 0x1C,
        "1.3.6.1.4.1.250.1": 0x1D,
        "1.2.840.113549.1.9": 0x1E,
        "0.9.2342.19200300.100.4": 0x1F,
        "1.2.840.113556.1.6.23": 0x20,
        "1.2.840.113556.1.6.18.1": 0x21,
        "1.2.840.113556.1.6.18.2": 0x22,
        "1.2.840.113556.1.6.13.3": 0x23,
        "1.2.840.113556.1.6.13.4": 0x24,
        "1.3.6.1.1.1.1": 0x25,
        "1.3.6.1.1.1.2": 0x26,
    ]
}
